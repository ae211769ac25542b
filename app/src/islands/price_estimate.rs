//! The calculator's answer, in place.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};

use super::element::write;
use crate::estimate;

/// Keeps the answer of the page's calculator up to date. Its options carry the multipliers, so the price table
/// itself need not be part of the module.
#[cfg_attr(feature = "islands", island)]
#[cfg_attr(not(feature = "islands"), component)]
pub fn PriceEstimate() -> impl IntoView {
    Effect::new(|_| {
        if let Some(form) = document().get_element_by_id("calculator-form") {
            super::listen(&form, "input", |_| {
                // While the number of pages is none, the last answer stays.
                let _ = answer();
            });
        }
    });
}

fn answer() -> Option<()> {
    let country: HtmlSelectElement = document().get_element_by_id("country")?.dyn_into().ok()?;
    let pages: HtmlInputElement = document().get_element_by_id("pages")?.dyn_into().ok()?;
    let option = country.selected_options().item(0)?;
    let multiplier = option.get_attribute("data-multiplier")?.parse().ok()?;
    let pages = estimate::page_count(&pages.value())?;
    let name = option.text_content()?;
    write("estimate", &estimate::price(pages, multiplier).to_string());
    write("estimate-sum", &estimate::sum(pages, multiplier, name.trim()));
    Some(())
}
