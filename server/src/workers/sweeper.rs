//! Looks for what nobody else will take up: faxes whose caller died, and faxes whose message was lost.

use std::sync::Arc;
use std::time::Duration;

use faxdroid_contract::faxes::FaxStatus;
use faxdroid_contract::ids::FaxId;
use tokio_util::sync::CancellationToken;

use super::Intervals;
use crate::clock::before;
use crate::fax::Faxes;
use crate::fax::life::{self, Handled};
use crate::locks::{self, LockName, Locks};
use crate::store::faxes::FaxRow;
use crate::store::{self, StoreError};

/// Faxes swept at once; the rest waits for the next time.
const BATCH: u64 = 100;

/// Of the lock under which it is looked.
const LOCK: Duration = Duration::from_secs(30);

pub(super) async fn run(faxes: Faxes, locks: Arc<dyn Locks>, intervals: Intervals, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(intervals.sweep)).await.is_some() {
        let look = |_fence| sweep(&faxes, intervals.lost_after);
        let swept = locks::exclusively(locks.as_ref(), LockName::Sweep, LOCK, look).await;
        if let Err(error) = swept.transpose() {
            tracing::error!(error = &error as &dyn std::error::Error, "sweep_failed");
        }
    }
}

/// Answers how many faxes were taken up.
pub async fn sweep(faxes: &Faxes, lost_after: Duration) -> Result<usize, StoreError> {
    // What a replica tells too late is refused by the version of the fax.
    let db = faxes.store.replica();
    let now = faxes.clock.now().as_millisecond();
    let lost = before(now, lost_after);
    let mut swept = 0;
    for fax in store::faxes::with_lease_ended(db, now, BATCH).await? {
        tracing::warn!(fax_id = %fax.id, owner = ?fax.lease_owner, "lease_ended");
        swept += usize::from(life::reap(faxes, fax).await? == Handled::Done);
    }
    swept += usize::try_from(store::attempts::leave_lanes_of_canceled(faxes.store.connection(), lost).await?)
        .unwrap_or(0);
    for fax in store::faxes::due(db, FaxStatus::Retrying.as_str(), lost, BATCH).await? {
        swept += usize::from(life::retry(faxes, &id(&fax)?).await? == Handled::Done);
    }
    for fax in store::faxes::due(db, FaxStatus::Failed.as_str(), lost, BATCH).await? {
        swept += usize::from(life::refund(faxes, &id(&fax)?).await? == Handled::Done);
    }
    Ok(swept)
}

fn id(fax: &FaxRow) -> Result<FaxId, StoreError> {
    fax.id.parse().map_err(|_| StoreError::Corrupt { table: "faxes", id: fax.id.clone() })
}
