//! Being written.

use leptos::prelude::*;

#[island]
pub fn Statement() -> impl IntoView {
    view! { <p class="hidden scripts:block">"Loading…"</p> }
}
