//! The heading of a page.

use leptos::prelude::*;

/// The page's one `h1` and a sentence under it.
#[component]
pub fn PageHeading(
    /// The heading.
    title: &'static str,
    /// What the page is for.
    lead: &'static str,
) -> impl IntoView {
    view! {
        <header class="mb-8 max-w-3xl">
            <h1 class="font-display text-4xl leading-tight font-semibold tracking-tight text-balance sm:text-5xl">{title}</h1>
            <p class="mt-3 text-lg text-muted text-pretty">{lead}</p>
        </header>
    }
    .into_any()
}
