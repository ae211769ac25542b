//! The balance and the statement of account.

use faxdroid_contract::credits::Transaction;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::element::{Element, button, cell, element, link, row, show, table, write};
use super::failure::failure_view;
use crate::api;
use crate::components::ButtonKind;
use crate::time;

const COLUMNS: [&str; 4] = ["What", "When", "Amount", "Balance"];

/// Every change of the balance, newest first; the balance itself goes to the page's `#balance`.
#[cfg_attr(feature = "islands", island)]
#[cfg_attr(not(feature = "islands"), component)]
pub fn Statement() -> impl IntoView {
    Effect::new(|_| {
        spawn_local(async {
            if let Ok(me) = api::me().await {
                write("balance", &me.balance.to_string());
            }
        });
        load(StoredValue::new(Vec::new()), None);
    });
    view! { <div id="statement-view"><p class="hidden text-muted scripts:block">"Loading\u{2026}"</p></div> }
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

/// A statement without lines is not shown; the page then says so.
fn statement(lines: &[Transaction]) -> Vec<Element> {
    let body = element("tbody", "").id("statement-lines").children(lines.iter().map(line).collect());
    vec![
        table("Lines of the statement", &COLUMNS, body),
        element("div", "mt-4 empty:hidden").id("statement-more"),
    ]
}

fn line(transaction: &Transaction) -> Element {
    let what = match &transaction.fax_id {
        Some(fax) => {
            cell("").child(link(&format!("/faxes/{fax}"), "text-accent underline", transaction.kind.title()))
        }
        None => cell(transaction.kind.title()),
    };
    row(
        &COLUMNS,
        vec![
            what,
            cell(&time::local(&transaction.created_at)),
            cell(&transaction.amount.to_string()),
            cell(&transaction.balance.to_string()),
        ],
    )
    .attribute("data-kind", transaction.kind.as_str())
}
