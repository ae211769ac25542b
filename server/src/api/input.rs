//! The body of a request: strict JSON, or the same fields from a plain form.

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::extract::{FromRequest, Path, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use faxdroid_contract::ids::InvalidId;
use faxdroid_contract::problem::ProblemCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::problem::ApiProblem;

/// A parsed body, and the page of ours that a form wants to go on with.
pub(crate) struct Input<T> {
    pub(crate) body: T,
    pub(crate) next: Option<String>,
}

/// The query of the page that a form stands on; see [`Form`](super::envelope::Form).
pub(crate) const DRAFT: &str = "draft";
const NEXT: &str = "next";
/// Fields of forms that are not of the API.
const PAGE_FIELDS: [&str; 2] = [NEXT, DRAFT];

/// Whether it is a page of this site.
pub(super) fn is_local(page: &str) -> bool {
    page.starts_with('/')
        && !page.starts_with("//")
        && page.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            match rejection.status().as_u16() {
                413 => ApiProblem::of(ProblemCode::BodyTooLarge),
                _ => ApiProblem::of(ProblemCode::BodyMalformed),
            }
        })?;
        match kind.as_str() {
            "application/json" => Ok(Self { body: from_json(&bytes)?, next: None }),
            "application/x-www-form-urlencoded" => {
                let text =
                    std::str::from_utf8(&bytes).map_err(|_| ApiProblem::of(ProblemCode::BodyMalformed))?;
                let pairs: Vec<(String, String)> =
                    form_urlencoded::parse(text.as_bytes()).into_owned().collect();
                let (page_fields, fields): (Vec<_>, Vec<_>) =
                    pairs.into_iter().partition(|(name, _)| PAGE_FIELDS.contains(&name.as_str()));
                let mut json = Map::new();
                for (name, value) in fields {
                    if json.contains_key(&name) {
                        return Err(ApiProblem::field(&pointer(&name), ProblemCode::FieldDuplicate));
                    }
                    json.insert(name, Value::String(value));
                }
                let json = Value::Object(json).to_string();
                let next = page_fields.into_iter().find(|(name, page)| name == NEXT && is_local(page));
                Ok(Self { body: from_json(json.as_bytes())?, next: next.map(|(_, page)| page) })
            }
            _ => Err(ApiProblem::of(ProblemCode::ContentTypeUnsupported)),
        }
    }
}

/// Strict: no unknown field, no other type, nothing behind the value.
fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiProblem> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(ApiProblem::of(ProblemCode::BodyMalformed).with_detail("The body is not UTF-8."));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| problem(&error))?;
    json.end().map_err(|error| ApiProblem::of(ProblemCode::BodyMalformed).with_detail(error.to_string()))?;
    Ok(value)
}

fn problem(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiProblem {
    let message = error.inner().to_string();
    let path: String = error.path().iter().map(|segment| format!("/{segment}")).collect();
    if !error.inner().is_data() {
        return ApiProblem::of(ProblemCode::BodyMalformed).with_detail(message);
    }
    // Serde says these in words only; the words are its own and stable.
    let quoted =
        |prefix: &str| message.strip_prefix(prefix).and_then(|rest| rest.split('`').next()).map(pointer);
    if message.starts_with(&InvalidId.to_string()) {
        // An identifier that does not parse names nothing.
        return ApiProblem::not_found();
    }
    if let Some(pointer) = quoted("missing field `") {
        return ApiProblem::field(&pointer, ProblemCode::FieldMissing);
    }
    if let Some(pointer) = quoted("unknown field `") {
        return ApiProblem::field(&pointer, ProblemCode::FieldUnknown);
    }
    if let Some(pointer) = quoted("duplicate field `") {
        return ApiProblem::field(&pointer, ProblemCode::FieldDuplicate);
    }
    ApiProblem::field(&path, ProblemCode::FieldType).with_detail(message)
}

fn pointer(field: &str) -> String {
    format!("/{field}")
}

/// An identifier in the path. One that does not parse names nothing.
pub(crate) struct Id<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Id<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        let Path(id) = Path::from_request_parts(parts, state).await.map_err(|_| ApiProblem::not_found())?;
        Ok(Self(id))
    }
}

#[cfg(test)]
mod tests {
    use faxdroid_contract::accounts::SignIn;
    use faxdroid_contract::quotes::CreateQuote;

    use super::*;

    fn sign_in(json: &str) -> (ProblemCode, Vec<String>) {
        let problem = from_json::<SignIn>(json.as_bytes()).unwrap_err();
        (problem.code, problem.fields.into_iter().map(|field| field.pointer).collect())
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_with_its_field() {
        assert_eq!(sign_in("{"), (ProblemCode::BodyMalformed, vec![]));
        assert_eq!(sign_in(r#"{"email":"a"}"#), (ProblemCode::FieldMissing, vec!["/password".to_owned()]));
        assert_eq!(
            sign_in(r#"{"email":"a","password":"b","admin":true}"#),
            (ProblemCode::FieldUnknown, vec!["/admin".to_owned()])
        );
        assert_eq!(
            sign_in(r#"{"email":7,"password":"b"}"#),
            (ProblemCode::FieldType, vec!["/email".to_owned()])
        );
        assert_eq!(
            sign_in(r#"{"email":"a","password":"b","email":"c"}"#),
            (ProblemCode::FieldDuplicate, vec!["/email".to_owned()])
        );
        assert_eq!(sign_in(r#"{"email":"a","password":"b"} {}"#), (ProblemCode::BodyMalformed, vec![]));
    }

    #[test]
    fn a_form_leads_to_no_other_site() {
        assert!(is_local("/credits?notice=paid"));
        for page in ["https://evil.example", "//evil.example", "/\\evil.example", ""] {
            assert!(!is_local(page), "{page}");
        }
    }

    #[test]
    fn an_identifier_that_does_not_parse_names_nothing() {
        let problem = from_json::<CreateQuote>(br#"{"document_id":"doc_1","to":"+1"}"#).unwrap_err();
        assert_eq!(problem.code, ProblemCode::NotFound);
    }
}
