//! Requests that may be repeated without doing their work twice: the `Idempotency-Key` header.
//!
//! The first request under a key does the work; later ones get its answer. Nothing is kept of a request that failed, so
//! it can be corrected and repeated under the same key.

use std::future::Future;

use axum::http::{HeaderMap, StatusCode};
use faxdroid_contract::problem::ProblemCode;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::auth::SignedIn;
use super::problem::ApiProblem;
use crate::app::App;
use crate::store::Store;
use crate::store::idempotency::{self, IdempotencyKey};

const HEADER: &str = "idempotency-key";
const LONGEST_KEY: usize = 255;
/// A request that has not been answered for so long died with its server (milliseconds).
const ABANDONED_AFTER: i64 = 60_000;

/// The key of a request; a plain form has `form_key` instead of the header.
pub(crate) fn key(headers: &HeaderMap, form_key: Option<&str>) -> Result<String, ApiProblem> {
    let invalid = || ApiProblem::of(ProblemCode::IdempotencyKeyInvalid);
    let header = headers.get(HEADER).map(|key| key.to_str().map_err(|_| invalid())).transpose()?;
    let key = header.or(form_key).ok_or_else(|| ApiProblem::of(ProblemCode::IdempotencyKeyMissing))?;
    let printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if key.trim().is_empty() || key.len() > LONGEST_KEY || !printable {
        return Err(invalid());
    }
    Ok(key.to_owned())
}

/// Does `work` unless it was done under this key before; its body is answered with 201. `request` tells whether it is
/// the same request.
pub(crate) async fn once<T: Serialize + Send + 'static>(
    app: &App,
    customer: &SignedIn,
    key: &str,
    request: &str,
    work: impl Future<Output = Result<T, ApiProblem>> + Send + 'static,
) -> Result<(Answer, serde_json::Value), ApiProblem> {
    let row = IdempotencyKey {
        account_id: customer.id.to_string(),
        key: key.to_owned(),
        request_hash: Sha256::digest(request).iter().map(|byte| format!("{byte:02x}")).collect(),
        response_status: None,
        response_body: None,
        created_at: app.clock.now().as_millisecond(),
    };
    // A client that goes away must not part the key from the work, nor the work from its answer: he comes back with
    // the same key.
    let done = tokio::spawn(begun_and_done(app.store.clone(), row, work));
    let body = done.await.map_err(|_panicked| ApiProblem::internal())??;
    Ok((Answer::json(StatusCode::CREATED, &body), body))
}

async fn begun_and_done<T: Serialize>(
    store: Store,
    row: IdempotencyKey,
    work: impl Future<Output = Result<T, ApiProblem>>,
) -> Result<serde_json::Value, ApiProblem> {
    let db = store.connection();
    let (account, key) = (row.account_id.as_str(), row.key.as_str());
    match idempotency::insert(db, row.clone()).await {
        Err(error) if error.is_duplicate() => {
            let before = idempotency::find(db, account, key).await?;
            let before = before.ok_or_else(|| ApiProblem::of(ProblemCode::IdempotencyKeyInProgress))?;
            if before.request_hash != row.request_hash {
                return Err(ApiProblem::of(ProblemCode::IdempotencyKeyReuse));
            }
            if let Some(body) = before.response_body.and_then(|body| serde_json::from_str(&body).ok()) {
                return Ok(body);
            }
            if row.created_at - before.created_at < ABANDONED_AFTER {
                return Err(ApiProblem::of(ProblemCode::IdempotencyKeyInProgress));
            }
        }
        other => other?,
    }
    match work.await {
        Ok(done) => {
            let body = serde_json::to_value(&done).map_err(|_| ApiProblem::internal())?;
            idempotency::answer(db, account, key, 201, &body.to_string()).await?;
            Ok(body)
        }
        Err(problem) => {
            idempotency::forget(db, account, key).await?;
            Err(problem)
        }
    }
}
