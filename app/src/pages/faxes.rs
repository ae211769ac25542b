//! `/faxes`

use faxdroid_contract::faxes::FaxStatus;
use leptos::prelude::*;

use super::query::{form_state, query};
use crate::components::field::{INPUT, LABEL};
use crate::components::{
    ButtonKind, ButtonLink, FRAME_PANEL, FormMessages, FrameHeight, PageHeading, PrivateFrame, SignInFirst,
};
use crate::islands::FaxList;

/// Everything a customer has sent.
#[component]
pub fn Faxes() -> impl IntoView {
    let form = form_state();
    let search = form.value("q");
    let status = FaxStatus::parse(&form.value("status"));
    let filter = query(&[("q", &search), ("status", status.map_or("", FaxStatus::as_str))]);
    let frame = format!("/api/v1/faxes?{filter}");
    view! {
        <div class="flex flex-wrap items-start justify-between gap-x-6">
            <PageHeading title="My faxes" lead="Everything you have sent, newest first. Open a fax to follow it live." />
            <div class="mb-8 session-out:hidden"><ButtonLink kind=ButtonKind::Primary href="/send">"Send a fax"</ButtonLink></div>
        </div>
        <FormMessages state=form fields=&[] />
        <div class="group">
            <form
                id="fax-search"
                method="get"
                action="/faxes"
                role="search"
                aria-label="My faxes"
                class="mb-6 grid grid-cols-[1fr_auto] items-end gap-4 session-out:hidden sm:grid-cols-[2fr_1fr_auto]"
            >
                <div class="col-span-2 sm:col-span-1">
                    <label for="q" class=LABEL>"Search"</label>
                    <input id="q" name="q" type="search" placeholder="Number or document" value=search class=INPUT />
                </div>
                <div>
                    <label for="status" class=LABEL>"Status"</label>
                    <select id="status" name="status" class=INPUT>
                        <option value="">"Any"</option>
                        {FaxStatus::ALL.map(|of| view! {
                            <option value=of.as_str() selected=status == Some(of)>{of.title()}</option>
                        }).into_iter().collect::<Vec<_>>()}
                    </select>
                </div>
                <button type="submit" class=ButtonKind::Secondary.class()>"Search"</button>
            </form>
            <SignInFirst sentence="Sign in to see the faxes that you have sent." next="/faxes" />
            <div class="session-out:hidden"><FaxList /><NothingListed /></div>
        </div>
        <div class=FRAME_PANEL><PrivateFrame src=frame title="My faxes" height=FrameHeight::Much /></div>
    }
    .into_any()
}

/// What stands in the place of an empty list. The style sheet looks at the list, and at the form for the reason.
#[component]
fn NothingListed() -> impl IntoView {
    view! {
        <div
            id="no-faxes"
            role="status"
            class="hidden rounded-2xl border border-line bg-surface px-5 py-10 text-center group-has-[#fax-list:empty]:block"
        >
            <div class="group-has-[#q:not(:placeholder-shown)]:hidden group-has-[option:checked:not([value=''])]:hidden">
                <p class="text-muted">"You have not sent a fax yet."</p>
                <a href="/send" class=NEXT>"Send your first fax"</a>
            </div>
            <div class="hidden group-has-[#q:not(:placeholder-shown)]:block group-has-[option:checked:not([value=''])]:block">
                <p class="text-muted">"No fax matches."</p>
                <a href="/faxes" class=NEXT>"Show all faxes"</a>
            </div>
        </div>
    }
    .into_any()
}

const NEXT: &str = "mt-2 inline-block font-semibold text-accent underline underline-offset-2";
