//! The second step: a number in, a price out. While somebody types, the price follows quietly; errors are
//! said when he has finished.

use faxdroid_contract::documents::Resolution;
use faxdroid_contract::ids::DocumentId;
use faxdroid_contract::quotes::CreateQuote;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Draft, HEADING, PANEL};
use crate::api;
use crate::components::ButtonKind;
use crate::components::field::{INPUT, LABEL};

/// Fewer digits than this are no whole number with its country.
const FEWEST_DIGITS: usize = 8;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(600);

/// Whether somebody still types or has finished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typing {
    Going,
    Finished,
}

/// The form for number and resolution.
pub(super) fn price_form(draft: Draft, document: &DocumentId) -> AnyView {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |event| {
        draft.to.set(event_target_value(&event));
        draft.to_error.set(String::new());
        draft.quote.set(None);
        if let Some(timer) = timer.get_value() {
            timer.clear();
        }
        if is_whole_number(&draft.to.get_untracked()) {
            timer.set_value(set_timeout_with_handle(move || ask(draft, Typing::Going), PAUSE).ok());
        }
    };
    let chosen = move |event| {
        draft.resolution.set(if event_target_value(&event) == "standard" {
            Resolution::Standard
        } else {
            Resolution::Fine
        });
        draft.quote.set(None);
        if is_whole_number(&draft.to.get_untracked()) {
            ask(draft, Typing::Finished);
        }
    };
    view! {
        <section aria-labelledby="number-heading" class=PANEL>
            <h2 id="number-heading" class=HEADING>"Where to?"</h2>
            <form
                id="price"
                method="post"
                action="/api/v1/quotes"
                novalidate=true
                class="grid items-start gap-5 sm:grid-cols-[2fr_1fr]"
                on:submit=move |event| {
                    event.prevent_default();
                    ask(draft, Typing::Finished);
                }
            >
                <input type="hidden" name="document_id" value=document.to_string() />
                <div>
                    <label for="to" class=LABEL>"Fax number"</label>
                    <input
                        id="to"
                        name="to"
                        type="tel"
                        inputmode="tel"
                        autocomplete="off"
                        placeholder="+1 212 555 0100"
                        value=draft.to.get_untracked()
                        aria-describedby="to-error to-hint"
                        aria-invalid=move || (!draft.to_error.with(String::is_empty)).then_some("true")
                        class=INPUT
                        on:input=typed
                    />
                    <p id="to-error" role="alert" class="mt-1.5 text-sm font-semibold text-danger">{draft.to_error}</p>
                    <p id="to-hint" class="mt-1.5 text-sm text-muted">"With the country code, as in +1 212 555 0100."</p>
                </div>
                <div>
                    <label for="resolution" class=LABEL>"Resolution"</label>
                    <select id="resolution" name="resolution" class=INPUT on:change=chosen>
                        <option value="fine">"Fine"</option>
                        <option value="standard">"Standard (faster)"</option>
                    </select>
                </div>
                <div><button type="submit" class=ButtonKind::Primary.class()>"Show the price"</button></div>
            </form>
        </section>
    }
    .into_any()
}

fn is_whole_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= FEWEST_DIGITS
}

fn ask(draft: Draft, typing: Typing) {
    let Some(document_id) = draft.document.get_untracked() else { return };
    let wanted = CreateQuote {
        document_id,
        to: draft.to.get_untracked(),
        resolution: draft.resolution.get_untracked(),
    };
    spawn_local(async move {
        let answer = api::create_quote(&wanted).await;
        if draft.to.get_untracked() != wanted.to || draft.resolution.get_untracked() != wanted.resolution {
            return;
        }
        match answer {
            Ok(quote) => {
                draft.to_error.set(String::new());
                draft.failure.set(None);
                draft.quote.set(Some(quote));
            }
            Err(_) if typing == Typing::Going => draft.quote.set(None),
            Err(failure) => {
                draft.quote.set(None);
                match failure.of_field("to") {
                    Some(error) => draft.to_error.set(error),
                    None => draft.failure.set(Some(failure)),
                }
            }
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
