//! Takes up calls whose process died while the line went on: what they came to counts, and a call that goes on keeps its
//! lease. So a fax that arrived is not sent again because this server was killed.

use std::sync::Arc;
use std::time::Duration;

use faxdroid_contract::faxes::FaxStatus;
use faxdroid_contract::ids::AttemptId;
use tokio_util::sync::CancellationToken;

use crate::fax::Faxes;
use crate::fax::life::{self, Claim};
use crate::line::{LeftBehind, Line};
use crate::store::attempts::AttemptRow;
use crate::store::faxes::FaxRow;
use crate::store::{self, StoreError};

/// Far below any lease, so that nobody else takes a call up that goes on here.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

pub(super) async fn run(faxes: Faxes, line: Arc<dyn Line>, lease: Duration, stop: CancellationToken) {
    loop {
        for attempt in line.left_behind().await {
            match reconcile(&faxes, line.as_ref(), &attempt, lease).await {
                Ok(Found::Settled) => line.forget(&attempt).await,
                Ok(Found::GoesOn) => {}
                Err(error) => {
                    tracing::error!(attempt_id = %attempt, error = &error as &dyn std::error::Error, "not_reconciled");
                }
            }
        }
        if stop.run_until_cancelled(tokio::time::sleep(LOOK_AGAIN)).await.is_none() {
            return;
        }
    }
}

/// Pages that are sent in an attempt.
pub(super) fn pages_of_call(fax: &FaxRow, attempt: &AttemptRow) -> u32 {
    u32::try_from(fax.pages.saturating_sub(attempt.first_page).saturating_add(1)).unwrap_or(0)
}

/// What became of an attempt that was left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Its result is in the database.
    Settled,
    /// The call goes on, or nobody can tell yet.
    GoesOn,
}

/// Writes down how an attempt ended that an earlier process of this server had begun.
pub async fn reconcile(
    faxes: &Faxes,
    line: &dyn Line,
    attempt: &AttemptId,
    lease: Duration,
) -> Result<Found, StoreError> {
    let db = faxes.store.connection();
    let Some(row) = store::attempts::find(db, attempt.as_str()).await? else { return Ok(Found::Settled) };
    let Some(fax) = store::faxes::find(db, &row.fax_id).await? else { return Ok(Found::Settled) };
    let pages = pages_of_call(&fax, &row);
    let found = line.recall(attempt, pages).await;
    let ended = row.ended_at.is_some();
    let claim = Claim { fax, attempt: row };
    match found {
        LeftBehind::Unknown => Ok(Found::GoesOn),
        LeftBehind::Calling if ended => {
            // Canceled while nobody could hang up.
            if claim.fax.status == FaxStatus::Canceled.as_str() {
                line.hang_up(attempt).await;
            }
            Ok(Found::GoesOn)
        }
        LeftBehind::Calling => {
            let confirmed = u32::try_from(claim.attempt.pages_confirmed).unwrap_or(0);
            life::renew(faxes, claim, lease, confirmed).await?;
            Ok(Found::GoesOn)
        }
        LeftBehind::Ended(result) if ended => {
            life::correct(faxes, claim, &result).await?;
            Ok(Found::Settled)
        }
        LeftBehind::Ended(result) => {
            tracing::warn!(attempt_id = %attempt, outcome = result.outcome.as_str(), "call_reconciled");
            // When somebody else was faster, the next look finds the attempt ended.
            Ok(life::end_call(faxes, claim, &result).await?.map_or(Found::GoesOn, |_| Found::Settled))
        }
    }
}
