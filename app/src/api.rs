//! The browser-side client of the API: one function per operation that an island needs.
//!
//! Everything goes through one request function that knows no types, because each copy of it would be
//! downloaded by every reader.

use faxdroid_contract::accounts::Me;
use faxdroid_contract::credits::{Checkout, Transaction};
use faxdroid_contract::documents::{Document, Resolution};
use faxdroid_contract::faxes::{Fax, FaxSummary};
use faxdroid_contract::ids::{CheckoutId, DocumentId, FaxId, QuoteId};
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::{Problem, ProblemCode};
use faxdroid_contract::quotes::{CreateQuote, Quote};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

use crate::decode::{Decode, decode};
use crate::json::{Json, quoted};

/// Why a request did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The API refused it.
    Refused(Problem),
    /// No answer, or one that is not of this API.
    Unreachable,
    /// The API succeeded and said it in a way that this page does not know: a newer release has come since it was loaded.
    Outdated,
}

impl Failure {
    /// A failure from the body of an answer that is no success.
    pub(crate) fn from_body(body: &str) -> Self {
        match decode::<Problem>(body) {
            Some(problem) if OUT_OF_STEP.contains(&&*problem.code) => Self::Outdated,
            Some(problem) => Self::Refused(problem),
            None => Self::Unreachable,
        }
    }

    /// Whether it is this one.
    pub(crate) fn is(&self, code: ProblemCode) -> bool {
        matches!(self, Self::Refused(problem) if problem.code == code.as_str())
    }

    /// What is wrong with `field`, for a person.
    pub(crate) fn of_field(&self, field: &str) -> Option<String> {
        let Self::Refused(problem) = self else { return None };
        let error = problem.errors.iter().find(|error| error.pointer.trim_start_matches('/') == field)?;
        Some(error.detail.clone())
    }

    /// What is wrong, for a person.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Refused(problem) if problem.detail.is_empty() => problem.title.clone(),
            Self::Refused(problem) => problem.detail.clone(),
            Self::Unreachable => {
                "FaxDroid cannot be reached. Please check your connection and try again.".to_owned()
            }
            Self::Outdated => "FaxDroid has been renewed since this page was loaded.".to_owned(),
        }
    }
}

/// Of refusals those that no customer can cause, only a page that asks an API of another release.
const OUT_OF_STEP: [&str; 4] = [
    ProblemCode::FieldMissing.as_str(),
    ProblemCode::FieldType.as_str(),
    ProblemCode::FieldUnknown.as_str(),
    ProblemCode::MethodNotAllowed.as_str(),
];

pub(crate) async fn me() -> Result<Me, Failure> {
    get("/api/v1/me").await
}

pub(crate) async fn document(id: &DocumentId) -> Result<Document, Failure> {
    get(&format!("/api/v1/documents/{id}")).await
}

pub(crate) async fn quote(id: &QuoteId) -> Result<Quote, Failure> {
    get(&format!("/api/v1/quotes/{id}")).await
}

pub(crate) async fn create_quote(wanted: &CreateQuote) -> Result<Quote, Failure> {
    let resolution = match wanted.resolution {
        Resolution::Standard => "standard",
        Resolution::Fine => "fine",
    };
    let body = format!(
        r#"{{"document_id":"{}","to":{},"resolution":"{resolution}","calling_hours":"{}"}}"#,
        wanted.document_id,
        quoted(&wanted.to),
        wanted.calling_hours.map(String::from).unwrap_or_default()
    );
    post("/api/v1/quotes", Some(body), None).await
}

