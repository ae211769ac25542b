//! `/faxes`

use faxdroid_contract::faxes::FaxStatus;
use leptos::prelude::*;

use super::query::form_state;
use crate::components::{ButtonKind, ButtonLink, FormMessages, PageHeading, PrivateFrame};
use crate::islands::FaxList;

/// Everything a customer has sent.
#[component]
pub fn Faxes() -> impl IntoView {
    let form = form_state();
    let search = form.value("q");
    let status = FaxStatus::parse(&form.value("status"));
    view! {
        <div class="flex flex-wrap items-start justify-between gap-x-6">
            <PageHeading title="My faxes" lead="Newest first. A fax that is under way updates on its own page." />
            <div class="mb-8"><ButtonLink kind=ButtonKind::Primary href="/send">"Send a fax"</ButtonLink></div>
        </div>
        <FormMessages state=form fields=&[] />
        <FaxList search status />
        <PrivateFrame src="/api/v1/faxes" title="My faxes" />
    }
    .into_any()
}
