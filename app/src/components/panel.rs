//! A part of a page with a heading of its own.

use leptos::prelude::*;

/// A section on a raised surface.
#[component]
pub fn Panel(
    /// The section's id; its heading is `<id>-heading`.
    id: &'static str,
    /// The heading.
    title: &'static str,
    /// What it contains.
    children: Children,
) -> impl IntoView {
    view! {
        <section
            id=id
            aria-labelledby=format!("{id}-heading")
            class="rounded-2xl border border-line bg-surface p-5 shadow-sheet sm:p-7"
        >
            <h2 id=format!("{id}-heading") class="mb-4 font-display text-2xl font-semibold tracking-tight">{title}</h2>
            {children()}
        </section>
    }
    .into_any()
}
