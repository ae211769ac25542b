//! Being written.

use leptos::prelude::*;

#[island]
pub fn CheckoutSummary(checkout: faxdroid_contract::ids::CheckoutId) -> impl IntoView {
    let _ = checkout;
    view! { <p class="hidden scripts:block">"Loading…"</p> }
}
