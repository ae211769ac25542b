//! What a page of a customer shows to whom is not signed in.

use leptos::prelude::*;

use crate::components::{ButtonKind, ButtonLink};

/// Why to sign in, and the ways to it. The page hides what is private by `session-out:hidden`; without scripts nobody
/// knows who reads, so all of the page is shown and its frames say what is missing.
#[component]
pub fn SignInFirst(
    /// What signing in is for.
    sentence: &'static str,
    /// Where to come back to; a path without a query.
    #[prop(into)]
    next: String,
) -> impl IntoView {
    view! {
        <div class="hidden rounded-2xl bg-raised p-5 session-out:block sm:p-7">
            <p class="mb-4 text-lg">{sentence}</p>
            <div class="flex flex-wrap gap-3">
                <ButtonLink kind=ButtonKind::Primary href=format!("/sign-in?next={next}")>"Sign in"</ButtonLink>
                <ButtonLink kind=ButtonKind::Secondary href="/sign-up">"Open an account"</ButtonLink>
            </div>
        </div>
    }
    .into_any()
}
