//! The renderer of the customer site: an HTTP request comes in, the HTML of a page goes out.
//!
//! It knows nothing of who asks. Path and query decide every byte of a page; cookies and other headers are not looked
//! at, so that what is rendered for one visitor can be kept at the edge and shown to all. Of the query only what the
//! page says it reads comes through.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use faxdroid_app::{CanonicalOrigin, OpenApi, shell};
use leptos::config::LeptosOptions;
use leptos::prelude::{AnyView, IntoAny};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

mod addresses;
mod crawlers;
mod headers;
mod pages;
mod representation;

#[cfg(feature = "lambda")]
pub mod cloudfront;
#[cfg(feature = "lambda")]
pub mod lambda;

pub use addresses::FORWARDED_HOST;
pub use crawlers::Crawlers;

/// What pages are rendered with, beside their path and query.
#[derive(Debug, Clone)]
pub struct Site {
    options: LeptosOptions,
    openapi: OpenApi,
    origin: Option<CanonicalOrigin>,
    document: fn(LeptosOptions) -> AnyView,
}

impl Site {
    /// `openapi` is the API's description as JSON, for the developers' page; `origin` is scheme and host of the public
    /// site, for canonical links. A request that carries a [`CanonicalOrigin`] of its own as an extension overrides it.
    pub fn new(openapi: &str, origin: Option<&str>) -> Self {
        let mut options = LeptosOptions::builder().output_name("faxdroid").hash_files(true).build();
        // Another port when several clones are watched at once.
        if let Some(port) = std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()) {
            options.reload_port = port;
        }
        let origin = origin.map(|origin| CanonicalOrigin(Arc::from(origin)));
        Self {
            options,
            openapi: OpenApi(Arc::from(openapi)),
            origin,
            document: |options| shell(options).into_any(),
        }
    }

    /// The same with another document than that of the site: tests put one here that panics.
    #[must_use]
    pub fn with_document(self, document: fn(LeptosOptions) -> AnyView) -> Self {
        Self { document, ..self }
    }
}

/// Answers every path: with its page, with a redirect to where that is, or with the page that says that there is none.
pub fn router(site: Site) -> Router {
    // Once for the program; who comes later finds it there.
    let _ = any_spawner::Executor::init_tokio();
    let compression = CompressionLayer::new().quality(CompressionLevel::Precise(BROTLI_QUALITY));
    Router::new()
        .route("/robots.txt", get(crawlers::robots))
        .route("/sitemap.xml", get(crawlers::sitemap))
        .fallback(pages::page)
        .layer(middleware::from_fn_with_state(site.clone(), addresses::redirect))
        .layer(middleware::from_fn(representation::describe))
        .layer(compression)
        .layer(middleware::from_fn(representation::answer_head))
        .with_state(site)
}

/// Of 11. Compressing is most of the time of a render; higher ones take longer than they save on the way.
const BROTLI_QUALITY: i32 = 5;
