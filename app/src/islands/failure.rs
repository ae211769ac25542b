//! What an island shows when a request did not succeed.

use faxdroid_contract::problem::ProblemCode;
use leptos::prelude::*;

use crate::api::Failure;

/// The sentence, and a link to where it is mended.
pub(super) fn failure_view(failure: &Failure) -> AnyView {
    let link = if failure.is(ProblemCode::Unauthenticated) {
        Some((format!("/sign-in?next={}", here()), "Sign in"))
    } else if failure.is(ProblemCode::CreditInsufficient) {
        Some(("/credits".to_owned(), "Buy credits"))
    } else if failure.is(ProblemCode::EmailUnconfirmed) {
        Some(("/account".to_owned(), "Go to your account"))
    } else {
        None
    };
    view! {
        <p role="alert" class="rounded-xl border border-danger/40 bg-danger/10 px-4 py-3 text-danger">
            {failure.sentence()}
            " "
            {link.map(|(href, text)| view! { <a href=href class="font-semibold underline">{text}</a> })}
        </p>
    }
    .into_any()
}

/// The address of this page, to come back to.
fn here() -> String {
    let location = window().location();
    let address = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    js_sys::encode_uri_component(&address).into()
}

/// Shown where scripts run and the first answer is still on its way.
pub(super) fn loading_view() -> AnyView {
    view! { <p class="hidden text-muted scripts:block">"Loading\u{2026}"</p> }.into_any()
}