/// A quote is sent once, so its identifier is the idempotency key: a second press cannot send a second fax.
pub(crate) async fn create_fax(quote: &QuoteId) -> Result<Fax, Failure> {
    let body = format!(r#"{{"quote_id":"{quote}"}}"#);
    post("/api/v1/faxes", Some(body), Some(quote.as_str())).await
}

pub(crate) async fn fax(id: &FaxId) -> Result<Fax, Failure> {
    get(&format!("/api/v1/faxes/{id}")).await
}

pub(crate) async fn cancel_fax(id: &FaxId) -> Result<Fax, Failure> {
    post(&format!("/api/v1/faxes/{id}/cancel"), None, None).await
}

/// `key` is made when the button is shown, so that pressing it twice sends one fax.
pub(crate) async fn resend_fax(id: &FaxId, key: &str) -> Result<Fax, Failure> {
    post(&format!("/api/v1/faxes/{id}/resend"), None, Some(key)).await
}

pub(crate) async fn faxes(
    search: &str,
    status: &str,
    cursor: Option<&str>,
) -> Result<Page<FaxSummary>, Failure> {
    get(&with_query("/api/v1/faxes", &[("q", search), ("status", status), ("cursor", cursor.unwrap_or(""))]))
        .await
}

pub(crate) async fn transactions(cursor: Option<&str>) -> Result<Page<Transaction>, Failure> {
    get(&with_query("/api/v1/transactions", &[("cursor", cursor.unwrap_or(""))])).await
}

pub(crate) async fn checkout(id: &CheckoutId) -> Result<Checkout, Failure> {
    get(&format!("/api/v1/checkouts/{id}")).await
}

/// Where the event stream of a fax is.
pub(crate) fn fax_events_path(id: &FaxId) -> String {
    format!("/api/v1/faxes/{id}/events")
}

fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut url = path.to_owned();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        url.push(if url.len() == path.len() { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(&String::from(js_sys::encode_uri_component(value)));
    }
    url
}

async fn get<T: Decode>(url: &str) -> Result<T, Failure> {
    let text = request("GET", url, None, None).await?;
    decode(&text).ok_or_else(|| misread(&text))
}

async fn post<T: Decode>(url: &str, body: Option<String>, key: Option<&str>) -> Result<T, Failure> {
    let text = request("POST", url, body, key).await?;
    decode(&text).ok_or_else(|| misread(&text))
}

/// Why a success could not be read. Something on the way may have answered in place of the API, but not in JSON.
fn misread(text: &str) -> Failure {
    Json::parse(text).map_or(Failure::Unreachable, |_| Failure::Outdated)
}

async fn request(
    method: &str,
    url: &str,
    body: Option<String>,
    key: Option<&str>,
) -> Result<String, Failure> {
    let (succeeded, text) = fetch(method, url, body, key).await.map_err(|_| Failure::Unreachable)?;
    if succeeded { Ok(text) } else { Err(Failure::from_body(&text)) }
}

async fn fetch(
    method: &str,
    url: &str,
    body: Option<String>,
    key: Option<&str>,
) -> Result<(bool, String), JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "application/json")?;
    if let Some(key) = key {
        headers.set("Idempotency-Key", key)?;
    }
    let options = RequestInit::new();
    options.set_method(method);
    if let Some(body) = body {
        headers.set("Content-Type", "application/json")?;
        options.set_body(&JsValue::from_str(&body));
    }
    options.set_headers(&headers);
    let response = JsFuture::from(leptos::prelude::window().fetch_with_str_and_init(url, &options)).await?;
    let response: Response = response.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.ok(), text.as_string().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_is_wrong_with_which_field() {
        let failure = Failure::from_body(
            r#"{"type":"/developers#number_short","title":"Short codes cannot be faxed.","status":422,
                "code":"number_short","detail":"Short codes cannot be faxed.","request_id":"req_1",
                "errors":[{"pointer":"/to","code":"number_short","detail":"Short codes cannot be faxed."}]}"#,
        );
        assert!(failure.is(ProblemCode::NumberShort));
        assert_eq!(failure.of_field("to").as_deref(), Some("Short codes cannot be faxed."));
        assert_eq!(failure.of_field("files"), None);
    }

    #[test]
    fn an_answer_that_only_a_newer_page_understands_says_so() {
        let newer = r#"{"account":{"email":"ann@example.com"}}"#;
        assert!(decode::<Me>(newer).is_none());
        assert_eq!(misread(newer), Failure::Outdated);
        assert_eq!(misread("<html>Please log in to this network</html>"), Failure::Unreachable);
    }

    #[test]
    fn a_request_that_the_api_no_longer_understands_says_so() {
        let refused = |code: ProblemCode| {
            let body = format!(
                r#"{{"type":"/developers","title":"","status":400,"code":"{}","detail":"","request_id":"req_1","errors":[]}}"#,
                code.as_str()
            );
            Failure::from_body(&body)
        };
        assert_eq!(refused(ProblemCode::FieldMissing), Failure::Outdated);
        assert!(refused(ProblemCode::CursorInvalid).is(ProblemCode::CursorInvalid));
    }

    #[test]
    fn an_answer_of_something_else_on_the_way_counts_as_none() {
        assert_eq!(Failure::from_body("<html>502 Bad Gateway</html>"), Failure::Unreachable);
    }
}
