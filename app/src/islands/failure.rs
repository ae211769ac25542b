//! What an island shows when a request did not succeed.

use faxdroid_contract::problem::ProblemCode;
use leptos::prelude::window;

use super::element::{Element, element, link};
use crate::api::Failure;

/// The sentence, and a link to where it is mended.
pub(super) fn failure_view(failure: &Failure) -> Element {
    let shown = element("p", "rounded-xl border border-danger/40 bg-danger/10 px-4 py-3 text-danger")
        .attribute("role", "alert")
        .child(element("span", "mr-2").text(&failure.sentence()));
    let (href, text) = if failure.is(ProblemCode::Unauthenticated) {
        (format!("/sign-in?next={}", here()), "Sign in")
    } else if failure.is(ProblemCode::CreditInsufficient) {
        (format!("/credits?next={}", here()), "Buy credits")
    } else if failure.is(ProblemCode::EmailUnconfirmed) {
        ("/account".to_owned(), "Go to your account")
    } else if *failure == Failure::Outdated {
        // The same address: the page that comes belongs to the API that is there now.
        (address(), "Load this page again")
    } else {
        return shown;
    };
    shown.child(link(&href, "font-semibold underline", text))
}

/// The address of this page.
fn address() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// The same, to come back to.
fn here() -> String {
    js_sys::encode_uri_component(&address()).into()
}
