//! Upload, check, price, send: all steps in place, on the page's own forms. Each of them also works before the
//! module is loaded, or without it.

mod price;
mod upload;

use std::str::FromStr;

use faxdroid_contract::calling_hours::CallingHours;
use faxdroid_contract::documents::{Document, Resolution};
use faxdroid_contract::ids::{DocumentId, QuoteId};
use faxdroid_contract::quotes::Quote;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, HtmlInputElement, HtmlSelectElement};

use super::element::{Element, element, fact, facts, focus, link, page_count, show, write};
use super::failure::failure_view;
use super::live_fax::go_to;
use crate::api::{self, Failure};
use crate::components::{ButtonKind, PANEL, PANEL_HEADING};
use crate::time;

/// All steps of sending a fax.
#[cfg_attr(feature = "islands", island)]
#[cfg_attr(not(feature = "islands"), component)]
pub fn SendFax() -> impl IntoView {
    let draft = Draft { document: StoredValue::new(None), turn: StoredValue::new(0) };
    Effect::new(move |_| {
        upload::attend(draft);
        price::attend(draft);
        resume(draft, named("document_id"), named("quote_id"));
    });
    view! { <div id="send-failure" class="empty:hidden"></div> }
}

/// What has been chosen so far; number and resolution are in the form.
#[derive(Clone, Copy)]
struct Draft {
    document: StoredValue<Option<Document>>,
    /// Counts questions for a price, so that a late answer to an earlier one is dropped.
    turn: StoredValue<u32>,
}

impl Draft {
    /// Shows the document and asks for the number.
    fn take_document(self, document: Document) {
        set_hidden("upload-step", true);
        set_hidden("number-step", false);
        if let Some(input) = input("document_id") {
            input.set_value(document.id.as_str());
        }
        remember(&format!("?document={}", document.id));
        self.document.set_value(Some(document));
        self.show_document();
    }

    fn show_document(self) {
        let view = self
            .document
            .with_value(|document| document.as_ref().map(|document| document_view(self, document)));
        show("document-view", view.into_iter().collect());
    }

    fn drop_document(self) {
        remember("");
        self.document.set_value(None);
        self.drop_price();
        show("document-view", Vec::new());
        set_hidden("number-step", true);
        set_hidden("upload-step", false);
        focus("files");
    }

    /// A price that is shown is always the price of what stands in the form.
    fn drop_price(self) {
        self.turn.update_value(|turn| *turn += 1);
        show("quote-view", Vec::new());
        show("send-failure", Vec::new());
    }
}

/// Reads again what was chosen before the page was loaded.
fn resume(draft: Draft, document: Option<DocumentId>, quote: Option<QuoteId>) {
    spawn_local(async move {
        let quote = match quote {
            None => None,
            Some(id) => match api::quote(&id).await {
                Ok(quote) => Some(quote),
                Err(failure) => return show_failure(&failure),
            },
        };
        let Some(document) = quote.as_ref().map(|quote| quote.document_id.clone()).or(document) else {
            return;
        };
        if let Some(quote) = &quote {
            if let Some(input) = input("to") {
                input.set_value(&quote.to_display);
            }
            if let Some(select) = select("resolution") {
                select.set_value(quote.resolution.as_str());
            }
            if let Some(select) = select("calling_hours") {
                select.set_value(&quote.calling_hours.map(String::from).unwrap_or_default());
            }
        }
        match api::document(&document).await {
            Ok(document) => draft.take_document(document),
            Err(failure) => return show_failure(&failure),
        }
        if let Some(quote) = quote {
            show_quote(&quote);
        }
    });
}

fn show_quote(quote: &Quote) {
    remember(&format!("?quote={}", quote.id));
    show("quote-view", vec![quote_view(quote)]);
}

/// A page loaded again, or come back to with credits, finds what was chosen.
fn remember(query: &str) {
    if let Ok(history) = window().history() {
        // Only an address of another site is refused.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("/send{query}")));
    }
}

