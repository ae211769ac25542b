//! Being written.

use leptos::prelude::*;

#[island]
pub fn LiveFax(fax: faxdroid_contract::ids::FaxId) -> impl IntoView {
    let _ = fax;
    view! { <p class="hidden scripts:block">"Loading…"</p> }
}
