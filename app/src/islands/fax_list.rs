//! Being written.

use leptos::prelude::*;

#[island]
pub fn FaxList(search: String, status: Option<faxdroid_contract::faxes::FaxStatus>) -> impl IntoView {
    let _ = (search, status);
    view! { <p class="hidden scripts:block">"Loading…"</p> }
}
