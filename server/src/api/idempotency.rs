//! Requests that may be repeated without doing their work twice: the `Idempotency-Key` header.
//!
//! The first request under a key does the work; later ones get its answer. The identifier of the fax that the work makes
//! is chosen when the key is claimed: a server may die between the commit of a charge and the answer, and whoever takes
//! its key over finds that fax instead of making another. Nothing is kept of a request that was refused, so it can be
//! corrected and repeated under the same key.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use faxdroid_contract::ids::FaxId;
use faxdroid_contract::problem::ProblemCode;
use serde::Serialize;
use tracing::Instrument;

use super::answer::Answer;
use super::auth::SignedIn;
use super::problem::ApiProblem;
use crate::app::App;
use crate::clock::{Clock, after};
use crate::digest::sha256_hex;
use crate::store::Store;
use crate::store::idempotency::{self, IdempotencyKey};

const HEADER: &str = "idempotency-key";
const LONGEST_KEY: usize = 255;
/// A request that has not been answered for so long died with its server.
const CLAIM: Duration = Duration::from_secs(60);

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
/// the same request. The fax that `work` makes has the identifier it is given, or else can be found by what it is asked.
pub(crate) async fn once<T, W>(
    app: &App,
    customer: &SignedIn,
    key: &str,
    request: &str,
    work: impl FnOnce(FaxId) -> W + Send + 'static,
) -> Result<(Answer, serde_json::Value), ApiProblem>
where
    T: Serialize + Send + 'static,
    W: Future<Output = Result<T, ApiProblem>> + Send + 'static,
{
    let now = app.clock.now().as_millisecond();
    let row = IdempotencyKey {
        account_id: customer.id.to_string(),
        key: key.to_owned(),
        request_hash: sha256_hex([request]),
        fax_id: format!("{}{}", FaxId::PREFIX, app.clock.new_ulid()),
        claimed_until: after(now, CLAIM),
        response_status: None,
        response_body: None,
        created_at: now,
    };
    // A client that goes away must not part the key from the work, nor the work from its answer: he comes back with
    // the same key.
    let work = begun_and_done(app.store.clone(), app.clock.clone(), row, work);
    let done = tokio::spawn(work.in_current_span());
    let body = done.await.map_err(|_panicked| ApiProblem::internal())??;
    Ok((Answer::json(StatusCode::CREATED, &body), body))
}

async fn begun_and_done<T: Serialize, W: Future<Output = Result<T, ApiProblem>>>(
    store: Store,
    clock: Arc<dyn Clock>,
    row: IdempotencyKey,
    work: impl FnOnce(FaxId) -> W,
) -> Result<serde_json::Value, ApiProblem> {
    let db = store.connection();
    let claimed = match claim(&store, row).await? {
        Claim::Ours(key) => key,
        Claim::Answered(body) => return Ok(body),
    };
    let fax_id = claimed.fax_id.parse().map_err(|_| ApiProblem::internal())?;
    match work(fax_id).await {
        Ok(done) => {
            let body = serde_json::to_value(&done).map_err(|_| ApiProblem::internal())?;
            idempotency::answer(db, &claimed, 201, &body.to_string()).await?;
            Ok(body)
        }
        // Whether the work was done is not known: the key keeps its fax, and the next request may look at once.
        Err(problem) if problem.code.status() >= 500 => {
            idempotency::claim(db, &claimed, clock.now().as_millisecond()).await?;
            Err(problem)
        }
        Err(problem) => {
            idempotency::forget(db, &claimed).await?;
            Err(problem)
        }
    }
}

/// Whose the key is.
enum Claim {
    Ours(IdempotencyKey),
    /// The body that was answered before.
    Answered(serde_json::Value),
}

async fn claim(store: &Store, row: IdempotencyKey) -> Result<Claim, ApiProblem> {
    let db = store.connection();
    match idempotency::insert(db, row.clone()).await {
        Err(error) if error.is_duplicate() => {}
        other => return Ok(other.map(|()| Claim::Ours(row))?),
    }
    let in_progress = || ApiProblem::of(ProblemCode::IdempotencyKeyInProgress);
    let before = idempotency::find(db, &row.account_id, &row.key).await?.ok_or_else(in_progress)?;
    if before.request_hash != row.request_hash {
        return Err(ApiProblem::of(ProblemCode::IdempotencyKeyReuse));
    }
    if let Some(body) = before.response_body.as_deref().and_then(|body| serde_json::from_str(body).ok()) {
        return Ok(Claim::Answered(body));
    }
    if before.claimed_until > row.created_at || !idempotency::claim(db, &before, row.claimed_until).await? {
        return Err(in_progress());
    }
    Ok(Claim::Ours(IdempotencyKey { claimed_until: row.claimed_until, ..before }))
}
