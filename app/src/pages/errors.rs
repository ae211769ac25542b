//! The pages for an address where nothing is, and for a page that could not be made.

use leptos::prelude::*;

use crate::components::{ButtonKind, ButtonLink, PageHeading};

/// Shown with status 404.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <p aria-hidden="true" class="mb-3 font-mono text-sm font-semibold text-accent">"404 / NO ANSWER"</p>
        <PageHeading title="There is no page at this address" lead="The link may be old, or a letter is missing in it." />
        <div class="flex flex-wrap gap-3">
            <ButtonLink kind=ButtonKind::Primary href="/">"Home page"</ButtonLink>
            <ButtonLink kind=ButtonKind::Secondary href="/send">"Send a fax"</ButtonLink>
            <div class="session-out:hidden"><ButtonLink kind=ButtonKind::Secondary href="/faxes">"My faxes"</ButtonLink></div>
        </div>
    }
    .into_any()
}

/// Shown with status 500.
#[component]
pub fn ServerError() -> impl IntoView {
    view! {
        <p aria-hidden="true" class="mb-3 font-mono text-sm font-semibold text-accent">"500 / LINE DROPPED"</p>
        <PageHeading
            title="Something went wrong on our side"
            lead="The page could not be shown. Your faxes and your balance are not touched by this; please try again in a moment."
        />
        <ButtonLink kind=ButtonKind::Primary href="/">"Home page"</ButtonLink>
    }
    .into_any()
}
