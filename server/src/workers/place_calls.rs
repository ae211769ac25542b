//! The dispatcher: takes faxes that are due, oldest first, and calls. One call at a time to each number, and no more
//! calls at once than the line bears.
//!
//! While a call lasts its lease is renewed. Whoever loses the lease hangs up, for another may be calling by then; what
//! he learned no longer counts, because the version has moved on.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use faxdroid_contract::ids::FaxId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::fax::life::{self, Claim, Lease};
use crate::fax::{Faxes, read};
use crate::line::{CallResult, Line, OutgoingCall, Progress};
use crate::store::StoreError;
use crate::store::faxes::FaxRow;
use crate::telemetry::{ATTEMPTS, CALLS};
use crate::workers::reconcile::pages_of_call;

/// A fax may become due without anybody telling: another server queued it, or its lane became free.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// So late a call is hung up whose fax was canceled at another server.
const LOOK_AFTER_CLAIM: Duration = Duration::from_secs(2);
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
    /// The pages from `first_page` on: T.6 in TIFF in the resolution of the fax, with the header line on every page.
    async fn for_call(&self, fax: &FaxRow, first_page: u32) -> Result<File, PagesError>;
}

/// The pages could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the pages of the fax could not be read")]
pub struct PagesError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// All that a call needs.
pub struct PlaceCalls {
    pub faxes: Faxes,
    pub line: Arc<dyn Line>,
    pub pages: Arc<dyn Pages>,
    /// Names this server in leases.
    pub instance: String,
    pub lease: Duration,
    /// Calls at once.
    pub concurrency: usize,
}

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
        match life::claim_next(&calls.faxes, calls.lease()).await {
            Ok(Some(claim)) => {
                tasks.spawn(place(calls.clone(), claim, free, hang_up.clone()));
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

async fn place(calls: Arc<PlaceCalls>, claim: Claim, free: OwnedSemaphorePermit, hang_up: CancellationToken) {
    metrics::gauge!(CALLS).increment(1);
    // Whatever the line says of this call is logged with its fax and its attempt.
    let span = tracing::info_span!("call", fax_id = claim.fax.id, attempt_id = claim.attempt.id);
    calls.call(claim, hang_up).instrument(span).await;
    metrics::gauge!(CALLS).decrement(1);
    drop(free);
    calls.faxes.waiting.notify_one();
}

impl PlaceCalls {
    fn lease(&self) -> Lease<'_> {
        Lease { owner: &self.instance, length: self.lease }
    }

    async fn call(&self, claim: Claim, hang_up: CancellationToken) {
        let (progress, mut confirmed) = mpsc::channel(PROGRESS_BUFFER);
        let mut changes = self.faxes.changes.subscribe();
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
                () = self.overtaken(&claim, &mut changes) => {}
            }
            match life::renew(&self.faxes, claim.clone(), self.lease, pages).await {
                Ok(Some(renewed)) => claim = renewed,
                Ok(None) => {
                    tracing::warn!(fax_id = %claim.fax.id, "claim_lost");
                    drop(sending);
                    return self.give_up(&claim).await;
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
        if self.record(&claim, &result).await
            && let Ok(attempt) = claim.attempt.id.parse()
        {
            self.line.forget(&attempt).await;
        }
    }

    /// Returns when somebody else has changed the fax: it was canceled, or taken for lost.
    async fn overtaken(&self, claim: &Claim, changes: &mut broadcast::Receiver<FaxId>) {
        let mut looks = interval(LOOK_AFTER_CLAIM);
        looks.reset();
        loop {
            tokio::select! {
                // One that was missed may have been of this fax.
                Ok(id) = changes.recv() => if id.as_str() != claim.fax.id { continue },
                // Another server tells nobody here.
                _ = looks.tick() => {}
            }
            match life::is_held(&self.faxes, claim).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "claim_not_checked"),
            }
        }
    }

    /// Hangs up for good. Whoever was faster has said all there is to say of the fax, but for the lane of one that was
    /// canceled: its number is not called again before this call is gone.
    async fn give_up(&self, claim: &Claim) {
        if let Ok(attempt) = claim.attempt.id.parse() {
            self.line.hang_up(&attempt).await;
        }
        if let Err(error) = life::hung_up(&self.faxes, claim).await {
            tracing::error!(error = &error as &dyn std::error::Error, "lane_not_left");
        }
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
        let first_page = u32::try_from(attempt.first_page).map_err(|_| corrupt("attempts", &attempt.id))?;
        Ok(OutgoingCall {
            attempt_id: attempt.id.parse().map_err(|_| corrupt("attempts", &attempt.id))?,
            attempt_number: u32::try_from(attempt.number).map_err(|_| corrupt("attempts", &attempt.id))?,
            to: fax.to_e164.clone(),
            tiff: Arc::new(self.pages.for_call(fax, first_page).await?),
            pages: pages_of_call(fax, attempt),
            resolution,
            station_id: fax.sender_number.chars().take(STATION_ID_LENGTH).collect(),
        })
    }

    /// Whether nothing is left to be said about the call.
    async fn record(&self, claim: &Claim, result: &CallResult) -> bool {
        let mut delay = RESULT_FIRST_DELAY;
        for _ in 0..RESULT_TRIES {
            match life::end_call(&self.faxes, claim.clone(), result).await {
                Ok(Some(_)) => {
                    metrics::counter!(ATTEMPTS, "outcome" => result.outcome.as_str()).increment(1);
                    return true;
                }
                Ok(None) => {
                    tracing::warn!(fax_id = %claim.fax.id, outcome = result.outcome.as_str(), "result_came_too_late");
                    self.give_up(claim).await;
                    return true;
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "result_not_recorded")
                }
            }
            sleep(delay).await;
            delay *= 2;
        }
        false
    }
}
