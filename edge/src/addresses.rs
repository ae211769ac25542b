//! Where a page is: the host of the site, one spelling of each path, and the paths that pages had before.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HOST, LOCATION};
use axum::http::{HeaderValue, Request, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;
use faxdroid_app::CanonicalOrigin;

use crate::Site;

/// The host that the visitor asked for. At the edge `Host` is that of the bucket, so the distribution's function at viewer
/// requests puts the visitor's own under this name.
pub const FORWARDED_HOST: &str = "x-forwarded-host";

/// Paths that were given out and the page that is there now.
const MOVED: [(&str, &str); 9] = [
    ("/index.html", "/"),
    ("/home", "/"),
    ("/prices", "/pricing"),
    ("/login", "/sign-in"),
    ("/register", "/sign-up"),
    ("/signup", "/sign-up"),
    ("/help", "/faq"),
    ("/docs", "/developers"),
    ("/api-docs", "/developers"),
];

/// A redirect may be kept for an hour: long enough to save requests, short enough to be taken back.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Scheme and host of the public site for this request.
pub(crate) fn origin_of(site: &Site, request: &Request<Body>) -> Option<CanonicalOrigin> {
    request.extensions().get().cloned().or_else(|| site.origin.clone())
}

/// Sends who asks for another spelling of an address to the one that pages link to.
pub(crate) async fn redirect(State(site): State<Site>, request: Request<Body>, next: Next) -> Response<Body> {
    let origin = origin_of(&site, &request);
    let elsewhere = origin.as_ref().filter(|origin| asks_for_apex(&request, origin));
    let path = request.uri().path();
    let target = canonical_path(path);
    if elsewhere.is_none() && target == path {
        return next.run(request).await;
    }
    let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
    let location = format!("{}{target}{query}", elsewhere.map_or("", |origin| &*origin.0));
    match HeaderValue::try_from(location) {
        // 308, so that a method stays what it is (RFC 9110, 15.4.9).
        Ok(location) => {
            (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location), (CACHE_CONTROL, KEPT)]).into_response()
        }
        Err(_) => next.run(request).await,
    }
}

/// Whether the visitor left out the `www.` of the site's host.
fn asks_for_apex(request: &Request<Body>, origin: &CanonicalOrigin) -> bool {
    let headers = request.headers();
    let asked = headers.get(FORWARDED_HOST).or_else(|| headers.get(HOST)).and_then(|host| host.to_str().ok());
    let canonical = origin.0.split_once("://").map_or(&*origin.0, |(_, host)| host);
    match (asked, canonical.strip_prefix("www.")) {
        (Some(asked), Some(apex)) => asked.eq_ignore_ascii_case(apex),
        _ => false,
    }
}

/// Without slashes at the end or side by side: two at the start would name another host.
fn canonical_path(path: &str) -> String {
    let mut canonical = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        canonical.push('/');
        canonical.push_str(segment);
    }
    if canonical.is_empty() {
        canonical.push('/');
    }
    match MOVED.iter().find(|(from, _)| *from == canonical) {
        Some((_, to)) => (*to).to_owned(),
        None => canonical,
    }
}

#[cfg(test)]
mod tests {
    use faxdroid_app::routes;

    use super::*;

    #[test]
    fn each_path_has_one_spelling() {
        for (path, canonical) in [
            ("/", "/"),
            ("/pricing", "/pricing"),
            ("/pricing/", "/pricing"),
            ("//pricing//", "/pricing"),
            ("/login/", "/sign-in"),
            ("//", "/"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }

    #[test]
    fn a_redirect_cannot_lead_to_another_host() {
        assert_eq!(canonical_path("//evil.example/"), "/evil.example");
        assert_eq!(canonical_path("///evil.example//x/"), "/evil.example/x");
    }

    #[test]
    fn moved_paths_lead_to_pages_that_are_there_and_hide_none() {
        for (from, to) in MOVED {
            assert!(routes::find(to).is_some(), "{to}");
            assert!(routes::find(from).is_none(), "{from}");
        }
    }
}
