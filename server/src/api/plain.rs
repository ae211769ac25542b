//! Resources as small HTML documents, for browsers without scripts.
//!
//! The site's pages are rendered without knowing who reads them; where scripts are off they show these documents in a
//! frame. They are complete, accessible and load nothing but images of ours.

use std::sync::LazyLock;

use axum::Json;
use axum::http::header::{CONTENT_SECURITY_POLICY, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faxdroid_contract::accounts::Me;
use faxdroid_contract::credits::{Checkout, CreditPackage, Transaction, TransactionKind};
use faxdroid_contract::documents::{Document, Resolution};
use faxdroid_contract::faxes::{Fax, FaxSummary};
use faxdroid_contract::listing::Page;
use faxdroid_contract::money::Money;
use faxdroid_contract::quotes::Quote;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::envelope::prefers_html;

const STYLE: &str = "\
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}body{margin:.5rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8886}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.5rem;margin:0}dt{opacity:.8}dd{margin:0;font-weight:600}\
img{max-width:100%;height:auto;border:1px solid #8886;background:#fff}h2{font-size:1.2rem}\
.scroll{overflow-x:auto}";

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; form-action 'self'; frame-ancestors 'self'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// JSON, or where a person reads the document that `view` makes of it.
pub(crate) fn negotiated<T: Serialize>(
    headers: &HeaderMap,
    resource: &T,
    view: impl FnOnce(&T) -> Markup,
) -> Response {
    let mut response = if prefers_html(headers) {
        let mut response = Html(view(resource).into_string()).into_response();
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY.clone());
        response
    } else {
        Json(resource).into_response()
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    response
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Refresh {
    Never,
    /// The document changes while it is looked at.
    Soon,
}

fn page(title: &str, refresh: Refresh, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if refresh == Refresh::Soon { meta http-equiv="refresh" content="2"; }
                title { (title) }
                base target="_top";
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    }
}

fn facts(facts: &[(&str, String)]) -> Markup {
    html! { dl { @for (name, value) in facts { dt { (name) } dd { (value) } } } }
}

fn time(rfc3339: &str) -> String {
    rfc3339.get(..16).unwrap_or(rfc3339).replace('T', " ") + " UTC"
}

pub(crate) fn me(me: &Me) -> Markup {
    let confirmed = if me.email_confirmed { "confirmed" } else { "not confirmed yet" };
    page(
        "Account",
        Refresh::Never,
        facts(&[
            ("E-mail address", format!("{} ({confirmed})", me.email)),
            ("Balance", me.balance.to_string()),
            ("Sender name", me.sender_name.clone()),
            ("Sender number", me.sender_number.clone()),
        ]),
    )
}

pub(crate) fn document(document: &Document) -> Markup {
    page(
        "Document",
        Refresh::Never,
        html! {
            h2 { (document.name) }
            @for number in 1..=document.pages {
                p {
                    img src=(Document::preview_path(&document.id, number, Resolution::Fine))
                        alt={ "Page " (number) " as it will be faxed" } loading="lazy";
                }
            }
        },
    )
}

pub(crate) fn quote(quote: &Quote) -> Markup {
    page(
        "Price",
        Refresh::Never,
        facts(&[
            ("To", format!("{} ({})", quote.to_display, quote.destination.name)),
            ("Pages", quote.pages.to_string()),
            ("Paid as", format!("{} pages", quote.billable_pages)),
            ("Time on the line", format!("about {} seconds", quote.estimated_seconds)),
            ("Price", quote.price.to_string()),
        ]),
    )
}

pub(crate) fn fax(fax: &Fax) -> Markup {
    let refresh = if fax.status.is_final() { Refresh::Never } else { Refresh::Soon };
    page(
        "Fax",
        refresh,
        html! {
            (facts(&[
                ("Status", fax.status.as_str().to_owned()),
                ("To", format!("{} ({})", fax.to_display, fax.destination.name)),
                ("Document", fax.document_name.clone()),
                ("Pages", fax.pages.to_string()),
                ("Price", fax.price.to_string()),
            ]))
            h2 { "Attempts" }
            .scroll tabindex="0" role="region" aria-label="Attempts" { table {
                thead { tr { th scope="col" { "Attempt" } th scope="col" { "When" } th scope="col" { "Result" } th scope="col" { "Pages" } } }
                tbody {
                    @for attempt in &fax.attempts {
                        tr {
                            td { (attempt.number) " of " (fax.max_attempts) }
                            td { (time(&attempt.started_at)) }
                            td { (attempt.outcome.map_or("Calling…", |outcome| outcome.explanation())) }
                            td { (attempt.pages_confirmed) }
                        }
                    }
                }
            } }
        },
    )
}

pub(crate) fn faxes(list: &Page<FaxSummary>, q: &str, status: &str) -> Markup {
    let next = list.next_cursor.as_deref().map(|cursor| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", q).append_pair("status", status).append_pair("cursor", cursor);
        format!("/api/v1/faxes?{}", query.finish())
    });
    page(
        "Faxes",
        Refresh::Never,
        html! {
            form method="get" action="/api/v1/faxes" target="_self" {
                label for="q" { "Number or document" } " "
                input id="q" name="q" type="search" value=(q);
                @if !status.is_empty() { input type="hidden" name="status" value=(status); }
                " " button type="submit" { "Search" }
            }
            @if list.data.is_empty() { p { "No fax matches." } }
            @else {
                .scroll tabindex="0" role="region" aria-label="Faxes" { table {
                    thead { tr { th scope="col" { "To" } th scope="col" { "Document" } th scope="col" { "Status" } th scope="col" { "Sent" } } }
                    tbody {
                        @for fax in &list.data {
                            tr {
                                td { a href={ "/faxes/" (fax.id) } { (fax.to_display) } }
                                td { (fax.document_name) }
                                td { (fax.status.as_str()) }
                                td { (time(&fax.created_at)) }
                            }
                        }
                    }
                } }
            }
            @if let Some(next) = next { p { a href=(next) target="_self" { "Older faxes" } } }
        },
    )
}

