//! What search engines ask for: `robots.txt` (RFC 9309) and `sitemap.xml` (sitemaps.org, protocol 0.9).

use std::fmt::Write;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Request, Response};
use axum::response::IntoResponse;
use faxdroid_app::routes::{self, Cache};

use crate::Site;
use crate::addresses::origin_of;
use crate::pages::cache_control;

/// Whether search engines may list this site: production yes, a rehearsal of it no. An extension of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crawlers {
    Welcome,
    Refused,
}

/// What is private anyway, and of no use in a list.
const PRIVATE: [&str; 7] =
    ["/api/", "/pay/", "/faxes", "/inbox", "/account", "/confirm-email", "/reset-password"];

pub(crate) async fn robots(State(site): State<Site>, request: Request<Body>) -> Response<Body> {
    let mut text = String::from("User-agent: *\n");
    if request.extensions().get() == Some(&Crawlers::Refused) {
        text.push_str("Disallow: /\n");
    } else {
        for path in PRIVATE {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "Disallow: {path}");
        }
        if let Some(origin) = origin_of(&site, &request) {
            let _ = writeln!(text, "\nSitemap: {}/sitemap.xml", origin.0);
        }
    }
    file("text/plain; charset=utf-8", text)
}

pub(crate) async fn sitemap(State(site): State<Site>, request: Request<Body>) -> Response<Body> {
    let origin = origin_of(&site, &request);
    let origin = origin.as_ref().map_or("", |origin| &*origin.0);
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for page in routes::PAGES.iter().filter(|page| is_listed(page)) {
        // No path has a character that XML escapes; a test reads every address back.
        let _ = writeln!(text, "<url><loc>{origin}{}</loc></url>", page.path);
    }
    text.push_str("</urlset>\n");
    file("application/xml", text)
}

/// Pages that are the same for everybody and stand for themselves.
fn is_listed(page: &routes::Page) -> bool {
    let listed = page.cache == Cache::Shared || matches!(page.path, "/sign-up" | "/sign-in");
    listed && !PRIVATE.iter().any(|private| page.path.starts_with(private))
}

fn file(content_type: &'static str, text: String) -> Response<Body> {
    let headers = [(CACHE_CONTROL, cache_control(Cache::Shared))];
    (headers, [(CONTENT_TYPE, content_type)], text).into_response()
}
