//! Upload, check, price, send: the steps of a fax, all in place. Each step is a real form that also works
//! before the module is loaded, or without it.

mod price_form;
mod upload;

use faxdroid_contract::documents::{Document, Resolution};
use faxdroid_contract::ids::{DocumentId, QuoteId};
use faxdroid_contract::quotes::Quote;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::failure::failure_view;
use super::live_fax::go_to;
use crate::api::{self, Failure};
use crate::components::ButtonKind;
use crate::time;

const PANEL: &str = "rounded-2xl border border-line bg-surface p-5 shadow-sheet sm:p-7";
const HEADING: &str = "mb-4 font-display text-2xl font-semibold tracking-tight";

/// What has been chosen so far.
#[derive(Clone, Copy)]
struct Draft {
    document: RwSignal<Option<DocumentId>>,
    /// What the API says of the document; `None` until it has answered.
    details: RwSignal<Option<Document>>,
    /// How many previews are shown.
    pages: RwSignal<u32>,
    resolution: RwSignal<Resolution>,
    to: RwSignal<String>,
    quote: RwSignal<Option<Quote>>,
    files_error: RwSignal<String>,
    to_error: RwSignal<String>,
    failure: RwSignal<Option<Failure>>,
}

/// All steps of sending a fax.
#[island]
pub fn SendFax(
    /// The document that was uploaded before, if there is one.
    document: Option<DocumentId>,
    /// The quote that was asked for before, if there is one.
    quote: Option<QuoteId>,
    /// How many pages the document has, as far as the page's address says.
    pages: u32,
    /// What was typed as the number.
    to: String,
    /// What is wrong with the files.
    files_error: String,
    /// What is wrong with the number.
    to_error: String,
) -> impl IntoView {
    let draft = Draft {
        document: RwSignal::new(document),
        details: RwSignal::new(None),
        pages: RwSignal::new(pages),
        resolution: RwSignal::new(Resolution::Fine),
        to: RwSignal::new(to),
        quote: RwSignal::new(None),
        files_error: RwSignal::new(files_error),
        to_error: RwSignal::new(to_error),
        failure: RwSignal::new(None),
    };
    let asked = StoredValue::new(quote.clone());
    Effect::new(move |_| resume(draft, asked.get_value()));
    view! {
        <div id="send" class="grid gap-6">
            {move || match draft.document.get() {
                None if asked.with_value(Option::is_some) && draft.quote.with(Option::is_none) => ().into_any(),
                None => upload::upload_form(draft),
                Some(document) => view! {
                    {upload::document_view(draft, document.clone())}
                    {price_form::price_form(draft, &document)}
                }
                .into_any(),
            }}
            {move || draft.failure.with(|failure| failure.as_ref().map(failure_view))}
            {move || match draft.quote.get() {
                Some(quote) => Some(quote_view(draft, quote)),
                None => asked.get_value().filter(|_| draft.document.with(Option::is_none)).map(|quote| plain_send_form(&quote)),
            }}
        </div>
    }
}

/// Reads again what the page's address names.
fn resume(draft: Draft, quote: Option<QuoteId>) {
    let document = draft.document.get_untracked();
    spawn_local(async move {
        let mut document = document;
        if let Some(id) = quote {
            match api::quote(&id).await {
                Ok(quote) => {
                    document = Some(quote.document_id.clone());
                    draft.to.set(quote.to_display.clone());
                    draft.resolution.set(quote.resolution);
                    draft.quote.set(Some(quote));
                }
                Err(failure) => return draft.failure.set(Some(failure)),
            }
        }
        let Some(id) = document else { return };
        match api::document(&id).await {
            Ok(details) => upload::show_document(draft, details),
            Err(failure) => draft.failure.set(Some(failure)),
        }
    });
}

/// The last step before the module knows the quote: a plain form.
fn plain_send_form(quote: &QuoteId) -> AnyView {
    view! {
        <form method="post" action="/api/v1/faxes" class=PANEL>
            <input type="hidden" name="quote_id" value=quote.to_string() />
            <p class="mb-4 text-muted">"The price is set aside from your credits. If the fax is not delivered, all of it returns."</p>
            <button type="submit" class=ButtonKind::Primary.class()>"Send this fax"</button>
        </form>
    }
    .into_any()
}

fn quote_view(draft: Draft, quote: Quote) -> AnyView {
    let busy = RwSignal::new(false);
    let id = quote.id.clone();
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let id = id.clone();
        spawn_local(async move {
            match api::create_fax(id).await {
                Ok(fax) => go_to(&format!("/faxes/{}", fax.id)),
                Err(failure) => {
                    draft.failure.set(Some(failure));
                    busy.set(false);
                }
            }
        });
    };
    let pages = if quote.billable_pages == quote.pages {
        quote.pages.to_string()
    } else {
        format!("{}, paid as {}", quote.pages, quote.billable_pages)
    };
    view! {
        <section aria-labelledby="quote-heading" class=PANEL>
            <h2 id="quote-heading" class=HEADING>"Ready to send"</h2>
            <div role="status" class="grid gap-x-8 gap-y-3 sm:grid-cols-2 lg:grid-cols-4">
                {fact("quote-to", "To", format!("{} ({})", quote.to_display, quote.destination.name))}
                {fact("quote-pages", "Pages", pages)}
                {fact("quote-time", "Time on the line", format!("about {}", time::rough_duration(u64::from(quote.estimated_seconds))))}
                {fact("quote-price", "Price", quote.price.to_string())}
            </div>
            <form method="post" action="/api/v1/faxes" class="mt-6 flex flex-wrap items-center gap-4" on:submit=send>
                <input type="hidden" name="quote_id" value=quote.id.to_string() />
                <button type="submit" class=ButtonKind::Primary.class() disabled=move || busy.get()>
                    {format!("Send fax for {}", quote.price)}
                </button>
                <p class="text-sm text-muted">"If it is not delivered, all of it returns to your balance."</p>
            </form>
        </section>
    }
    .into_any()
}

fn fact(id: &'static str, name: &'static str, value: String) -> AnyView {
    view! { <p class="min-w-0"><span class="block text-sm text-muted">{name}</span><span id=id class="text-lg font-semibold wrap-anywhere">{value}</span></p> }
        .into_any()
}
