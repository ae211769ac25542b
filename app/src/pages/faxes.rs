//! `/faxes`

use faxdroid_contract::faxes::FaxStatus;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::query::form_state;
use crate::components::field::{INPUT, LABEL};
use crate::components::status_badge::status_word;
use crate::components::{ButtonKind, ButtonLink, FormMessages, PageHeading, PrivateFrame};
use crate::islands::FaxList;

/// Everything a customer has sent.
#[component]
pub fn Faxes() -> impl IntoView {
    let form = form_state();
    let search = form.value("q");
    let status = FaxStatus::parse(&form.value("status"));
    let mut filter = ParamsMap::new();
    filter.insert("q", search.clone());
    filter.insert("status", status.map_or("", FaxStatus::as_str).to_owned());
    let frame = format!("/api/v1/faxes{}", filter.to_query_string());
    view! {
        <div class="flex flex-wrap items-start justify-between gap-x-6">
            <PageHeading title="My faxes" lead="Newest first. A fax that is under way updates on its own page." />
            <div class="mb-8"><ButtonLink kind=ButtonKind::Primary href="/send">"Send a fax"</ButtonLink></div>
        </div>
        <FormMessages state=form fields=&[] />
        <form
            id="fax-search"
            method="get"
            action="/faxes"
            role="search"
            aria-label="My faxes"
            class="mb-6 grid items-end gap-4 sm:grid-cols-[2fr_1fr_auto]"
        >
            <div>
                <label for="q" class=LABEL>"Search"</label>
                <input id="q" name="q" type="search" placeholder="Number or document" value=search class=INPUT />
            </div>
            <div>
                <label for="status" class=LABEL>"Status"</label>
                <select id="status" name="status" class=INPUT>
                    <option value="">"Any"</option>
                    {FaxStatus::ALL.map(|of| view! {
                        <option value=of.as_str() selected=status == Some(of)>{status_word(of)}</option>
                    }).into_iter().collect::<Vec<_>>()}
                </select>
            </div>
            <button type="submit" class=ButtonKind::Secondary.class()>"Search"</button>
        </form>
        <FaxList />
        <PrivateFrame src=frame title="My faxes" />
    }
    .into_any()
}
