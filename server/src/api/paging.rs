//! The query of a list: cursor, limit and filters.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use faxdroid_contract::listing::{DEFAULT_LIMIT, MAX_LIMIT};
use faxdroid_contract::problem::ProblemCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

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

/// Which page of a list.
#[derive(Debug, Default, Deserialize)]
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
