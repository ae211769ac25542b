//! Where a form goes on.

use leptos::prelude::*;

/// The hidden field that names the page to go on with, on the way through another one.
#[component]
pub fn NextField(
    /// A path of this site.
    next: Option<String>,
) -> impl IntoView {
    next.map(|next| view! { <input type="hidden" name="next" value=next /> })
}
