//! The calculator's answer, in place.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};

use crate::estimate;

/// What the chosen fax costs. In the browser it listens to the form above it, whose options carry the
/// multipliers; so the price table itself need not be part of the module.
#[island]
pub fn PriceEstimate(
    /// The country's name.
    country: String,
    /// A page to it is paid as so many.
    multiplier: u32,
    /// How many pages.
    pages: u32,
) -> impl IntoView {
    let chosen = RwSignal::new((country, multiplier, pages));
    Effect::new(move |_| listen(chosen));
    let sum = move || {
        chosen.with(|(country, multiplier, pages)| {
            format!("{} to {country}", estimate::sum(*pages, *multiplier))
        })
    };
    let price =
        move || chosen.with(|(_, multiplier, pages)| estimate::price(*pages, *multiplier).to_string());
    view! {
        <p aria-live="polite" class="mt-6 flex flex-wrap items-baseline gap-x-4 gap-y-1">
            <output id="estimate" class="font-display text-5xl font-semibold tracking-tight tabular-nums">{price}</output>
            <span class="text-muted">{sum}</span>
        </p>
    }
}

fn listen(chosen: RwSignal<(String, u32, u32)>) {
    let Some(form) = document().get_element_by_id("calculator-form") else { return };
    super::listen(&form, "input", move |_| {
        if let Some(now) = read_form() {
            chosen.set(now);
        }
    });
}

fn read_form() -> Option<(String, u32, u32)> {
    let country: HtmlSelectElement = document().get_element_by_id("country")?.dyn_into().ok()?;
    let pages: HtmlInputElement = document().get_element_by_id("pages")?.dyn_into().ok()?;
    let option: Element = country.selected_options().item(0)?;
    let multiplier = option.get_attribute("data-multiplier")?.parse().ok()?;
    Some((option.text_content()?.trim().to_owned(), multiplier, estimate::page_count(&pages.value())?))
}
