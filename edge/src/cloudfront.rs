//! Lambda@Edge: an origin-request event of CloudFront in, a generated response or the unchanged request out.
//!
//! Shapes and limits follow the CloudFront Developer Guide: "Lambda@Edge event structure", "Generate HTTP responses in
//! request triggers", "Restrictions on edge functions" and "Quotas on Lambda@Edge".

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Request, Response, StatusCode, Uri};
use faxdroid_app::{CanonicalOrigin, routes};
use serde::Serialize;
use serde_json::value::RawValue;
use tower::ServiceExt;

use crate::crawlers::Crawlers;
use event::NotHttp;

pub mod event;
pub mod response;

pub use event::{Event, EventType};
pub use response::GeneratedResponse;

/// Origin custom header with scheme and host of the public site, such as `https://www.faxdroid.com`.
pub const PUBLIC_URL: &str = "x-faxdroid-public-url";
/// Origin custom header that says `noindex` where search engines shall not list the site.
pub const ROBOTS: &str = "x-faxdroid-robots";
/// Origin custom header of the second origin of a group: the path of the file that is shown in place of every page.
pub const FALLBACK: &str = "x-faxdroid-fallback";

/// Where the API and files are that no page is made of.
const ELSEWHERE: [&str; 4] = ["/api/", "/assets/", "/fallback/", "/pkg/"];
/// How the names of public files end. What ends otherwise is asked for by mistake or by robots, and there is a page for that.
const EXTENSIONS: [&str; 7] = ["ico", "json", "png", "svg", "txt", "webmanifest", "xml"];

/// What goes back to CloudFront.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer<'a> {
    /// The event's own request or response: CloudFront goes on with it as if there were no function.
    PassedOn(&'a RawValue),
    /// The event's request, for another file of its origin.
    SentElsewhere(serde_json::Map<String, serde_json::Value>),
    Generated(GeneratedResponse),
}

/// Answers `event` with what `pages` say, when it asks for a page.
///
/// # Errors
///
/// When the event's request is not of the documented shape.
pub async fn answer<'a>(pages: &Router, event: &Event<'a>) -> Result<Answer<'a>, serde_json::Error> {
    let cf = &event.records.0.cf;
    // A response event carries its request as well; what goes on is the response.
    if let Some(response) = cf.response {
        return Ok(Answer::PassedOn(response));
    }
    let request: event::Request = serde_json::from_str(cf.request.get())?;
    if cf.config.event_type != EventType::OriginRequest || !is_for_renderer(&request.uri) {
        return Ok(Answer::PassedOn(cf.request));
    }
    if let Some(file) = request.custom_header(FALLBACK) {
        return Ok(Answer::SentElsewhere(for_file(cf.request, file)?));
    }
    Ok(Answer::Generated(generate(pages, &request).await))
}

/// Pages and what is made from their table, and what is nowhere.
fn is_for_renderer(path: &str) -> bool {
    if matches!(path, "/robots.txt" | "/sitemap.xml") {
        return true;
    }
    let file = path.rsplit('/').next().unwrap_or_default();
    let is_file = file.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension));
    !is_file && !ELSEWHERE.iter().any(|folder| path.starts_with(folder))
}

/// `request` with nothing changed but what it asks for.
fn for_file(
    request: &RawValue,
    file: &str,
) -> Result<serde_json::Map<String, serde_json::Value>, serde_json::Error> {
    let mut request: serde_json::Map<_, _> = serde_json::from_str(request.get())?;
    request.insert("uri".to_owned(), file.into());
    request.insert("querystring".to_owned(), "".into());
    Ok(request)
}

