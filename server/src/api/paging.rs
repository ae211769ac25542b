//! The query of a list: cursor, limit and filters.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use faxdroid_contract::listing::{DEFAULT_LIMIT, MAX_LIMIT};
use faxdroid_contract::problem::ProblemCode;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use url::form_urlencoded;

use super::problem::ApiProblem;
use crate::cursor::Cursor;

/// The query of a request; what does not parse is a problem.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => {
                Err(ApiProblem::of(ProblemCode::ParameterInvalid).with_detail(rejection.body_text()))
            }
        }
    }
}

/// For every parameter that is not text: an empty one, as a form sends it, is absent.
pub(crate) fn empty_is_absent<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

/// The list at `uri`, from `cursor` on: everything else that was asked for stays.
pub(crate) fn next_page(uri: &Uri, cursor: &str) -> String {
    let before = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(before.filter(|(name, value)| name != "cursor" && !value.is_empty()));
    query.append_pair("cursor", cursor);
    format!("{}?{}", uri.path(), query.finish())
}

/// Which page of a list.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    cursor: Option<String>,
    limit: Option<u32>,
}

impl Paging {
    pub(crate) fn new(cursor: Option<String>, limit: Option<u32>) -> Self {
        Self { cursor, limit }
    }

    pub(crate) fn cursor(&self) -> Result<Option<Cursor>, ApiProblem> {
        let given = self.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        given.map(Cursor::parse).transpose().map_err(|_| ApiProblem::of(ProblemCode::CursorInvalid))
    }

    pub(crate) fn limit(&self) -> Result<u32, ApiProblem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAX_LIMIT).contains(&limit) {
            return Ok(limit);
        }
        Err(ApiProblem::of(ProblemCode::ParameterInvalid).with_detail(format!("limit is 1 to {MAX_LIMIT}.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_asks_for_everything_that_this_one_was_asked_for() {
        let uri = Uri::from_static("/api/v1/faxes?q=a%26b&status=&limit=2&cursor=MQ");
        assert_eq!(next_page(&uri, "Mg"), "/api/v1/faxes?q=a%26b&limit=2&cursor=Mg");
        assert_eq!(next_page(&Uri::from_static("/api/v1/faxes"), "Mg"), "/api/v1/faxes?cursor=Mg");
    }
}
