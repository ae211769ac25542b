//! Requests that change something are refused when another site's page makes them.
//!
//! Browsers say where a request comes from (Fetch Metadata, `Sec-Fetch-Site`; older ones `Origin`), which scripts cannot
//! forge. So forms need no token, which a page kept at the edge could not carry. Programs send neither header, and no
//! cookie that they were not given.

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use faxdroid_contract::problem::ProblemCode;
use url::Url;

use super::problem::ApiProblem;
use crate::app::App;

pub(crate) async fn refuse(State(app): State<App>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_from_our_site(request.headers(), &app.config.public_url) {
        return next.run(request).await;
    }
    ApiProblem::of(ProblemCode::CrossOrigin).into_response()
}

fn is_from_our_site(headers: &HeaderMap, public: &Url) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let Ok(origin) = Url::parse(origin) else { return false };
    origin.origin() == public.origin() || text(HOST.as_str()).is_some_and(|host| host == authority(&origin))
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn allowed(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_from_our_site(&headers, &Url::parse("https://www.faxdroid.com").unwrap())
    }

    #[test]
    fn only_our_own_pages_and_programs_may_change_something() {
        assert!(allowed(&[]));
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[("origin", "https://www.faxdroid.com")]));
        assert!(allowed(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(!allowed(&[("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[("sec-fetch-site", "same-site"), ("origin", "https://www.faxdroid.com")]));
        assert!(!allowed(&[("origin", "https://evil.example"), ("host", "www.faxdroid.com")]));
        assert!(!allowed(&[("origin", "null")]));
    }
}
