//! A page, rendered for a path and query; its status, how long it may be kept, and what is shown when it cannot be
//! rendered.

use std::panic::AssertUnwindSafe;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use faxdroid_app::CanonicalOrigin;
use faxdroid_app::routes::{self, Cache, Page};
use futures::FutureExt;
use leptos::prelude::provide_context;

use crate::Site;
use crate::addresses::origin_of;

/// Shown when even the page for errors cannot be rendered.
const LAST_RESORT: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>FaxDroid</title></head>\
    <body><h1>Something went wrong</h1><p>Please try again in a minute.</p></body></html>";

/// A page may be shown a little too old while the new one is fetched, and much too old when that fails (RFC 5861).
const STALE: &str = "stale-while-revalidate=86400, stale-if-error=604800";

pub(crate) async fn page(State(site): State<Site>, request: Request<Body>) -> Response<Body> {
    if request.method() != Method::GET {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let page = routes::find(request.uri().path());
    let uri = page.map_or_else(|| without_query(request.uri()), |page| with_known_query(request.uri(), page));
    let (status, cache) = match page {
        Some(page) if uri.query().is_none() => (StatusCode::OK, page.cache),
        Some(_) => (StatusCode::OK, Cache::Never),
        None => (StatusCode::NOT_FOUND, Cache::Brief),
    };
    let origin = origin_of(&site, &request);
    match render(&site, origin.clone(), uri).await {
        Some(body) => answer(status, cache, body),
        None => {
            tracing::error!(path = request.uri().path(), "render_panicked");
            error_page(&site, origin).await
        }
    }
}

/// The page that says that something went wrong, with status 500.
pub(crate) async fn error_page(site: &Site, origin: Option<CanonicalOrigin>) -> Response<Body> {
    let body = render(site, origin, Uri::from_static(routes::ERROR)).await;
    answer(StatusCode::INTERNAL_SERVER_ERROR, Cache::Never, body.unwrap_or_else(|| Body::from(LAST_RESORT)))
}

fn answer(status: StatusCode, cache: Cache, body: Body) -> Response<Body> {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, cache_control(cache)),
    ];
    (status, headers, body).into_response()
}

pub(crate) fn cache_control(cache: Cache) -> HeaderValue {
    let kept = cache
        .lifetime()
        .map(|kept| format!("public, max-age={}, s-maxage={}, {STALE}", kept.browser, kept.edge))
        .and_then(|kept| HeaderValue::try_from(kept).ok());
    kept.unwrap_or(HeaderValue::from_static("no-store"))
}

fn without_query(uri: &Uri) -> Uri {
    uri.path().parse().unwrap_or_default()
}

/// The path with what the page reads of the query, in the order in which it stands there.
fn with_known_query(uri: &Uri, page: &Page) -> Uri {
    let known: Vec<_> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| page.reads(pair.split_once('=').map_or(*pair, |(name, _)| name)))
        .collect();
    if known.is_empty() {
        return without_query(uri);
    }
    format!("{}?{}", uri.path(), known.join("&")).parse().unwrap_or_else(|_| without_query(uri))
}

/// The HTML of the page at `uri`; `None` when rendering it panicked. Only the URI and the site's origin go in.
async fn render(site: &Site, origin: Option<CanonicalOrigin>, uri: Uri) -> Option<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    let Site { options, openapi, document, .. } = site.clone();
    let provide = move || {
        provide_context(openapi.clone());
        if let Some(origin) = origin.clone() {
            provide_context(origin);
        }
    };
    let rendering = async move {
        let render = leptos_axum::render_app_async_with_context(provide, move || document(options.clone()));
        let body = render(request).await.into_body();
        // The body is made of strings that were rendered before, so reading it cannot fail.
        to_bytes(body, usize::MAX).await.unwrap_or_default()
    };
    let html = AssertUnwindSafe(rendering).catch_unwind().await.ok()?;
    let end = end_of_document(&html)?;
    Some(Body::from(html.slice(..end)))
}

/// Behind the document Leptos appends scripts with the data of resources. No page has any; the scripts would be empty,
/// differ by their nonce at each render, and be refused by the policy.
fn end_of_document(html: &[u8]) -> Option<usize> {
    const END: &[u8] = b"</html>";
    html.windows(END.len()).rposition(|window| window == END).map(|start| start + END.len())
}
