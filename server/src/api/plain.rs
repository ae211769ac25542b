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
use faxdroid_contract::credits::{Checkout, CreditPackage, Transaction};
use faxdroid_contract::documents::{Document, Resolution};
use faxdroid_contract::faxes::{Fax, FaxSummary};
use faxdroid_contract::listing::Page;
use faxdroid_contract::money::Money;
use faxdroid_contract::quotes::Quote;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::envelope::prefers_html;

pub(crate) mod inbox;

/// As the site looks (style/tailwind.css), so that a frame of it is part of its page.
const STYLE: &str = "\
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif;--surface:#fefdfa;--ink:#16202d;--muted:#535c69;--line:#dedad2;--edge:#7c8591;--accent:#006666;--danger:#a2191c}\
@media (prefers-color-scheme:dark){:root{--surface:#171f28;--ink:#edebe7;--muted:#a6adb6;--line:#333c47;--edge:#6b7684;--accent:#4fd2cf;--danger:#ff9a91}}\
body{margin:0;padding:.25rem;background:var(--surface);color:var(--ink)}a{color:var(--accent)}\
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.5rem 1rem .5rem 0;border-bottom:1px solid var(--line)}\
th{font-size:.875rem;color:var(--muted)}\
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(11rem,100%),1fr));gap:.75rem 2rem;margin:0 0 1rem}\
dt{font-size:.875rem;color:var(--muted)}dd{margin:0;font-size:1.125rem;overflow-wrap:anywhere}\
h2{font-size:1.25rem;margin:1.25rem 0 .25rem}.lead{font-size:1.25rem;margin:0 0 1rem}.quiet{color:var(--muted);font-size:.875rem}\
form{margin:1rem 0}label{font-weight:600}\
input,button{box-sizing:border-box;min-height:2.75rem;padding:.25rem 1rem;border:1px solid var(--edge);border-radius:.5rem;background:var(--surface);color:var(--ink);font:inherit}\
button{font-weight:600;cursor:pointer}.danger{color:var(--danger)}\
.pages{display:flex;gap:1rem;overflow-x:auto;margin:0;padding:.25rem;list-style:none}\
.pages img{display:block;height:22rem;width:auto;border:1px solid var(--line);background:#fff}\
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

/// When the document is loaded anew, because it changes while it is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refresh {
    Never,
    /// Nothing can be pressed, so nothing is lost.
    Soon,
    /// Somebody may be on the way to a button with the Tab key.
    Later,
}

impl Refresh {
    const fn seconds(self) -> Option<u32> {
        match self {
            Self::Never => None,
            Self::Soon => Some(2),
            Self::Later => Some(15),
        }
    }
}

fn page(title: &str, refresh: Refresh, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(seconds) = refresh.seconds() { meta http-equiv="refresh" content=(seconds); }
                title { (title) }
                base target="_top";
                style { (PreEscaped(STYLE)) }
            }
            // It often stands in a frame; the page around it has a main part too.
            body { main aria-label=(title) { (content) } }
        }
    }
}

fn facts(facts: &[(&str, String)]) -> Markup {
    html! { dl { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } } }
}

fn table(label: &str, columns: &[&str], rows: Markup) -> Markup {
    html! {
        .scroll tabindex="0" role="region" aria-label=(label) {
            table {
                thead { tr { @for name in columns { th scope="col" { (name) } } } }
                tbody { (rows) }
            }
        }
    }
}

fn page_count(pages: u32) -> String {
    let unit = if pages == 1 { "page" } else { "pages" };
    format!("{pages} {unit}")
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
            p { (document.name) ", " (page_count(document.pages)) }
            ol.pages tabindex="0" aria-label="Pages" {
                @for number in 1..=document.pages {
                    @let image = Document::preview_path(&document.id, number, Resolution::Fine);
                    li {
                        a href=(image) target="_blank" {
                            img src=(image) alt={ "Page " (number) " as it will be faxed" } loading="lazy";
                        }
                    }
                }
            }
        },
    )
}

