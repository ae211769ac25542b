//! What is being paid on the payment page.

use faxdroid_contract::credits::{Checkout, CheckoutStatus};
use faxdroid_contract::ids::CheckoutId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::failure::{failure_view, loading_view};
use crate::api::{self, Failure};

/// Price, credits and state of a purchase.
#[island]
pub fn CheckoutSummary(
    /// The purchase.
    checkout: CheckoutId,
) -> impl IntoView {
    let answer = RwSignal::new(None::<Result<Checkout, Failure>>);
    Effect::new(move |_| {
        let checkout = checkout.clone();
        spawn_local(async move { answer.set(Some(api::checkout(&checkout).await)) });
    });
    move || {
        answer.with(|answer| match answer {
            None => loading_view(),
            Some(Err(failure)) => failure_view(failure),
            Some(Ok(checkout)) => summary(checkout),
        })
    }
}

fn summary(checkout: &Checkout) -> AnyView {
    view! {
        <dl class="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
            <dt class="text-muted">"To pay"</dt>
            <dd id="checkout-price" class="text-2xl font-semibold tabular-nums">{checkout.price.to_string()}</dd>
            <dt class="text-muted">"Credits"</dt>
            <dd class="tabular-nums">{checkout.credits.to_string()}</dd>
            <dt class="text-muted">"State"</dt>
            <dd id="checkout-status">{state(checkout.status)}</dd>
        </dl>
    }
    .into_any()
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
