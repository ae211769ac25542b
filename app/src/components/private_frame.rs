//! Private data for readers without scripts.

use leptos::prelude::*;

/// A frame that the API fills with a plain page, shown only where scripts are off. Pages themselves never
/// contain what belongs to one customer.
#[component]
pub fn PrivateFrame(
    /// The API's path.
    #[prop(into)]
    src: String,
    /// What the frame shows.
    title: &'static str,
) -> impl IntoView {
    view! {
        <noscript>
            <iframe src=src title=title class="h-80 w-full rounded-xl border border-line bg-white"></iframe>
        </noscript>
    }
    .into_any()
}
