//! Elements made in the browser, for what only the browser may know: private data is never part of a rendered
//! page, so there is nothing to hydrate. One type for all elements keeps the module small; text goes in as
//! text, so nothing that somebody named can become markup.

use leptos::prelude::document;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Event, HtmlElement};

/// An element that is not on the page yet.
pub(super) struct Element(web_sys::Element);

/// A new element with its classes.
pub(super) fn element(tag: &'static str, class: &'static str) -> Element {
    let made = document().create_element(tag).unwrap_throw();
    if !class.is_empty() {
        made.set_class_name(class);
    }
    Element(made)
}

/// Puts `content` into the element named `id`, instead of what was in it.
pub(super) fn show(id: &str, content: Vec<Element>) {
    if let Some(host) = document().get_element_by_id(id) {
        host.set_inner_html("");
        Element(host).children(content);
    }
}

/// Writes `text` into the element named `id`, instead of what was in it.
pub(super) fn write(id: &str, text: &str) {
    if let Some(host) = document().get_element_by_id(id) {
        host.set_text_content(Some(text));
    }
}

/// Moves the focus to the element named `id`.
pub(super) fn focus(id: &str) {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        // An element that cannot have it leaves it where it is.
        let _ = element.focus();
    }
}

impl Element {
    pub(super) fn attribute(self, name: &'static str, value: &str) -> Self {
        // Only a name that is none is refused.
        let _ = self.0.set_attribute(name, value);
        self
    }

    pub(super) fn id(self, id: &'static str) -> Self {
        self.attribute("id", id)
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.0.set_text_content(Some(text));
        self
    }

    pub(super) fn child(self, child: Element) -> Self {
        // Only a node that contains this one is refused.
        let _ = self.0.append_child(&child.0);
        self
    }

    pub(super) fn children(self, children: Vec<Element>) -> Self {
        children.into_iter().fold(self, Element::child)
    }

    pub(super) fn on(self, event: &'static str, handler: Box<dyn FnMut(Event)>) -> Self {
        let handler = Closure::wrap(handler);
        let _ = self.0.add_event_listener_with_callback(event, handler.as_ref().unchecked_ref());
        // It may be called as long as the element is there, which is until the page is left.
        handler.forget();
        self
    }
}

/// A link.
pub(super) fn link(href: &str, class: &'static str, text: &str) -> Element {
    element("a", class).attribute("href", href).text(text)
}

/// A button that does something on this page.
pub(super) fn button(class: &'static str, text: &str, act: Box<dyn FnMut(Event)>) -> Element {
    element("button", class).attribute("type", "button").text(text).on("click", act)
}

/// A name and its value, for a `dl`.
pub(super) fn fact(id: &'static str, name: &str, value: &str) -> Element {
    element("div", "min-w-0")
        .child(element("dt", "text-sm text-muted").text(name))
        .child(element("dd", "text-lg wrap-anywhere tabular-nums").id(id).text(value))
}

/// Names and values in columns.
pub(super) fn facts(facts: Vec<Element>) -> Element {
    element("dl", "grid grid-cols-[repeat(auto-fit,minmax(min(11rem,100%),1fr))] gap-x-8 gap-y-3")
        .children(facts)
}

/// A table. On a phone each row becomes a list of names and values (`.stacks` in the style sheet).
pub(super) fn table(label: &str, columns: &[&str], body: Element) -> Element {
    let head = columns
        .iter()
        .map(|name| {
            element("th", "py-2 pr-4 font-semibold whitespace-nowrap last:pr-0")
                .attribute("scope", "col")
                .text(name)
        })
        .collect();
    let head =
        element("thead", "border-b border-line text-sm text-muted").child(element("tr", "").children(head));
    element("div", "overflow-x-auto has-[tbody:empty]:hidden")
        .attribute("tabindex", "0")
        .attribute("role", "region")
        .attribute("aria-label", label)
        .child(element("table", "stacks w-full text-left").child(head).child(body))
}

/// A row of such a table; each cell knows the name of its column.
pub(super) fn row(columns: &[&str], cells: Vec<Element>) -> Element {
    cells
        .into_iter()
        .zip(columns)
        .fold(element("tr", "border-b border-line last:border-0"), |row, (cell, name)| {
            row.child(cell.attribute("data-label", name))
        })
}

/// A cell of such a row.
pub(super) fn cell(text: &str) -> Element {
    element("td", "py-2.5 pr-4 align-top tabular-nums last:pr-0 sm:whitespace-nowrap").text(text)
}

/// `1 page`, `3 pages`.
pub(super) fn page_count(pages: u32) -> String {
    let unit = if pages == 1 { "page" } else { "pages" };
    format!("{pages} {unit}")
}