pub(crate) fn packages(packages: &[CreditPackage]) -> Markup {
    page(
        "Packages",
        Refresh::Never,
        html! { ul { @for package in packages { li { (package.name) ": " (package.price) " for " (package.credits) " in credits" } } } },
    )
}

pub(crate) fn checkout(checkout: &Checkout) -> Markup {
    page(
        "Purchase",
        Refresh::Never,
        facts(&[
            ("Price", checkout.price.to_string()),
            ("Credits", checkout.credits.to_string()),
            ("Status", checkout.status.as_str().replace('_', " ")),
        ]),
    )
}

pub(crate) fn transactions(list: &Page<Transaction>, balance: Money) -> Markup {
    let what = |kind| match kind {
        TransactionKind::Purchase => "Credits bought",
        TransactionKind::Charge => "Fax",
        TransactionKind::Refund => "Refund",
        TransactionKind::Dispute => "Purchase disputed",
    };
    page(
        "Statement of account",
        Refresh::Never,
        html! {
            p { "Balance: " strong { (balance) } }
            .scroll tabindex="0" role="region" aria-label="Statement" { table {
                thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Amount" } th scope="col" { "Balance" } } }
                tbody {
                    @for line in &list.data {
                        tr {
                            td { (time(&line.created_at)) }
                            td {
                                @if let Some(fax) = &line.fax_id { a href={ "/faxes/" (fax) } { (what(line.kind)) } }
                                @else { (what(line.kind)) }
                            }
                            td { (line.amount) }
                            td { (line.balance) }
                        }
                    }
                }
            } }
            @if let Some(cursor) = &list.next_cursor {
                p { a href={ "/api/v1/transactions?cursor=" (cursor) } target="_self" { "Older lines" } }
            }
        },
    )
}
