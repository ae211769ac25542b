//! What is being paid on the payment page.

use faxdroid_contract::credits::{Checkout, CheckoutStatus};
use faxdroid_contract::ids::CheckoutId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::element::{Element, fact, facts, show};
use super::failure::failure_view;
use crate::api;

/// Price, credits and state of a purchase.
#[cfg_attr(feature = "islands", island)]
#[cfg_attr(not(feature = "islands"), component)]
pub fn CheckoutSummary() -> impl IntoView {
    Effect::new(|_| {
        let Some(checkout) = super::path_id::<CheckoutId>() else { return };
        spawn_local(async move {
            let content = match api::checkout(&checkout).await {
                Ok(checkout) => summary(&checkout),
                Err(failure) => failure_view(&failure),
            };
            show("checkout", vec![content]);
        });
    });
    view! { <div id="checkout"><p class="hidden text-muted scripts:block">"Loading\u{2026}"</p></div> }
}

fn summary(checkout: &Checkout) -> Element {
    facts(vec![
        fact("checkout-price", "To pay", &checkout.price.to_string()),
        fact("checkout-credits", "Credits", &checkout.credits.to_string()),
        fact("checkout-status", "State", state(checkout.status)),
    ])
}

const fn state(status: CheckoutStatus) -> &'static str {
    match status {
        CheckoutStatus::Open => "Not paid yet",
        CheckoutStatus::RequiresAction => "Your bank asks you to confirm",
        CheckoutStatus::Succeeded => "Paid",
        CheckoutStatus::Declined => "Declined. You can try another card.",
        CheckoutStatus::Disputed => "Paid, and disputed later",
    }
}
