//! The customer site: pages, their parts, and the islands that hydrate in the browser.
//!
//! A page is rendered from its path and query alone, never from who reads it, so a cached page can be shown
//! to anybody. Every form posts to the API without scripts; an island only does the same thing in place.

pub mod components;
pub mod estimate;
pub mod forms;
pub mod islands;

mod api;
mod decode;
mod json;
mod time;

#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod reference;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(feature = "ssr")]
pub use routes::App;
#[cfg(feature = "ssr")]
pub use shell::{CanonicalOrigin, ISLANDS_SCRIPT, OpenApi, SESSION_SCRIPT, shell};

/// Called by the page's script once the module is loaded.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
