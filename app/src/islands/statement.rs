//! The balance and the statement of account.

use faxdroid_contract::credits::{Transaction, TransactionKind};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::failure::{failure_view, loading_view};
use crate::api::{self, Failure};
use crate::components::ButtonKind;
use crate::time;

#[derive(Clone, Copy)]
struct Lines {
    rows: RwSignal<Option<Vec<Transaction>>>,
    next: RwSignal<Option<String>>,
    failure: RwSignal<Option<Failure>>,
}

/// Every change of the balance, newest first.
#[island]
pub fn Statement() -> impl IntoView {
    let lines = Lines { rows: RwSignal::new(None), next: RwSignal::new(None), failure: RwSignal::new(None) };
    let balance = RwSignal::new(String::new());
    Effect::new(move |_| {
        load(lines);
        spawn_local(async move {
            if let Ok(me) = api::me().await {
                balance.set(me.balance.to_string());
            }
        });
    });
    view! {
        <p class="mb-4 hidden items-baseline gap-3 scripts:flex">
            <span class="text-muted">"Balance"</span>
            <output id="balance" class="font-display text-3xl font-semibold tracking-tight tabular-nums">{balance}</output>
        </p>
        {move || lines.failure.with(|failure| failure.as_ref().map(failure_view))}
        {move || match lines.rows.get() {
            Some(rows) => table(rows),
            None if lines.failure.with(Option::is_some) => ().into_any(),
            None => loading_view(),
        }}
        {move || lines.next.with(Option::is_some).then(|| view! {
            <button type="button" class=ButtonKind::Secondary.class() on:click=move |_| load(lines)>"Load more"</button>
        })}
    }
}

fn load(lines: Lines) {
    let cursor = lines.next.get_untracked();
    spawn_local(async move {
        match api::transactions(cursor.as_deref()).await {
            Ok(page) => {
                lines.rows.update(|rows| rows.get_or_insert_default().extend(page.data));
                lines.next.set(page.next_cursor);
                lines.failure.set(None);
            }
            Err(failure) => lines.failure.set(Some(failure)),
        }
    });
}

fn table(rows: Vec<Transaction>) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="text-muted">"Nothing yet. Credits that you buy appear here."</p> }
            .into_any();
    }
    view! {
        <div class="mb-4 overflow-x-auto" tabindex="0" role="region" aria-labelledby="statement-heading">
            <table class="w-full text-left">
                <thead class="border-b border-line text-sm text-muted">
                    <tr>
                        <th scope="col" class="py-2 pr-4 font-semibold">"When"</th>
                        <th scope="col" class="py-2 pr-4 font-semibold">"What"</th>
                        <th scope="col" class="py-2 pr-4 text-right font-semibold">"Amount"</th>
                        <th scope="col" class="py-2 text-right font-semibold">"Balance"</th>
                    </tr>
                </thead>
                <tbody id="statement-lines">{rows.into_iter().map(line).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn line(row: Transaction) -> AnyView {
    let fax = row
        .fax_id
        .map(|fax| view! { " "<a href=format!("/faxes/{fax}") class="text-accent underline">"fax"</a> });
    view! {
        <tr data-kind=row.kind.as_str() class="border-b border-line">
            <td class="py-2.5 pr-4 whitespace-nowrap text-muted">{time::local(&row.created_at)}</td>
            <td class="py-2.5 pr-4">{kind(row.kind)}{fax}</td>
            <td class="py-2.5 pr-4 text-right tabular-nums">{row.amount.to_string()}</td>
            <td class="py-2.5 text-right tabular-nums">{row.balance.to_string()}</td>
        </tr>
    }
    .into_any()
}

const fn kind(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Purchase => "Credits bought",
        TransactionKind::Charge => "Charge for a",
        TransactionKind::Refund => "Refund of a",
        TransactionKind::Dispute => "Payment disputed",
    }
}
