//! All faxes of a customer, with search and filter.

use faxdroid_contract::faxes::{FaxStatus, FaxSummary};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlFormElement};

use super::element::{Element, button, element, link, page_count, show};
use super::failure::failure_view;
use crate::api;
use crate::components::ButtonKind;
use crate::components::status_badge::status_class;
use crate::time;

/// The list of what the page's search form asks for. Without scripts the form loads the page again, whose
/// frame shows the filtered list.
#[cfg_attr(feature = "islands", island)]
#[cfg_attr(not(feature = "islands"), component)]
pub fn FaxList() -> impl IntoView {
    let listing = Listing { rows: StoredValue::new(Vec::new()), turn: StoredValue::new(0) };
    Effect::new(move |_| {
        let Some(form) = search_form() else { return };
        // Both events bubble to the form; a change of the text is searched for when it is sent.
        super::listen(&form, "submit", move |event| {
            event.prevent_default();
            listing.search();
        });
        super::listen(&form, "change", move |_| listing.search());
        listing.search();
    });
    view! { <div id="faxes"><p class="hidden text-muted scripts:block">"Loading\u{2026}"</p></div> }
}

#[derive(Clone, Copy)]
struct Listing {
    rows: StoredValue<Vec<FaxSummary>>,
    /// Counts searches, so that a late answer to an earlier one is dropped.
    turn: StoredValue<u32>,
}

impl Listing {
    fn search(self) {
        self.turn.update_value(|turn| *turn += 1);
        self.rows.set_value(Vec::new());
        self.load(None);
    }

    fn load(self, cursor: Option<String>) {
        let turn = self.turn.get_value();
        spawn_local(async move {
            let answer = api::faxes(&form_value("q"), &form_value("status"), cursor.as_deref()).await;
            if self.turn.get_value() != turn {
                return;
            }
            match answer {
                Ok(page) => {
                    self.rows.update_value(|rows| rows.extend(page.data));
                    show("faxes", self.rows.with_value(|rows| list(rows)));
                    if let Some(next) = page.next_cursor {
                        let more = button(
                            ButtonKind::Secondary.class(),
                            "Load more",
                            Box::new(move |_| self.load(Some(next.clone()))),
                        );
                        show("faxes-more", vec![more]);
                    }
                }
                Err(failure) => show("faxes", vec![failure_view(&failure)]),
            }
        });
    }
}

fn search_form() -> Option<HtmlFormElement> {
    document().get_element_by_id("fax-search")?.dyn_into().ok()
}

fn form_value(name: &str) -> String {
    let value = search_form().and_then(|form| FormData::new_with_form(&form).ok()).map(|data| data.get(name));
    value.and_then(|value| value.as_string()).unwrap_or_default().trim().to_owned()
}

/// An empty list is not shown; the page then says why.
fn list(rows: &[FaxSummary]) -> Vec<Element> {
    let list =
        element("ul", "mb-5 divide-y divide-line rounded-2xl border border-line bg-surface empty:hidden")
            .id("fax-list")
            .children(rows.iter().map(item).collect());
    vec![list, element("div", "").id("faxes-more")]
}

fn item(fax: &FaxSummary) -> Element {
    let about = format!("{} \u{b7} {} \u{b7} {}", fax.document_name, page_count(fax.pages), fax.price);
    let name = element("div", "min-w-0")
        .child(link(
            &format!("/faxes/{}", fax.id),
            "font-semibold after:absolute after:inset-0",
            &fax.to_display,
        ))
        .child(element("p", "truncate text-sm text-muted").text(&about));
    let state = element(
        "div",
        "flex flex-wrap items-center gap-x-4 gap-y-1 sm:grid sm:grid-cols-[1fr_11rem] sm:justify-items-end",
    )
    .child(element("span", "text-sm text-muted").text(&time::local(&fax.created_at)))
    .child(badge(fax.status));
    element(
        "li",
        "relative flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-5 py-4 hover:bg-raised",
    )
    .child(name)
    .child(state)
}

/// The status in one word.
pub(super) fn badge(status: FaxStatus) -> Element {
    element("span", status_class(status)).attribute("data-status", status.as_str()).text(status.title())
}