pub(crate) fn quote(quote: &Quote) -> Markup {
    let pages = if quote.billable_pages == quote.pages {
        quote.pages.to_string()
    } else {
        format!("{}, paid as {}", quote.pages, quote.billable_pages)
    };
    page(
        "Price",
        Refresh::Never,
        facts(&[
            ("To", format!("{} ({})", quote.to_display, quote.destination.name)),
            ("Pages", pages),
            ("Time on the line", format!("about {} seconds", quote.estimated_seconds)),
            (
                "Called",
                quote
                    .calling_hours
                    .map_or("at any hour".to_owned(), |hours| format!("{hours}, its own time")),
            ),
            ("Price", quote.price.to_string()),
        ]),
    )
}

/// A button that changes `fax` by `action`.
fn fax_button(fax: &Fax, action: &str, class: &str, text: &str) -> Markup {
    html! {
        form method="post" action={ "/api/v1/faxes/" (fax.id) "/" (action) } {
            button type="submit" class=(class) { (text) }
        }
    }
}

pub(crate) fn fax(fax: &Fax) -> Markup {
    let refresh = match fax.status {
        status if status.is_final() => Refresh::Never,
        status if status.is_cancelable() => Refresh::Later,
        _ => Refresh::Soon,
    };
    page(
        "Fax",
        refresh,
        html! {
            p.lead {
                (fax.status_sentence())
                @if let Some(due) = &fax.next_attempt_at { " Next call at " (time(due)) "." }
            }
            (facts(&[
                ("Status", fax.status.title().to_owned()),
                ("To", format!("{} ({})", fax.to_display, fax.destination.name)),
                ("Document", format!("{}, {}", fax.document_name, page_count(fax.pages))),
                ("Price", fax.price.to_string()),
                ("Sent", time(&fax.created_at)),
                ("Called", fax.calling_hours.map_or("at any hour".to_owned(), |hours| format!("{hours}, its own time"))),
            ]))
            @if fax.status.is_cancelable() { (fax_button(fax, "cancel", "danger", "Cancel this fax")) }
            @if fax.status.is_final() { (fax_button(fax, "resend", "", "Send again")) }
            @if let Some(seconds) = refresh.seconds() {
                p.quiet { "This view renews itself every " (seconds) " seconds." }
            }
            @if !fax.attempts.is_empty() {
                h2 { "Attempts" }
                (table("All attempts", &["Attempt", "When", "Result", "Pages"], html! {
                    @for attempt in &fax.attempts {
                        tr {
                            td { (attempt.number) " of " (fax.max_attempts) }
                            td { (time(&attempt.started_at)) }
                            td { (attempt.outcome.map_or("Calling…", |outcome| outcome.explanation())) }
                            td { (attempt.pages_of_call()) }
                        }
                    }
                }))
            }
        },
    )
}

/// `older` leads to the faxes before these.
pub(crate) fn faxes(list: &Page<FaxSummary>, q: &str, status: &str, older: Option<String>) -> Markup {
    page(
        "Faxes",
        Refresh::Never,
        html! {
            @if list.data.is_empty() {
                p { (if q.is_empty() && status.is_empty() { "You have not sent a fax yet." } else { "No fax matches." }) }
            } @else {
                (table("Faxes", &["To", "Document", "Status", "Sent"], html! {
                    @for fax in &list.data {
                        tr {
                            td { a href={ "/faxes/" (fax.id) } { (fax.to_display) } }
                            td { (fax.document_name) }
                            td { (fax.status.title()) }
                            td { (time(&fax.created_at)) }
                        }
                    }
                }))
            }
            @if let Some(older) = older { p { a href=(older) target="_self" { "Older faxes" } } }
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

/// `older` leads to the lines before these.
pub(crate) fn transactions(list: &Page<Transaction>, balance: Money, older: Option<String>) -> Markup {
    page(
        "Statement of account",
        Refresh::Never,
        html! {
            p { "Balance: " strong { (balance) } }
            @if list.data.is_empty() { p { "Nothing yet. Credits that you buy appear here." } }
            @else {
                (table("Lines of the statement", &["When", "What", "Amount", "Balance"], html! {
                    @for line in &list.data {
                        tr {
                            td { (time(&line.created_at)) }
                            td {
                                @if let Some(fax) = &line.fax_id { a href={ "/faxes/" (fax) } { (line.kind.title()) } }
                                @else { (line.kind.title()) }
                            }
                            td { (line.amount) }
                            td { (line.balance) }
                        }
                    }
                }))
            }
            @if let Some(older) = older { p { a href=(older) target="_self" { "Older lines" } } }
        },
    )
}
