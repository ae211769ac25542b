//! `/faxes/{id}`

use faxdroid_contract::ids::FaxId;
use leptos::prelude::*;

use super::errors::NotFound;
use super::query::{form_state, path_id};
use crate::components::{Button, ButtonKind, FormMessages, PageHeading, PrivateFrame};
use crate::islands::LiveFax;

/// One fax, live.
#[component]
pub fn FaxStatus() -> impl IntoView {
    let Some(fax) = path_id::<FaxId>() else { return view! { <NotFound /> }.into_any() };
    view! {
        <PageHeading title="Fax" lead="This page follows the fax by itself; you may close it at any time." />
        <FormMessages state=form_state() fields=&[] />
        <LiveFax />
        <noscript>
            <p class="mb-3 text-muted">"Without scripts this page does not move by itself: please load it again to see news."</p>
        </noscript>
        <PrivateFrame src=format!("/api/v1/faxes/{fax}") title="Status of the fax" />
        <noscript>
            <div class="mt-5 flex flex-wrap gap-3">
                <form method="post" action=format!("/api/v1/faxes/{fax}/cancel")>
                    <Button kind=ButtonKind::Danger>"Cancel this fax"</Button>
                </form>
                <form method="post" action=format!("/api/v1/faxes/{fax}/resend")>
                    <Button kind=ButtonKind::Secondary>"Send again"</Button>
                </form>
            </div>
        </noscript>
        <p class="mt-8"><a href="/faxes" class="text-accent underline underline-offset-2">"All my faxes"</a></p>
    }
    .into_any()
}