fn document_view(draft: Draft, document: &Document) -> Element {
    let about = format!("{}, {}", document.name, page_count(document.pages));
    let head = element("div", "mb-4 flex flex-wrap items-center justify-between gap-3")
        .child(
            element("div", "min-w-0")
                .child(element("h2", PANEL_HEADING).id("document-heading").text("Your document"))
                .child(
                    element("p", "-mt-3 wrap-anywhere text-muted")
                        .id("document-name")
                        .attribute("role", "status")
                        .text(&about),
                ),
        )
        .child(super::element::button(
            ButtonKind::Secondary.class(),
            "Choose other files",
            Box::new(move |_| draft.drop_document()),
        ));
    let previews = (1..=document.pages).map(|number| preview(&document.id, number)).collect();
    element("section", PANEL)
        .attribute("aria-labelledby", "document-heading")
        .child(head)
        .child(element("ol", "flex gap-4 overflow-x-auto pb-3").id("previews").children(previews))
}

fn preview(document: &DocumentId, number: u32) -> Element {
    let path = Document::preview_path(document, number, resolution());
    let image = element("img", "h-96 w-72 rounded border border-line bg-white object-contain")
        .attribute("loading", "lazy")
        .attribute("alt", &format!("Page {number} as it will be faxed"))
        .attribute("src", &path);
    element("li", "shrink-0")
        .child(link(&path, "block cursor-zoom-in rounded", "").attribute("target", "_blank").child(image))
}

fn quote_view(quote: &Quote) -> Element {
    let id = quote.id.clone();
    let submit: Box<dyn FnMut(Event)> = Box::new(move |event| {
        event.prevent_default();
        let id = id.clone();
        set_disabled("send-button", true);
        spawn_local(async move {
            match api::create_fax(&id).await {
                Ok(fax) => go_to(&format!("/faxes/{}", fax.id)),
                Err(failure) => {
                    show_failure(&failure);
                    set_disabled("send-button", false);
                }
            }
        });
    });
    let pages = if quote.billable_pages == quote.pages {
        quote.pages.to_string()
    } else {
        format!("{}, paid as {}", quote.pages, quote.billable_pages)
    };
    let length = time::rough_duration(u64::from(quote.estimated_seconds));
    let about = facts(vec![
        fact("quote-to", "To", &format!("{} ({})", quote.to_display, quote.destination.name)),
        fact("quote-pages", "Pages", &pages),
        fact("quote-time", "Time on the line", &format!("about {length}")),
        fact("quote-price", "Price", &quote.price.to_string()),
    ]);
    let send = element("button", ButtonKind::Primary.class()).id("send-button");
    let form = element("form", "mt-6 flex flex-wrap items-center gap-4")
        .on("submit", submit)
        .child(send.text(&format!("Send fax for {}", quote.price)))
        .child(
            element("p", "text-sm text-muted")
                .text("If it is not delivered, all of it returns to your balance."),
        );
    element("section", PANEL)
        .attribute("aria-labelledby", "quote-heading")
        .child(element("h2", PANEL_HEADING).id("quote-heading").text("Ready to send"))
        .child(element("div", "").attribute("role", "status").child(about))
        .child(form)
}

fn show_failure(failure: &Failure) {
    show("send-failure", vec![failure_view(failure)]);
}

/// The sentence beside a field; none takes it away.
fn show_field_error(field: &str, sentence: &str) {
    write(&format!("{field}-error"), sentence);
    if let Some(input) = input(field) {
        // Only a name that is none is refused.
        let _ = if sentence.is_empty() {
            input.remove_attribute("aria-invalid")
        } else {
            input.set_attribute("aria-invalid", "true")
        };
    }
}

/// What an input of the page names, if anything.
fn named<Id: FromStr>(id: &str) -> Option<Id> {
    input(id)?.value().parse().ok()
}

fn input(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

fn select(id: &str) -> Option<HtmlSelectElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

fn resolution() -> Resolution {
    match select("resolution").map(|select| select.value()).as_deref() {
        Some("standard") => Resolution::Standard,
        _ => Resolution::Fine,
    }
}

fn calling_hours() -> Option<CallingHours> {
    select("calling_hours")?.value().parse().ok()
}

fn set_hidden(id: &str, hidden: bool) {
    set_flag(id, "hidden", hidden);
}

fn set_disabled(id: &str, disabled: bool) {
    set_flag(id, "disabled", disabled);
}

fn set_flag(id: &str, name: &str, on: bool) {
    if let Some(element) = document().get_element_by_id(id) {
        // Only a name that is none is refused.
        let _ = element.toggle_attribute_with_force(name, on);
    }
}
