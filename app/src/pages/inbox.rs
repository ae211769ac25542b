//! `/inbox` and `/inbox/{id}`: what came in, with and without scripts in a frame of the API. Nothing on these pages moves, so
//! that there is nothing for an island to do.

use faxdroid_contract::ids::ReceivedFaxId;
use leptos::prelude::*;

use super::errors::NotFound;
use super::query::{form_state, path_id};
use crate::components::{FormMessages, PageHeading, SignInFirst};

/// As [`FRAME_PANEL`](crate::components::FRAME_PANEL), also where scripts are on.
const FRAME: &str = "rounded-2xl border border-line bg-surface p-5 shadow-sheet session-out:hidden sm:p-7";

/// Every fax that came in.
#[component]
pub fn Inbox() -> impl IntoView {
    view! {
        <PageHeading title="Inbox" lead="Every fax that came in on your numbers, newest first. A mail tells you of each of them." />
        <FormMessages state=form_state() fields=&[] />
        <SignInFirst sentence="Sign in to see the faxes that have come in." next="/inbox" />
        <div class=FRAME>
            <iframe src="/api/v1/received-faxes" title="Inbox" class="h-[36rem] w-full"></iframe>
        </div>
    }
    .into_any()
}

/// One of them, with its pages.
#[component]
pub fn ReceivedFax() -> impl IntoView {
    let Some(fax) = path_id::<ReceivedFaxId>() else { return view! { <NotFound /> }.into_any() };
    view! {
        <PageHeading title="Received fax" lead="Its pages as they came in, to look at and to keep." />
        <FormMessages state=form_state() fields=&[] />
        <SignInFirst sentence="Sign in to see this fax." next=format!("/inbox/{fax}") />
        <div class=FRAME>
            <iframe
                src=format!("/api/v1/received-faxes/{fax}")
                title="Received fax, with its pages"
                class="h-[48rem] w-full"
            ></iframe>
        </div>
        <p class="mt-4"><a href="/inbox" class="text-accent underline underline-offset-2">"All received faxes"</a></p>
    }
    .into_any()
}
