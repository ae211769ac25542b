//! The renderer of the customer site: an HTTP request comes in, the HTML of a page goes out.
//!
//! It knows nothing of who asks. Method, path and query decide every byte of the answer; cookies and other headers
//! are not looked at, so that what is rendered for one visitor can be kept at the edge and shown to all.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{ALLOW, CACHE_CONTROL};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use faxdroid_app::routes::{self, Cache};
use faxdroid_app::{CanonicalOrigin, OpenApi, shell};
use futures::FutureExt;
use leptos::config::LeptosOptions;
use leptos::prelude::provide_context;

mod headers;

/// What pages are rendered with, beside their path and query.
#[derive(Debug, Clone)]
pub struct Site {
    options: LeptosOptions,
    openapi: OpenApi,
    origin: Option<CanonicalOrigin>,
}

impl Site {
    /// `openapi` is the API's description as JSON, for the developers' page; `origin` is scheme and host of the public
    /// site, for canonical links.
    pub fn new(openapi: &str, origin: Option<&str>) -> Self {
        let options = LeptosOptions::builder().output_name("faxdroid").hash_files(true).build();
        let origin = origin.map(|origin| CanonicalOrigin(Arc::from(origin)));
        Self { options, openapi: OpenApi(Arc::from(openapi)), origin }
    }
}

/// Answers every path: with its page, or with the page that says that there is none.
pub fn router(site: Site) -> Router {
    // Walks the routes once, which also sets up what Leptos runs its tasks on.
    leptos_axum::generate_route_list(faxdroid_app::App);
    Router::new().fallback(page).with_state(site)
}

async fn page(State(site): State<Site>, request: Request<Body>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let page = routes::find(request.uri().path());
    let (status, cache) = page.map_or((StatusCode::NOT_FOUND, Cache::Never), |page| {
        let has_query = request.uri().query().is_some();
        (StatusCode::OK, if has_query { Cache::Never } else { page.cache })
    });
    let rendered = AssertUnwindSafe(render(&site, request.uri().clone())).catch_unwind().await;
    let (mut response, status, cache) = match rendered {
        Ok(response) => (response, status, cache),
        Err(_panic) => {
            tracing::error!(path = request.uri().path(), "render_panicked");
            (
                render(&site, Uri::from_static(routes::ERROR)).await,
                StatusCode::INTERNAL_SERVER_ERROR,
                Cache::Never,
            )
        }
    };
    *response.status_mut() = status;
    let cache_control = match cache.max_age() {
        // A page may be shown a little too old while the new one is fetched, and much too old when that fails.
        Some(seconds) => HeaderValue::try_from(format!(
            "public, max-age={seconds}, stale-while-revalidate=86400, stale-if-error=604800"
        ))
        .unwrap_or(HeaderValue::from_static("no-store")),
        None => HeaderValue::from_static("no-store"),
    };
    response.headers_mut().insert(CACHE_CONTROL, cache_control);
    headers::secure(response.headers_mut());
    response
}

/// The HTML of the page at `uri`. Only the URI goes in.
async fn render(site: &Site, uri: Uri) -> Response<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    let Site { options, openapi, origin } = site.clone();
    let provide = move || {
        provide_context(openapi.clone());
        if let Some(origin) = origin.clone() {
            provide_context(origin);
        }
    };
    let (head, body) =
        leptos_axum::render_app_async_with_context(provide, move || shell(options.clone()))(request)
            .await
            .into_parts();
    // The body is made of strings that were rendered before, so reading it cannot fail.
    let html = to_bytes(body, usize::MAX).await.unwrap_or_default();
    Response::from_parts(head, Body::from(html.slice(..end_of_document(&html))))
}

/// Behind the document Leptos appends scripts with the data of resources. No page has any; the scripts would be empty,
/// differ by their nonce at each render, and be refused by the policy.
fn end_of_document(html: &[u8]) -> usize {
    const END: &[u8] = b"</html>";
    html.windows(END.len()).rposition(|window| window == END).map_or(html.len(), |start| start + END.len())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(request: Request<Body>) -> (Response<()>, String) {
        let site = Site::new("{}", Some("https://www.faxdroid.com"));
        let (parts, body) = router(site).oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(path: &str) -> (Response<()>, String) {
        ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn the_home_page_is_whole_html_that_may_be_kept() {
        let (response, html) = get("/").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"), "{html}");
        assert!(response.headers()[CACHE_CONTROL].to_str().unwrap().starts_with("public, max-age=300"));
    }

    #[tokio::test]
    async fn an_unknown_path_is_a_page_with_status_404() {
        let (response, html) = get("/no/such/page").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(html.contains("<h1"));
    }

    #[tokio::test]
    async fn a_query_may_hold_what_somebody_typed_so_the_page_is_not_kept() {
        let (response, _) = get("/pricing?country=DE&pages=3").await;
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    }

    #[tokio::test]
    async fn cookies_and_other_headers_change_nothing() {
        let with = Request::get("/faxes")
            .header("cookie", "faxdroid_session=secret; faxdroid_signed_in=1")
            .header("authorization", "Bearer secret")
            .header("accept-language", "de")
            .body(Body::empty())
            .unwrap();
        assert_eq!(ask(with).await.1, get("/faxes").await.1);
    }

    #[tokio::test]
    async fn pages_take_no_posts() {
        let (response, _) = ask(Request::post("/send").body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn the_policy_names_the_inline_scripts_by_hash_and_allows_no_other() {
        let (response, _) = get("/send").await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
        assert!(!policy.contains("unsafe-inline"), "{policy}");
    }
}
