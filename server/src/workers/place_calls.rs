//! The dispatcher: takes faxes that are due, oldest first, and calls. One call at a time to each number, and no more
//! calls at once than the line bears.
//!
//! While a call lasts its lease is renewed. Whoever loses the lease hangs up, for another may be calling by then; what
//! he learned no longer counts, because the version has moved on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use faxdroid_contract::faxes::FaxStatus;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fax::life::{self, Claim, Lease};
use crate::fax::{Faxes, read};
use crate::line::{CallResult, Line, OutgoingCall, Progress};
use crate::locks::{Guard, Locks};
use crate::store::faxes::FaxRow;
use crate::store::{self, StoreError};

/// A fax may become due without anybody telling: another server queued it, or its lane became free.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const CANDIDATES: u64 = 20;
/// Pages confirmed that nobody has written down yet.
const PROGRESS_BUFFER: usize = 16;
/// The far machine shows at most so many characters of who calls (ITU-T T.30, TSI).
const STATION_ID_LENGTH: usize = 20;
/// The result of a call is worth more patience than anything else: losing it means calling again.
const RESULT_TRIES: u32 = 8;
const RESULT_FIRST_DELAY: Duration = Duration::from_millis(100);

/// Where the pages of a fax come from.
#[async_trait::async_trait]
pub trait Pages: Send + Sync {
    /// T.6 in TIFF in the resolution of the fax, with the header line on every page.
    async fn for_call(&self, fax: &FaxRow) -> Result<Bytes, PagesError>;
}

/// The pages could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the pages of the fax could not be read")]
pub struct PagesError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// All that a call needs.
pub struct PlaceCalls {
    pub faxes: Faxes,
    pub line: Arc<dyn Line>,
    pub locks: Arc<dyn Locks>,
    pub pages: Arc<dyn Pages>,
    /// Names this server in leases.
    pub instance: String,
    pub lease: Duration,
    /// Calls at once.
    pub concurrency: usize,
}

type HeldLock = Option<Box<dyn Guard>>;

pub(super) async fn run(
    calls: Arc<PlaceCalls>,
    tasks: TaskTracker,
    stop: CancellationToken,
    hang_up: CancellationToken,
) {
    let lines = Arc::new(Semaphore::new(calls.concurrency));
    loop {
        let free = stop.run_until_cancelled(lines.clone().acquire_owned()).await;
        let Some(Ok(free)) = free else { return };
        match calls.claim_next().await {
            Ok(Some((claim, lock))) => {
                tasks.spawn(place(calls.clone(), claim, lock, free, hang_up.clone()));
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "claim_failed"),
        }
        drop(free);
        let wait = async {
            tokio::select! {
                () = calls.faxes.waiting.notified() => {}
                () = sleep(LOOK_AGAIN) => {}
            }
        };
        if stop.run_until_cancelled(wait).await.is_none() {
            return;
        }
    }
}

async fn place(
    calls: Arc<PlaceCalls>,
    claim: Claim,
    lock: HeldLock,
    free: OwnedSemaphorePermit,
    hang_up: CancellationToken,
) {
    calls.call(claim, hang_up).await;
    // The lock first, so that whoever is woken by the free line finds the lane free.
    drop(lock);
    drop(free);
    calls.faxes.waiting.notify_one();
}

impl PlaceCalls {
    async fn claim_next(&self) -> Result<Option<(Claim, HeldLock)>, StoreError> {
        let now = self.faxes.clock.now().as_millisecond();
        let queued = FaxStatus::Queued.as_str();
        let db = self.faxes.store.connection();
        for fax in store::faxes::due_with_free_lane(db, queued, now, CANDIDATES).await? {
            let lock = match self.locks.acquire(&format!("destination:{}", fax.to_e164), self.lease).await {
                Ok(Some(lock)) => Some(lock),
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(%error, "locks_unavailable");
                    None
                }
            };
            let lease = Lease { owner: &self.instance, length: self.lease };
            if let Some(claim) = life::claim(&self.faxes, fax, lease).await? {
                return Ok(Some((claim, lock)));
            }
        }
        Ok(None)
    }

    async fn call(&self, claim: Claim, hang_up: CancellationToken) {
        let (progress, mut confirmed) = mpsc::channel(PROGRESS_BUFFER);
        let mut sending = Box::pin(self.send(claim.clone(), progress));
        let mut renewals = interval(self.lease / 3);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        renewals.reset();
        let mut claim = claim;
        let mut pages = 0;
        let result = loop {
            tokio::select! {
                biased;
                result = &mut sending => break result,
                () = hang_up.cancelled() => break CallResult { pages_confirmed: pages, ..CallResult::line_down() },
                Some(progress) = confirmed.recv() => pages = progress.pages_confirmed,
                _ = renewals.tick() => {}
            }
            match life::renew(&self.faxes, claim.clone(), self.lease, pages).await {
                Ok(Some(renewed)) => claim = renewed,
                Ok(None) => {
                    tracing::warn!(fax_id = %claim.fax.id, "lease_lost");
                    return;
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "renewal_failed");
                    if claim
                        .fax
                        .lease_until
                        .is_none_or(|until| until <= self.faxes.clock.now().as_millisecond())
                    {
                        return;
                    }
                }
            }
        };
        // Hangs up, if that is not done.
        drop(sending);
        self.record(claim, &result).await;
    }

    async fn send(&self, claim: Claim, progress: mpsc::Sender<Progress>) -> CallResult {
        match self.outgoing(&claim).await {
            Ok(call) => self.line.send(call, progress).await,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(fax_id = %claim.fax.id, error, "pages_unavailable");
                CallResult::line_down()
            }
        }
    }

    async fn outgoing(&self, Claim { fax, attempt }: &Claim) -> Result<OutgoingCall, PagesError> {
        let corrupt =
            |table, id: &str| PagesError(Box::new(StoreError::Corrupt { table, id: id.to_owned() }));
        let resolution = read::resolution(fax).map_err(|error| PagesError(Box::new(error)))?;
        Ok(OutgoingCall {
            attempt_id: attempt.id.parse().map_err(|_| corrupt("attempts", &attempt.id))?,
            attempt_number: u32::try_from(attempt.number).map_err(|_| corrupt("attempts", &attempt.id))?,
            to: fax.to_e164.clone(),
            tiff: self.pages.for_call(fax).await?,
            pages: u32::try_from(fax.pages).map_err(|_| corrupt("faxes", &fax.id))?,
            resolution,
            station_id: fax.sender_number.chars().take(STATION_ID_LENGTH).collect(),
        })
    }

    async fn record(&self, claim: Claim, result: &CallResult) {
        let mut delay = RESULT_FIRST_DELAY;
        for _ in 0..RESULT_TRIES {
            match life::end_call(&self.faxes, claim.clone(), result).await {
                Ok(Some(_)) => return,
                Ok(None) => {
                    tracing::warn!(fax_id = %claim.fax.id, outcome = result.outcome.as_str(), "result_came_too_late");
                    return;
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "result_not_recorded")
                }
            }
            sleep(delay).await;
            delay *= 2;
        }
    }
}
