//! Whose account it is. Fills the sender form of the page as well.

use faxdroid_contract::accounts::Me;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::failure::{failure_view, loading_view};
use crate::api::{self, Failure};

/// Address, whether it is confirmed, and the balance.
#[island]
pub fn AccountDetails() -> impl IntoView {
    let answer = RwSignal::new(None::<Result<Me, Failure>>);
    Effect::new(move |_| {
        spawn_local(async move {
            let me = api::me().await;
            if let Ok(me) = &me {
                fill("sender_name", &me.sender_name);
                fill("sender_number", &me.sender_number);
            }
            answer.set(Some(me));
        });
    });
    move || {
        answer.with(|answer| match answer {
            None => loading_view(),
            Some(Err(failure)) => failure_view(failure),
            Some(Ok(me)) => details(me),
        })
    }
}

fn details(me: &Me) -> AnyView {
    let confirmation = if me.email_confirmed {
        "Confirmed"
    } else {
        "Not confirmed yet: please follow the link in our mail."
    };
    view! {
        <dl class="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
            <dt class="text-muted">"E-mail address"</dt>
            <dd id="account-email" class="wrap-anywhere">{me.email.clone()}</dd>
            <dt class="text-muted">"Confirmation"</dt>
            <dd id="account-confirmation">{confirmation}</dd>
            <dt class="text-muted">"Balance"</dt>
            <dd id="account-balance" class="tabular-nums">{me.balance.to_string()}</dd>
        </dl>
    }
    .into_any()
}

/// What an error sent back into the form is newer than what is stored.
fn fill(id: &str, value: &str) {
    let input = document().get_element_by_id(id).and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
    if let Some(input) = input.filter(|input| input.value().is_empty()) {
        input.set_value(value);
    }
}
