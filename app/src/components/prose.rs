//! Running text.

use leptos::prelude::*;

/// An article in comfortable line lengths.
#[component]
pub fn Prose(
    /// Headings, paragraphs and lists.
    children: Children,
) -> impl IntoView {
    view! {
        <article class="max-w-3xl leading-relaxed [&_a]:text-accent [&_a]:underline [&_a]:underline-offset-2 [&_code]:rounded [&_code]:bg-raised [&_code]:px-1 [&_code]:font-mono [&_code]:text-[0.9em] [&_h2]:not-first:mt-10 [&_h2]:mb-3 [&_h2]:font-display [&_h2]:text-2xl [&_h2]:font-semibold [&_h2]:tracking-tight [&_li]:mt-1.5 [&_p]:mt-3 [&_ul]:mt-3 [&_ul]:list-disc [&_ul]:pl-6">
            {children()}
        </article>
    }
    .into_any()
}
