//! A part of a page with a heading of its own.

use leptos::prelude::*;

/// The classes of such a section, for those that hide, or that an island makes.
pub const PANEL: &str = "rounded-2xl border border-line bg-surface p-5 shadow-sheet sm:p-7";
/// The classes of such a surface around a frame for readers without scripts.
pub const FRAME_PANEL: &str =
    "rounded-2xl border border-line bg-surface p-5 shadow-sheet sm:p-7 scripts:hidden";
/// The classes of its heading.
pub const PANEL_HEADING: &str = "mb-4 font-display text-2xl font-semibold tracking-tight";

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
            class=PANEL
        >
            <h2 id=format!("{id}-heading") class=PANEL_HEADING>{title}</h2>
            {children()}
        </section>
    }
    .into_any()
}
