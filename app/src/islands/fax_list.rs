//! All faxes of a customer, with search and filter.

use faxdroid_contract::faxes::{FaxStatus, FaxSummary};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::failure::{failure_view, loading_view};
use crate::api::{self, Failure};
use crate::components::ButtonKind;
use crate::components::field::{INPUT, LABEL};
use crate::components::status_badge::{status_class, status_word};
use crate::time;

#[derive(Clone, Copy)]
struct Listing {
    search: RwSignal<String>,
    status: RwSignal<Option<FaxStatus>>,
    rows: RwSignal<Option<Vec<FaxSummary>>>,
    next: RwSignal<Option<String>>,
    failure: RwSignal<Option<Failure>>,
    /// Counts searches, so that a late answer to an earlier one is dropped.
    turn: RwSignal<u32>,
}

/// The list, its search and its filter. Without scripts the form asks for this page again, whose frame shows
/// the filtered list.
#[island]
pub fn FaxList(
    /// What to look for in names and numbers.
    search: String,
    /// Only faxes of this status.
    status: Option<FaxStatus>,
) -> impl IntoView {
    let listing = Listing {
        search: RwSignal::new(search),
        status: RwSignal::new(status),
        rows: RwSignal::new(None),
        next: RwSignal::new(None),
        failure: RwSignal::new(None),
        turn: RwSignal::new(0),
    };
    Effect::new(move |_| search_again(listing));
    view! {
        {filter_form(listing)}
        {move || listing.failure.with(|failure| failure.as_ref().map(failure_view))}
        {move || match listing.rows.get() {
            Some(rows) => list(rows),
            None if listing.failure.with(Option::is_some) => ().into_any(),
            None => loading_view(),
        }}
        {move || listing.next.with(Option::is_some).then(|| view! {
            <button type="button" class=ButtonKind::Secondary.class() on:click=move |_| load(listing)>"Load more"</button>
        })}
    }
}

fn filter_form(listing: Listing) -> AnyView {
    let chosen = listing.status.get_untracked();
    let options = FaxStatus::ALL
        .into_iter()
        .map(|status| {
            view! { <option value=status.as_str() selected=chosen == Some(status)>{status_word(status)}</option> }
        })
        .collect::<Vec<_>>();
    view! {
        <form
            method="get"
            action="/faxes"
            role="search"
            class="mb-6 grid items-end gap-4 sm:grid-cols-[2fr_1fr_auto]"
            on:submit=move |event| {
                event.prevent_default();
                search_again(listing);
            }
        >
            <div>
                <label for="q" class=LABEL>"Search"</label>
                <input
                    id="q"
                    name="q"
                    type="search"
                    placeholder="Number or document"
                    value=listing.search.get_untracked()
                    class=INPUT
                    on:input=move |event| listing.search.set(event_target_value(&event))
                />
            </div>
            <div>
                <label for="status" class=LABEL>"Status"</label>
                <select
                    id="status"
                    name="status"
                    class=INPUT
                    on:change=move |event| {
                        listing.status.set(FaxStatus::parse(&event_target_value(&event)));
                        search_again(listing);
                    }
                >
                    <option value="">"Any"</option>
                    {options}
                </select>
            </div>
            <button type="submit" class=ButtonKind::Secondary.class()>"Search"</button>
        </form>
    }
    .into_any()
}

fn search_again(listing: Listing) {
    listing.rows.set(None);
    listing.next.set(None);
    load(listing);
}

fn load(listing: Listing) {
    let turn = listing.turn.get_untracked() + 1;
    listing.turn.set(turn);
    let search = listing.search.get_untracked();
    let status = listing.status.get_untracked();
    let cursor = listing.next.get_untracked();
    spawn_local(async move {
        let answer = api::faxes(search.trim(), status, cursor.as_deref()).await;
        if listing.turn.get_untracked() != turn {
            return;
        }
        match answer {
            Ok(page) => {
                listing.rows.update(|rows| rows.get_or_insert_default().extend(page.data));
                listing.next.set(page.next_cursor);
                listing.failure.set(None);
            }
            Err(failure) => listing.failure.set(Some(failure)),
        }
    });
}

fn list(rows: Vec<FaxSummary>) -> AnyView {
    if rows.is_empty() {
        return view! { <p id="no-faxes" role="status" class="text-muted">"No fax matches."</p> }.into_any();
    }
    view! {
        <ul id="fax-list" class="mb-5 divide-y divide-line rounded-2xl border border-line bg-surface">
            {rows.into_iter().map(row).collect::<Vec<_>>()}
        </ul>
    }
    .into_any()
}

fn row(fax: FaxSummary) -> AnyView {
    let pages = if fax.pages == 1 { "1 page".to_owned() } else { format!("{} pages", fax.pages) };
    view! {
        <li class="relative flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-5 py-4 hover:bg-raised">
            <div class="min-w-0">
                <a href=format!("/faxes/{}", fax.id) class="font-semibold after:absolute after:inset-0">{fax.to_display}</a>
                <p class="truncate text-sm text-muted">{format!("{} \u{b7} {pages} \u{b7} {}", fax.document_name, fax.price)}</p>
            </div>
            <div class="flex flex-wrap items-center gap-x-4 gap-y-1">
                <span class="text-sm text-muted">{time::local(&fax.created_at)}</span>
                <span data-status=fax.status.as_str() class=status_class(fax.status)>{status_word(fax.status)}</span>
            </div>
        </li>
    }
    .into_any()
}
