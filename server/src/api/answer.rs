//! Answers: JSON for programs, and for plain forms the page to go on with.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The page that a plain form goes on with; the envelope makes a redirect of it.
#[derive(Debug, Clone)]
pub(crate) struct GoOn(pub(crate) String);

/// A JSON body, cookies, and the page a form goes on with.
pub(crate) struct Answer {
    status: StatusCode,
    body: Option<serde_json::Value>,
    headers: HeaderMap,
    go_on: Option<GoOn>,
}

impl Answer {
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        Self { status, body: serde_json::to_value(body).ok(), headers: HeaderMap::new(), go_on: None }
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, body: None, headers: HeaderMap::new(), go_on: None }
    }

    /// `page` is a path of the site.
    pub(crate) fn then(mut self, page: impl Into<String>) -> Self {
        self.go_on = Some(GoOn(page.into()));
        self
    }

    pub(crate) fn with_cookies(mut self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        for cookie in cookies {
            self.headers.append(header::SET_COOKIE, cookie);
        }
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => (self.status, Json(body)).into_response(),
            None => self.status.into_response(),
        };
        response.headers_mut().extend(self.headers);
        if let Some(go_on) = self.go_on {
            response.extensions_mut().insert(go_on);
        }
        response
    }
}
