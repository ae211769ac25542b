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

#[cfg(feature = "csr")]
mod fallback;
#[cfg(any(feature = "ssr", feature = "csr"))]
pub mod pages;
#[cfg(any(feature = "ssr", feature = "csr"))]
pub mod reference;
#[cfg(any(feature = "ssr", feature = "csr"))]
pub mod routes;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(any(feature = "ssr", feature = "csr"))]
pub use reference::OpenApi;
#[cfg(any(feature = "ssr", feature = "csr"))]
pub use routes::App;
#[cfg(feature = "ssr")]
pub use shell::{CanonicalOrigin, ISLANDS_SCRIPT, SESSION_SCRIPT, is_watched, shell};

/// Called by the page's script once the module is loaded.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
