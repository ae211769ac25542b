//! Whose account it is. Fills the sender form of the page as well.

use faxdroid_contract::accounts::Me;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::element::{Element, fact, facts, show};
use super::failure::failure_view;
use crate::api;

/// Address, whether it is confirmed, and the balance.
#[cfg_attr(feature = "islands", island)]
#[cfg_attr(not(feature = "islands"), component)]
pub fn AccountDetails() -> impl IntoView {
    Effect::new(|_| {
        spawn_local(async {
            let content = match api::me().await {
                Ok(me) => {
                    if me.email_confirmed {
                        show("resend-confirmation", Vec::new());
                    }
                    fill("sender_name", &me.sender_name);
                    fill("sender_number", &me.sender_number);
                    details(&me)
                }
                Err(failure) => failure_view(&failure),
            };
            show("account", vec![content]);
        });
    });
    view! { <div id="account" class="[&_dl]:grid-cols-1"><p class="hidden text-muted scripts:block">"Loading\u{2026}"</p></div> }
}

fn details(me: &Me) -> Element {
    let confirmation = if me.email_confirmed {
        "Confirmed"
    } else {
        "Not confirmed yet: please follow the link in our mail."
    };
    facts(vec![
        fact("account-email", "E-mail address", &me.email),
        fact("account-confirmation", "Confirmation", confirmation),
        fact("account-balance", "Balance", &me.balance.to_string()),
    ])
}

/// What an error sent back into the form is newer than what is stored.
fn fill(id: &str, value: &str) {
    let input = document().get_element_by_id(id).and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
    if let Some(input) = input.filter(|input| input.value().is_empty()) {
        input.set_value(value);
    }
}