async fn generate(pages: &Router, request: &event::Request) -> GeneratedResponse {
    let asked = match request.to_http() {
        Ok(asked) => asked,
        Err(NotHttp::Truncated) => return GeneratedResponse::bare(StatusCode::PAYLOAD_TOO_LARGE),
        // No browser sends what is no address.
        Err(_) => return GeneratedResponse::bare(StatusCode::BAD_REQUEST),
    };
    let generated = GeneratedResponse::new(&send(pages, configured(asked, request)).await);
    if generated.fits() {
        return generated;
    }
    tracing::error!(path = request.uri, "response_too_large");
    let mut error = Request::new(Body::empty());
    *error.uri_mut() = Uri::from_static(routes::ERROR);
    let mut page = send(pages, configured(error, request)).await;
    *page.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let generated = GeneratedResponse::new(&page);
    if generated.fits() { generated } else { GeneratedResponse::bare(StatusCode::INTERNAL_SERVER_ERROR) }
}

/// The request with what the template of this account says of the site.
fn configured(mut asked: Request<Body>, request: &event::Request) -> Request<Body> {
    if let Some(origin) = request.custom_header(PUBLIC_URL).and_then(parse_origin) {
        asked.extensions_mut().insert(origin);
    }
    if request.custom_header(ROBOTS).is_some_and(|robots| robots.eq_ignore_ascii_case("noindex")) {
        asked.extensions_mut().insert(Crawlers::Refused);
    }
    asked
}

/// `origin` as it is given by whoever set up the site, when it is scheme and host and nothing else.
fn parse_origin(origin: &str) -> Option<CanonicalOrigin> {
    let origin = origin.trim_end_matches('/');
    let uri: Uri = origin.parse().ok()?;
    let bare = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && uri.path() == "/"
        && uri.query().is_none();
    bare.then(|| CanonicalOrigin(Arc::from(origin)))
}

async fn send(pages: &Router, request: Request<Body>) -> Response<Bytes> {
    let Ok(response) = pages.clone().oneshot(request).await;
    let (head, body) = response.into_parts();
    // The body is a page that was rendered before, so reading it cannot fail.
    Response::from_parts(head, to_bytes(body, usize::MAX).await.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_rendered_and_files_and_the_api_are_not() {
        for path in [
            "/",
            "/pricing",
            "/faxes/fax_1",
            "/no/such/page",
            "/api",
            "/apiary",
            "/robots.txt",
            "/sitemap.xml",
            "/index.html",
            "/wp-login.php",
            "/.env",
        ] {
            assert!(is_for_renderer(path), "{path}");
        }
        for path in [
            "/api/v1/me",
            "/pkg/faxdroid.1a.js",
            "/assets/x.html",
            "/fallback/index.html",
            "/favicon.svg",
            "/.well-known/security.txt",
        ] {
            assert!(!is_for_renderer(path), "{path}");
        }
    }

    #[test]
    fn an_origin_is_scheme_and_host_and_nothing_else() {
        assert_eq!(
            parse_origin("https://www.faxdroid.com/").map(|origin| origin.0.to_string()).as_deref(),
            Some("https://www.faxdroid.com")
        );
        for wrong in
            ["", "www.faxdroid.com", "javascript:alert(1)", "https://a/b", "https://a?b", "https://a@b"]
        {
            assert!(parse_origin(wrong).is_none(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_page_that_is_too_large_becomes_the_page_for_errors() {
        use axum::routing::get;
        let large = "x".repeat(response::MAX_BYTES);
        let pages = crate::router(crate::Site::new("{}", None)).route("/large", get(|| async { large }));
        let event = br#"{"Records":[{"cf":{"config":{"distributionDomainName":"d","distributionId":"E","eventType":"origin-request","requestId":"r"},
            "request":{"clientIp":"203.0.113.178","headers":{},"method":"GET","querystring":"","uri":"/large"}}}]}"#;
        let event: Event<'_> = serde_json::from_slice(event).unwrap();
        let Answer::Generated(answer) = answer(&pages, &event).await.unwrap() else { panic!("passed on") };
        assert_eq!(answer.status, "500");
        assert!(answer.body.as_deref().unwrap().contains("<h1"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
