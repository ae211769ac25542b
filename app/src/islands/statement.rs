//! The balance and the statement of account.

use faxdroid_contract::credits::{Transaction, TransactionKind};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::element::{Element, button, cell, element, link, row, show, table, write};
use super::failure::failure_view;
use crate::api;
use crate::components::ButtonKind;
use crate::time;

const COLUMNS: [&str; 4] = ["When", "What", "Amount", "Balance"];

/// Every change of the balance, newest first.
#[island]
pub fn Statement() -> impl IntoView {
    Effect::new(|_| {
        spawn_local(async {
            if let Ok(me) = api::me().await {
                write("balance", &me.balance.to_string());
            }
        });
        load(StoredValue::new(Vec::new()), None);
    });
    view! {
        <div>
            <p class="mb-4 hidden items-baseline gap-3 scripts:flex">
                <span class="text-muted">"Balance"</span>
                <output id="balance" class="font-display text-3xl font-semibold tracking-tight tabular-nums"></output>
            </p>
            <div id="statement-view"><p class="hidden text-muted scripts:block">"Loading\u{2026}"</p></div>
        </div>
    }
}

fn load(lines: StoredValue<Vec<Transaction>>, cursor: Option<String>) {
    spawn_local(async move {
        match api::transactions(cursor.as_deref()).await {
            Ok(page) => {
                lines.update_value(|lines| lines.extend(page.data));
                show("statement-view", lines.with_value(|lines| statement(lines)));
                if let Some(next) = page.next_cursor {
                    let more = button(
                        ButtonKind::Secondary.class(),
                        "Load more",
                        Box::new(move |_| load(lines, Some(next.clone()))),
                    );
                    show("statement-more", vec![more]);
                }
            }
            Err(failure) => show("statement-view", vec![failure_view(&failure)]),
        }
    });
}

fn statement(lines: &[Transaction]) -> Vec<Element> {
    if lines.is_empty() {
        return vec![element("p", "text-muted").text("Nothing yet. Credits that you buy appear here.")];
    }
    let body = element("tbody", "").id("statement-lines").children(lines.iter().map(line).collect());
    vec![table("Lines of the statement", &COLUMNS, body), element("div", "").id("statement-more")]
}

fn line(transaction: &Transaction) -> Element {
    let what = match &transaction.fax_id {
        Some(fax) => {
            cell("").child(link(&format!("/faxes/{fax}"), "text-accent underline", kind(transaction.kind)))
        }
        None => cell(kind(transaction.kind)),
    };
    row(vec![
        cell(&time::local(&transaction.created_at)),
        what,
        cell(&transaction.amount.to_string()),
        cell(&transaction.balance.to_string()),
    ])
    .attribute("data-kind", transaction.kind.as_str())
}

const fn kind(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Purchase => "Credits bought",
        TransactionKind::Charge => "Charge for a fax",
        TransactionKind::Refund => "Refund of a fax",
        TransactionKind::Dispute => "Payment disputed",
    }
}
