//! The second step: a number in, a price out. While somebody types, the price follows quietly; errors are
//! said when he has finished.

use std::time::Duration;

use faxdroid_contract::quotes::CreateQuote;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::Element as Node;

use super::{Draft, calling_hours, input, resolution, show_failure, show_field_error, show_quote};
use crate::api;
use crate::islands::listen;

/// Fewer digits than this are no whole number with its country.
const FEWEST_DIGITS: usize = 8;
const PAUSE: Duration = Duration::from_millis(600);

/// Whether somebody still types or has finished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typing {
    Going,
    Finished,
}

/// Asks for a price whenever the form changes.
pub(super) fn attend(draft: Draft) {
    let Some(form) = document().get_element_by_id("price") else { return };
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop_waiting = move || {
        if let Some(timer) = timer.get_value() {
            timer.clear();
        }
    };
    listen(&form, "submit", move |event| {
        event.prevent_default();
        // It would ask once more, and take the button away that the answer to this brings.
        stop_waiting();
        ask(draft, Typing::Finished);
    });
    listen(&form, "input", move |_| {
        draft.drop_price();
        show_field_error("to", "");
        stop_waiting();
        if is_whole_number(&number()) {
            timer.set_value(set_timeout_with_handle(move || ask(draft, Typing::Going), PAUSE).ok());
        }
    });
    listen(&form, "change", move |event| {
        let changed = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        if changed.is_some_and(|node| node.id() == "resolution") {
            draft.show_document();
        }
    });
}

fn number() -> String {
    input("to").map(|input| input.value()).unwrap_or_default()
}

fn is_whole_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= FEWEST_DIGITS
}

fn ask(draft: Draft, typing: Typing) {
    let Some(document_id) =
        draft.document.with_value(|document| document.as_ref().map(|document| document.id.clone()))
    else {
        return;
    };
    draft.drop_price();
    let turn = draft.turn.get_value();
    let wanted =
        CreateQuote { document_id, to: number(), resolution: resolution(), calling_hours: calling_hours() };
    spawn_local(async move {
        let answer = api::create_quote(&wanted).await;
        if draft.turn.get_value() != turn {
            return;
        }
        match answer {
            Ok(quote) => show_quote(&quote),
            Err(_) if typing == Typing::Going => {}
            Err(failure) => match failure.of_field("to") {
                Some(error) => show_field_error("to", &error),
                None => show_failure(&failure),
            },
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_asked_for_once_the_number_may_be_whole() {
        assert!(is_whole_number("+49 30 12345"));
        assert!(!is_whole_number("+1 212 55"));
    }
}
