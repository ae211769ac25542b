//! The customer site, as development serves it: what CloudFront, the static bucket and the renderer at the edge do in
//! production.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use faxdroid_edge::Site;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeader;

use crate::config::Config;

/// The names of these files change with their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Answers everything that the API does not.
pub fn router(config: &Config, openapi: &str) -> Router {
    // cargo-leptos says where it put the files it built; without it the setting does.
    let root = std::env::var_os("LEPTOS_SITE_ROOT").map_or_else(|| config.site.root.clone(), Into::into);
    let origin = config.public_url.as_str().trim_end_matches('/');
    let pages = faxdroid_edge::router(Site::new(openapi, Some(origin)));
    let hashed = SetResponseHeader::overriding(ServeDir::new(root.join("pkg")), CACHE_CONTROL, IMMUTABLE);
    let public = ServeDir::new(root)
        .append_index_html_on_directories(false)
        .call_fallback_on_method_not_allowed(true)
        .fallback(pages);
    Router::new().nest_service("/pkg", hashed).fallback_service(public).layer(CompressionLayer::new())
}
