//! What is around every request: its identifier, problems in their final form, headers, and redirects for plain forms.
//!
//! A form is answered by 303: to the page its handler names, or, when something is wrong, back to the form's page with
//! `?error=<field>:<code>` and the harmless values that were typed, so that nothing is lost.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use faxdroid_contract::problem::{MEDIA_TYPE, Problem, ProblemCode};
use url::form_urlencoded;

use super::answer::GoOn;
use super::problem::ApiProblem;
use crate::app::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What may stand in the address of a page: never a password, never a card.
const HARMLESS: [&str; 8] =
    ["email", "to", "resolution", "document_id", "quote_id", "sender_name", "sender_number", "token"];

/// Longer values (in bytes) are not given back: an address has to pass through other people's proxies.
const LONGEST_KEPT: usize = 500;

/// The form behind a request: what was typed into it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(Arc<Mutex<Vec<(String, String)>>>);

impl Form {
    pub(crate) fn keep(&self, pairs: &[(String, String)]) {
        let harmless = pairs
            .iter()
            .filter(|(name, value)| HARMLESS.contains(&name.as_str()) && value.len() <= LONGEST_KEPT)
            .cloned();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(harmless);
    }

    fn values(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether the answer is read by a person in a browser.
pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let bodyless = kind.is_empty() && request.method() == Method::POST;
    kind.starts_with("application/x-www-form-urlencoded")
        || ((kind.starts_with("multipart/form-data") || bodyless) && prefers_html(request.headers()))
}

pub(crate) async fn wrap(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let request_id = format!("req_{}", app.clock.new_ulid());
    let form = is_form(&request).then(Form::default);
    if let Some(form) = &form {
        request.extensions_mut().insert(form.clone());
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE
        && response.extensions().get::<ApiProblem>().is_none()
    {
        response = ApiProblem::of(ProblemCode::BodyTooLarge).into_response();
    }
    let problem = response.extensions_mut().remove::<ApiProblem>();
    let go_on = response.extensions_mut().remove::<GoOn>();
    tracing::info!(request_id, %method, path, status = response.status().as_u16(),
        code = problem.as_ref().map(|problem| problem.code.as_str()), "request");
    response = match (form, problem, go_on) {
        (Some(form), Some(problem), _) => back_to_form(&path, &form, &problem),
        (None, Some(problem), _) => problem_details(&app, &request_id, problem),
        (Some(_), None, Some(GoOn(page))) => see_other(&page, response.headers()),
        _ => response,
    };
    secure(response.headers_mut());
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
    response
}

fn problem_details(app: &App, request_id: &str, problem: ApiProblem) -> Response {
    let code = problem.code;
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = Problem {
        type_: app.config.public(&format!("/developers#{}", code.as_str())),
        title: code.title().to_owned(),
        status: code.status(),
        code: code.as_str().to_owned(),
        detail: problem.detail.unwrap_or_else(|| code.title().to_owned()),
        request_id: request_id.to_owned(),
        errors: problem.fields,
    };
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

fn see_other(page: &str, headers: &HeaderMap) -> Response {
    let location = HeaderValue::from_str(page).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    for cookie in headers.get_all(SET_COOKIE) {
        response.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    response
}

fn back_to_form(path: &str, form: &Form, problem: &ApiProblem) -> Response {
    let page = page_of(path, problem.code);
    let (page, fixed) = page.split_once('?').unwrap_or((&page, ""));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(fixed.as_bytes()));
    if problem.code == ProblemCode::Unauthenticated {
        query.append_pair("next", &page_of(path, ProblemCode::ValidationFailed));
    } else {
        for (name, value) in form.values() {
            query.append_pair(name.strip_suffix("_id").unwrap_or(&name), &value);
        }
    }
    let fields: Vec<_> = problem.fields.iter().filter(|field| field.pointer.len() <= LONGEST_KEPT).collect();
    if fields.is_empty() {
        query.append_pair("error", &format!(":{}", problem.code.as_str()));
    }
    for field in fields {
        query.append_pair("error", &format!("{}:{}", field.pointer.trim_start_matches('/'), field.code));
    }
    see_other(&format!("{page}?{}", query.finish()), &HeaderMap::new())
}

/// The page with the form that posts to `path`.
fn page_of(path: &str, code: ProblemCode) -> String {
    match code {
        ProblemCode::Unauthenticated => return "/sign-in".to_owned(),
        ProblemCode::CreditInsufficient => return "/credits".to_owned(),
        _ => {}
    }
    let parts: Vec<&str> = path.trim_start_matches("/api/v1/").split('/').collect();
    match parts.as_slice() {
        ["accounts"] => "/sign-up".to_owned(),
        ["accounts", "confirm-email"] => "/confirm-email".to_owned(),
        ["accounts", "request-password-reset"] => "/forgot-password".to_owned(),
        ["accounts", "reset-password"] => "/reset-password".to_owned(),
        ["sessions", ..] => "/sign-in".to_owned(),
        ["me", ..] => "/account".to_owned(),
        ["documents" | "quotes", ..] | ["faxes"] => "/send".to_owned(),
        ["faxes", id, ..] => format!("/faxes/{id}"),
        ["checkouts", ..] => "/credits".to_owned(),
        // Whom the bank refuses may pay with another card.
        ["sandbox", "checkouts", id, "confirm"] if code != ProblemCode::CardDeclined => {
            format!("/pay/{id}?step=confirm")
        }
        ["sandbox", "checkouts", id, ..] => format!("/pay/{id}"),
        _ => "/error".to_owned(),
    }
}

/// Nothing of the API is kept by anybody unless a handler says so, and nothing of it is a document that may load
/// anything.
fn secure(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_fails_goes_back_to_its_page_with_what_was_typed() {
        let form = Form::default();
        form.keep(&[("email".to_owned(), "a@b".to_owned()), ("password".to_owned(), "secret".to_owned())]);
        let problem = ApiProblem::field("/email", ProblemCode::EmailInvalid);
        let response = back_to_form("/api/v1/accounts", &form, &problem);
        assert_eq!(response.headers()[LOCATION], "/sign-up?email=a%40b&error=email%3Aemail_invalid");
    }

    #[test]
    fn who_is_not_signed_in_comes_back_after_signing_in() {
        let problem = ApiProblem::of(ProblemCode::Unauthenticated);
        let response = back_to_form("/api/v1/checkouts", &Form::default(), &problem);
        assert_eq!(response.headers()[LOCATION], "/sign-in?next=%2Fcredits&error=%3Aunauthenticated");
    }
}
