//! `/faxes/{id}`

use faxdroid_contract::ids::FaxId;
use leptos::prelude::*;

use super::errors::NotFound;
use super::query::{form_state, path_id};
use crate::components::{FRAME_PANEL, FormMessages, FrameHeight, PageHeading, PrivateFrame, SignInFirst};
use crate::islands::LiveFax;

/// One fax, live.
#[component]
pub fn FaxStatus() -> impl IntoView {
    let Some(fax) = path_id::<FaxId>() else { return view! { <NotFound /> }.into_any() };
    view! {
        <PageHeading title="Fax" lead="This page follows the delivery live. You can close it: the fax goes on without it." />
        <FormMessages state=form_state() fields=&[] />
        <SignInFirst sentence="Sign in to see this fax." next=format!("/faxes/{fax}") />
        <div class="session-out:hidden"><LiveFax /></div>
        <div class=FRAME_PANEL>
            <PrivateFrame
                src=format!("/api/v1/faxes/{fax}")
                title="Status of the fax, with what you can do"
                height=FrameHeight::Much
            />
        </div>
        <p class="mt-8 max-w-3xl text-sm text-muted">
            "Canceling, and a delivery that fails, return the whole price to your balance. Sending again makes a new fax, at today\u{2019}s price."
        </p>
        <p class="mt-4"><a href="/faxes" class="text-accent underline underline-offset-2">"All my faxes"</a></p>
    }
    .into_any()
}
