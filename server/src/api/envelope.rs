//! What is around every request: its identifier, problems in their final form, headers, and redirects for plain forms.
//!
//! A form is answered by 303: to the page its handler names, or, when something is wrong, back to the form's page with
//! `?error=<field>:<code>` and the harmless values that were typed, so that nothing is lost.

use std::time::Instant;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use faxdroid_contract::problem::{MEDIA_TYPE, Problem, ProblemCode};
use tracing::Instrument;
use url::form_urlencoded;

use super::MAX_BODY;
use super::answer::GoOn;
use super::input::DRAFT;
use super::problem::ApiProblem;
use crate::app::App;
use crate::telemetry::REQUEST_SECONDS;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What may stand in the address of a page: never a password, never a card. Identifiers go by the names that pages have
/// for them.
const HARMLESS: [(&str, &str); 11] = [
    ("email", "email"),
    ("document_id", "document"),
    ("document", "document"),
    ("quote_id", "quote"),
    ("quote", "quote"),
    ("to", "to"),
    ("resolution", "resolution"),
    ("sender_name", "sender_name"),
    ("sender_number", "sender_number"),
    ("token", "token"),
    ("next", "next"),
];

/// Longer values (in bytes) are not given back: an address has to pass through other people's proxies.
const LONGEST_KEPT: usize = 500;

/// The form behind a request: what was typed into it, and what its page knew before (the field [`DRAFT`]).
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form before anybody can refuse it, so that whoever has to sign in first loses nothing.
    async fn read(request: Request) -> Result<(Self, Request), ApiProblem> {
        if !kind(&request).starts_with("application/x-www-form-urlencoded") {
            return Ok((Self::default(), request));
        }
        let (head, body) = request.into_parts();
        let bytes = to_bytes(body, MAX_BODY).await.map_err(|_| ApiProblem::of(ProblemCode::BodyTooLarge))?;
        let form = std::str::from_utf8(&bytes).map(Self::parse).unwrap_or_default();
        Ok((form, Request::from_parts(head, bytes.into())))
    }

    fn parse(body: &str) -> Self {
        let (draft, typed): (Vec<_>, Vec<_>) =
            form_urlencoded::parse(body.as_bytes()).into_owned().partition(|(name, _)| name == DRAFT);
        let draft = draft.iter().flat_map(|(_, query)| form_urlencoded::parse(query.as_bytes()).into_owned());
        let mut values: Vec<(String, String)> = Vec::new();
        for (name, value) in typed.into_iter().chain(draft) {
            let Some((_, name)) = HARMLESS.iter().find(|(field, _)| *field == name) else { continue };
            if value.len() <= LONGEST_KEPT && values.iter().all(|(kept, _)| kept != name) {
                values.push(((*name).to_owned(), value));
            }
        }
        Self(values)
    }

    /// `page` with what was typed in its query.
    fn on_page(&self, page: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.0);
        with_query(page, &query.finish())
    }
}

/// `page`, which may have a query of its own, with `query` behind it.
pub(crate) fn with_query(page: &str, query: &str) -> String {
    match query {
        "" => page.to_owned(),
        _ if page.contains('?') => format!("{page}&{query}"),
        _ => format!("{page}?{query}"),
    }
}

fn kind(request: &Request) -> &str {
    request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

/// Whether the answer is read by a person in a browser.
pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn is_form(request: &Request) -> bool {
    let kind = kind(request);
    let bodyless = kind.is_empty() && request.method() == Method::POST;
    kind.starts_with("application/x-www-form-urlencoded")
        || ((kind.starts_with("multipart/form-data") || bodyless) && prefers_html(request.headers()))
}

pub(crate) async fn wrap(State(app): State<App>, request: Request, next: Next) -> Response {
    let request_id = format!("req_{}", app.clock.new_ulid());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let begin = Instant::now();
    // Everything that a request causes is logged with its identifier.
    let span = tracing::info_span!("request", request_id);
    let (form, mut response) = if is_form(&request) {
        match Form::read(request).await {
            Ok((form, mut request)) => {
                request.extensions_mut().insert(form.clone());
                (Some(form), next.run(request).instrument(span).await)
            }
            Err(problem) => (Some(Form::default()), problem.into_response()),
        }
    } else {
        (None, next.run(request).instrument(span).await)
    };
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE
        && response.extensions().get::<ApiProblem>().is_none()
    {
        response = ApiProblem::of(ProblemCode::BodyTooLarge).into_response();
    }
    let (verb, status) = (method.to_string(), response.status().as_u16().to_string());
    metrics::histogram!(REQUEST_SECONDS, "method" => verb, "route" => route, "status" => status)
        .record(begin.elapsed());
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
    let mut errors = form_urlencoded::Serializer::new(String::new());
    let page = match problem.code {
        // Another page comes first, and then this one as it was.
        ProblemCode::Unauthenticated | ProblemCode::CreditInsufficient => {
            errors.append_pair("next", &form.on_page(&page_of(path, ProblemCode::ValidationFailed)));
            page
        }
        _ => form.on_page(&page),
    };
    let fields: Vec<_> = problem.fields.iter().filter(|field| field.pointer.len() <= LONGEST_KEPT).collect();
    if fields.is_empty() {
        errors.append_pair("error", &format!(":{}", problem.code.as_str()));
    }
    for field in fields {
        errors.append_pair("error", &format!("{}:{}", field.pointer.trim_start_matches('/'), field.code));
    }
    see_other(&with_query(&page, &errors.finish()), &HeaderMap::new())
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

    fn page_after(path: &str, body: &str, problem: &ApiProblem) -> String {
        let response = back_to_form(path, &Form::parse(body), problem);
        response.headers()[LOCATION].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_form_that_fails_goes_back_to_its_page_with_what_was_typed() {
        let problem = ApiProblem::field("/email", ProblemCode::EmailInvalid);
        let page = page_after("/api/v1/accounts", "email=a%40b&password=secret", &problem);
        assert_eq!(page, "/sign-up?email=a%40b&error=email%3Aemail_invalid");
    }

    #[test]
    fn what_its_page_knew_before_is_still_there_unless_it_was_typed_anew() {
        let problem = ApiProblem::field("/to", ProblemCode::NumberShort);
        let body = "quote_id=quo_1&to=12&draft=document%3Ddoc_1%26to%3D34%26error%3Dx%26password%3Dy";
        let page = page_after("/api/v1/faxes", body, &problem);
        assert_eq!(page, "/send?quote=quo_1&to=12&document=doc_1&error=to%3Anumber_short");
    }

    #[test]
    fn who_has_to_buy_credits_or_sign_in_comes_back_to_the_page_as_it_was() {
        let body = "quote_id=quo_1&draft=document%3Ddoc_1%26resolution%3Dfine";
        for (code, first) in
            [(ProblemCode::CreditInsufficient, "/credits"), (ProblemCode::Unauthenticated, "/sign-in")]
        {
            let page = page_after("/api/v1/faxes", body, &ApiProblem::of(code));
            let next = "%2Fsend%3Fquote%3Dquo_1%26document%3Ddoc_1%26resolution%3Dfine";
            assert_eq!(page, format!("{first}?next={next}&error=%3A{}", code.as_str()));
        }
    }

    #[test]
    fn who_is_not_signed_in_comes_back_after_signing_in() {
        let page = page_after("/api/v1/checkouts", "", &ApiProblem::of(ProblemCode::Unauthenticated));
        assert_eq!(page, "/sign-in?next=%2Fcredits&error=%3Aunauthenticated");
    }
}
