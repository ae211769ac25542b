//! Being written.

use leptos::prelude::*;

#[island]
pub fn AccountDetails() -> impl IntoView {
    view! { <p class="hidden scripts:block">"Loading…"</p> }
}
