//! What happens to a fax, each as one transaction. Every one of them may come twice, late, or from two servers at
//! once: the state machine refuses what cannot happen, the version what somebody else has made untrue.

use std::time::Duration;

use faxdroid_contract::calling_hours::CallingHours;
use faxdroid_contract::faxes::{AttemptOutcome, Fax, FaxStatus};
use faxdroid_contract::ids::{AccountId, AttemptId, FaxId};
use jiff::Timestamp;

use super::state::{Effect, Event, IllegalTransition, State, Transition, transition};
use super::{AfterPartial, Faxes, calling_time, read};
use crate::clock::after;
use crate::ledger::{self, Charge, LedgerError};
use crate::line::CallResult;
use crate::queue::{QueueName, outbox};
use crate::store::attempts::AttemptRow;
use crate::store::faxes::FaxRow;
use crate::store::{self, FromStore, StoreError, Transaction, Try};

/// How many faxes to numbers that others begin to call are passed over before it is looked again later.
const CLAIM_TRIES: u32 = 20;

/// A fax changes a few times within a second at most: when its call begins, at each page, and when it ends.
const CANCEL_TRIES: u32 = 5;

/// On a bad line a machine goes down from 14,400 to 4,800 bits per second (ITU-T T.30, training).
const SLOWEST_BESIDE_ESTIMATE: u32 = 3;
/// Before a machine answers with its tones, and for what two machines say between pages.
const BESIDE_THE_PAGES: Duration = Duration::from_secs(60);

/// Why a step was not taken. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// Somebody else has changed the fax, or calls its number.
    #[error("another was faster")]
    Overtaken,
    #[error("every channel of the trunk carries a call")]
    NoChannel,
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LedgerError> for StepError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => Self::Store(error),
            error => Self::Ledger(error),
        }
    }
}

/// Why a fax cannot be canceled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    #[error("there is no such fax")]
    NotFound,
    #[error("the fax can no longer be canceled")]
    NotCancelable,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FromStore for CancelError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// A fax that a dispatcher has taken, with the attempt it has begun. It is his until the lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    pub fax: FaxRow,
    pub attempt: AttemptRow,
}

/// Who takes a fax, and for how long unless he renews.
#[derive(Debug, Clone, Copy)]
pub struct Lease<'a> {
    pub owner: &'a str,
    pub length: Duration,
}

/// What became of a message from a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    Done,
    /// It was done before, or something else happened to the fax.
    NothingToDo,
    /// The message came before its time (epoch milliseconds).
    TooEarly {
        due_at: i64,
    },
}

/// Refunds and ends a fax that is not yet at its end. Whoever calls for it hears of it and hangs up.
pub async fn cancel(faxes: &Faxes, account: &AccountId, id: &FaxId) -> Result<Fax, CancelError> {
    faxes.store.patiently(|which| try_cancel(faxes, account, id, which)).await
}

async fn try_cancel(faxes: &Faxes, account: &AccountId, id: &FaxId, which: Try) -> Result<Fax, CancelError> {
    for _ in 0..CANCEL_TRIES {
        let transaction = faxes.store.begin().await?;
        let fax = store::faxes::find_of_account(&transaction, account.as_str(), id.as_str()).await?;
        let fax = fax.ok_or(CancelError::NotFound)?;
        if which == Try::Again && fax.status == FaxStatus::Canceled.as_str() {
            drop(transaction);
            return read::get(faxes, account, id).await?.ok_or(CancelError::NotFound);
        }
        match step(faxes, transaction, fax, Event::Canceled, Facts::default()).await {
            Ok(_) => return read::get(faxes, account, id).await?.ok_or(CancelError::NotFound),
            // Its call has begun or ended at this moment; what it is now may be canceled too.
            Err(StepError::Overtaken) => {}
            Err(StepError::Illegal(_) | StepError::Ledger(_) | StepError::NoChannel) => break,
            Err(StepError::Store(error)) => return Err(error.into()),
        }
    }
    Err(CancelError::NotCancelable)
}

/// Takes the fax that waits longest and begins an attempt; `None` when none is due whose number is not being called.
pub async fn claim_next(faxes: &Faxes, lease: Lease<'_>) -> Result<Option<Claim>, StoreError> {
    for _ in 0..CLAIM_TRIES {
        let transaction = faxes.store.begin().await?;
        let queued = FaxStatus::Queued.as_str();
        let Some(fax) = store::faxes::next_due(&transaction, queued, faxes.now()).await? else {
            return Ok(None);
        };
        if let Some(later) = outside_its_hours(faxes, &fax)? {
            postpone(transaction, fax, later).await?;
            continue;
        }
        let facts = Facts { lease: Some(lease), ..Facts::default() };
        match step(faxes, transaction, fax, Event::Claimed, facts).await {
            Ok((fax, Some(attempt))) => return Ok(Some(Claim { fax, attempt })),
            Ok((_, None)) | Err(StepError::Illegal(_) | StepError::Ledger(_) | StepError::NoChannel) => {
                return Ok(None);
            }
            // Another server has begun to call the same number for another fax.
            Err(StepError::Overtaken) => {}
            Err(StepError::Store(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// Takes a fax that is due and begins an attempt; `None` when another was faster or its number is being called.
pub async fn claim(faxes: &Faxes, fax: FaxRow, lease: Lease<'_>) -> Result<Option<Claim>, StoreError> {
    let transaction = faxes.store.begin().await?;
    let facts = Facts { lease: Some(lease), ..Facts::default() };
    match step(faxes, transaction, fax, Event::Claimed, facts).await {
        Ok((fax, Some(attempt))) => Ok(Some(Claim { fax, attempt })),
        Ok((_, None))
        | Err(StepError::Illegal(_) | StepError::Overtaken | StepError::Ledger(_) | StepError::NoChannel) => {
            Ok(None)
        }
        Err(StepError::Store(error)) => Err(error),
    }
}

/// When a fax may be called, if not now: it has waited for a line until its hours were over.
fn outside_its_hours(faxes: &Faxes, fax: &FaxRow) -> Result<Option<i64>, StoreError> {
    let now = faxes.now();
    Ok(Some(within_hours(fax, now)?).filter(|moment| *moment > now))
}

/// The first moment from `earliest` on at which the customer wants the fax to be called.
pub(super) fn within_hours(fax: &FaxRow, earliest: i64) -> Result<i64, StoreError> {
    let Some(hours) = &fax.calling_hours else { return Ok(earliest) };
    let corrupt = || StoreError::Corrupt { table: "faxes", id: fax.id.clone() };
    let hours: CallingHours = hours.parse().map_err(|_| corrupt())?;
    let earliest = Timestamp::from_millisecond(earliest).map_err(|_| corrupt())?;
    Ok(calling_time::next(hours, &fax.to_e164, earliest).as_millisecond())
}

/// The fax goes on waiting in the state that it is in.
async fn postpone(transaction: Transaction, fax: FaxRow, until: i64) -> Result<(), StoreError> {
    let fax = FaxRow { next_attempt_at: Some(until), ..fax };
    // Somebody else may have changed it; it is looked at again in any case.
    if store::faxes::write(&transaction, fax).await?.is_some() {
        transaction.commit().await?;
    }
    Ok(())
}

/// Whether the claim holds: nobody has canceled the fax or taken it up.
pub async fn is_held(faxes: &Faxes, claim: &Claim) -> Result<bool, StoreError> {
    let fax = store::faxes::find(faxes.store.connection(), &claim.fax.id).await?;
    Ok(fax.is_some_and(|fax| fax.version == claim.fax.version))
}

/// The call of a claim that was lost is hung up. The lane of a fax that was canceled is free from now on; any other fax
/// has gone on.
pub async fn hung_up(faxes: &Faxes, claim: &Claim) -> Result<(), StoreError> {
    let transaction = faxes.store.begin().await?;
    let fax = store::faxes::find(&transaction, &claim.fax.id).await?;
    if fax.is_some_and(|fax| fax.status == FaxStatus::Canceled.as_str()) {
        store::attempts::leave_lane(&transaction, &claim.fax.id).await?;
        transaction.commit().await?;
        faxes.waiting.notify_one();
    }
    Ok(())
}

/// Keeps a claim for another `length`, and records the pages confirmed so far. `None`: the lease was lost.
pub async fn renew(
    faxes: &Faxes,
    claim: Claim,
    length: Duration,
    pages_confirmed: u32,
) -> Result<Option<Claim>, StoreError> {
    let Claim { mut fax, mut attempt } = claim;
    let pages = i32::try_from(pages_confirmed).unwrap_or(i32::MAX);
    let transaction = faxes.store.begin().await?;
    if pages != attempt.pages_confirmed {
        store::attempts::confirm_pages(&transaction, &attempt.id, pages).await?;
        attempt.pages_confirmed = pages;
    }
    fax.lease_until = Some(after(faxes.now(), length));
    let id = fax.id.clone();
    let owner = fax.lease_owner.clone();
    let Some(fax) = store::faxes::write(&transaction, fax).await? else {
        return still_owned(&transaction, &id, owner, attempt).await;
    };
    transaction.commit().await.map_err(StoreError::from)?;
    faxes.tell(&fax.id)?;
    Ok(Some(Claim { fax, attempt }))
}

/// The claim as it stands, if the version differs only because an earlier renewal happened whose answer was lost.
async fn still_owned(
    transaction: &Transaction,
    fax: &str,
    owner: Option<String>,
    attempt: AttemptRow,
) -> Result<Option<Claim>, StoreError> {
    let fax = store::faxes::find(transaction, fax).await?;
    let Some(fax) = fax.filter(|fax| fax.lease_owner.is_some() && fax.lease_owner == owner) else {
        return Ok(None);
    };
    let open = store::attempts::open(transaction, &fax.id).await?;
    Ok(open.filter(|open| open.id == attempt.id).map(|attempt| Claim { fax, attempt }))
}

/// Records how the call ended, and what follows from it. `None`: the lease was lost, and with it the right to say.
pub async fn end_call(
    faxes: &Faxes,
    claim: Claim,
    result: &CallResult,
) -> Result<Option<FaxRow>, StoreError> {
    let transaction = faxes.store.begin().await?;
    let facts = Facts { result: Some(result), ..Facts::default() };
    match step(faxes, transaction, claim.fax, Event::CallEnded(result.outcome), facts).await {
        Ok((fax, _)) => Ok(Some(fax)),
        Err(StepError::Illegal(_) | StepError::Overtaken | StepError::NoChannel) => Ok(None),
        Err(StepError::Ledger(error)) => {
            tracing::error!(%error, "a call ended and its charge was already settled");
            Ok(None)
        }
        Err(StepError::Store(error)) => Err(error),
    }
}

/// Gives a fax back whose lease has ended: its caller died, so our own side failed the call.
pub async fn reap(faxes: &Faxes, fax: FaxRow) -> Result<Handled, StoreError> {
    faxes.store.patiently(|_| try_reap(faxes, fax.clone())).await
}

async fn try_reap(faxes: &Faxes, fax: FaxRow) -> Result<Handled, StoreError> {
    if let Some(due_at) = fax.lease_until.filter(|until| *until > faxes.now()) {
        return Ok(Handled::TooEarly { due_at });
    }
    let transaction = faxes.store.begin().await?;
    if let Some(due_at) =
        may_go_on_until(faxes, &transaction, &fax).await?.filter(|until| *until > faxes.now())
    {
        return Ok(Handled::TooEarly { due_at });
    }
    let event = Event::CallEnded(AttemptOutcome::LineDown);
    handled(step(faxes, transaction, fax, event, Facts::default()).await)
}

/// Until when a call may go on whose server is dead, where calls do.
async fn may_go_on_until(
    faxes: &Faxes,
    transaction: &Transaction,
    fax: &FaxRow,
) -> Result<Option<i64>, StoreError> {
    let Some(ring) = faxes.calls.outlive_server else { return Ok(None) };
    let estimate = Duration::from_secs(u64::try_from(fax.estimated_seconds).unwrap_or(0));
    let longest = ring + BESIDE_THE_PAGES + estimate * SLOWEST_BESIDE_ESTIMATE;
    let open = store::attempts::open(transaction, &fax.id).await?;
    Ok(open.map(|attempt| after(attempt.started_at, longest)))
}

/// Ends a fax whose attempt was taken for lost, and is found to have delivered every page. Any other late result changes
/// nothing: the fax has gone on.
pub async fn correct(faxes: &Faxes, claim: Claim, result: &CallResult) -> Result<Handled, StoreError> {
    let taken_for_lost = claim.attempt.outcome.as_deref() == Some(AttemptOutcome::LineDown.as_str());
    if result.outcome != AttemptOutcome::Delivered || !taken_for_lost {
        return Ok(Handled::NothingToDo);
    }
    let transaction = faxes.store.begin().await?;
    let facts = Facts { result: Some(result), lost: Some(&claim.attempt), ..Facts::default() };
    handled(step(faxes, transaction, claim.fax, Event::FoundDelivered, facts).await)
}

/// Puts a fax whose next attempt is due back into the line.
pub async fn retry(faxes: &Faxes, id: &FaxId) -> Result<Handled, StoreError> {
    faxes.store.patiently(|_| try_retry(faxes, id)).await
}

async fn try_retry(faxes: &Faxes, id: &FaxId) -> Result<Handled, StoreError> {
    let transaction = faxes.store.begin().await?;
    let Some(fax) = store::faxes::find(&transaction, id.as_str()).await? else {
        return Ok(Handled::NothingToDo);
    };
    let waits_until = fax.next_attempt_at.filter(|due| *due > faxes.now());
    if fax.status == FaxStatus::Retrying.as_str()
        && let Some(due_at) = waits_until
    {
        return Ok(Handled::TooEarly { due_at });
    }
    handled(step(faxes, transaction, fax, Event::RetryDue, Facts::default()).await)
}

/// Gives the charge of a failed fax back.
pub async fn refund(faxes: &Faxes, id: &FaxId) -> Result<Handled, StoreError> {
    faxes.store.patiently(|_| try_refund(faxes, id)).await
}

async fn try_refund(faxes: &Faxes, id: &FaxId) -> Result<Handled, StoreError> {
    let transaction = faxes.store.begin().await?;
    let Some(fax) = store::faxes::find(&transaction, id.as_str()).await? else {
        return Ok(Handled::NothingToDo);
    };
    handled(step(faxes, transaction, fax, Event::RefundDue, Facts::default()).await)
}

fn handled(result: Result<(FaxRow, Option<AttemptRow>), StepError>) -> Result<Handled, StoreError> {
    match result {
        Ok(_) => Ok(Handled::Done),
        Err(StepError::Illegal(_) | StepError::Overtaken | StepError::NoChannel) => Ok(Handled::NothingToDo),
        Err(StepError::Ledger(error)) => {
            tracing::error!(%error, "a charge was settled before its fax was");
            Ok(Handled::NothingToDo)
        }
        Err(StepError::Store(error)) => Err(error),
    }
}

/// What an event brings with it.
#[derive(Default, Clone, Copy)]
struct Facts<'a> {
    lease: Option<Lease<'a>>,
    result: Option<&'a CallResult>,
    /// The attempt that was taken for lost.
    lost: Option<&'a AttemptRow>,
}

/// The only way a fax changes its state. Commits `transaction` when the step was taken.
async fn step(
    faxes: &Faxes,
    transaction: Transaction,
    mut fax: FaxRow,
    event: Event,
    facts: Facts<'_>,
) -> Result<(FaxRow, Option<AttemptRow>), StepError> {
    let next = transition(state_of(&fax)?, event)?;
    let now = faxes.now();
    fax.status = next.state.status.as_str().to_owned();
    fax.attempts_made = i32::try_from(next.state.attempts_made).unwrap_or(i32::MAX);
    fax.line_failures = i32::try_from(next.state.line_failures).unwrap_or(i32::MAX);
    let lease = facts.lease.filter(|_| next.state.status == FaxStatus::Sending);
    fax.lease_owner = lease.map(|lease| lease.owner.to_owned());
    fax.lease_until = lease.map(|lease| after(now, lease.length));
    fax.next_attempt_at = match next_attempt_at(faxes, &next) {
        Some(earliest) if next.state.status != FaxStatus::Failed => Some(within_hours(&fax, earliest)?),
        due => due,
    };
    fax.completed_at = next.state.status.is_final().then_some(now);
    // First of all: whoever holds an outdated row must not touch what belongs to it.
    let fax = store::faxes::write(&transaction, fax).await?.ok_or(StepError::Overtaken)?;

    if fax.completed_at.is_some() {
        let until = after(now, faxes.document_kept);
        store::documents::expire_with_fax(&transaction, &fax.document_id, until).await?;
    }
    let mut begun = None;
    let clock = faxes.clock.as_ref();
    for effect in next.effects {
        match effect {
            Effect::StartCall { number } => {
                begun = Some(start_call(faxes, &transaction, &fax, number).await?)
            }
            Effect::EndCall(outcome) => {
                store::attempts::leave_lane(&transaction, &fax.id).await?;
                end_attempt(faxes, &transaction, &fax, outcome, facts.result).await?;
            }
            Effect::AbandonCall => {
                end_attempt(faxes, &transaction, &fax, AttemptOutcome::Canceled, None).await?;
            }
            Effect::CorrectAttempt => {
                if let (Some(lost), Some(result)) = (facts.lost, facts.result) {
                    let attempt = AttemptRow { ended_at: Some(now), ..lost.clone() };
                    store::attempts::end(&transaction, with_result(attempt, result.outcome, Some(result)))
                        .await?;
                }
            }
            Effect::ScheduleRetry(_) => {
                let due = fax.next_attempt_at.and_then(|due| Timestamp::from_millisecond(due).ok());
                let due = due.unwrap_or_else(|| clock.now());
                outbox::leave(&transaction, clock, QueueName::Retries, &fax.id, due).await?;
            }
            Effect::RequestRefund => {
                outbox::leave(&transaction, clock, QueueName::Refunds, &fax.id, clock.now()).await?;
            }
            Effect::Capture => {
                ledger::capture(&transaction, clock, Charge::of(&fax)).await?;
            }
            Effect::Refund => {
                ledger::refund(&transaction, clock, Charge::of(&fax)).await?;
            }
        }
    }
    transaction.commit().await.map_err(StoreError::from)?;
    tracing::info!(
        fax_id = %fax.id,
        status = %fax.status,
        attempts_made = fax.attempts_made,
        event = ?event,
        "fax_changed"
    );
    faxes.tell(&fax.id)?;
    if next.state.status == FaxStatus::Queued || event_frees_a_lane(event) {
        faxes.waiting.notify_one();
    }
    Ok((fax, begun))
}

/// A refund that is due is looked for by the same column as a call.
fn next_attempt_at(faxes: &Faxes, next: &Transition) -> Option<i64> {
    let retry = next.effects.iter().find_map(|effect| match effect {
        Effect::ScheduleRetry(retry) => Some(*retry),
        _ => None,
    });
    match (next.state.status, retry) {
        (FaxStatus::Queued | FaxStatus::Failed, _) => Some(faxes.now()),
        (_, Some(retry)) => {
            Some(faxes.schedule.next_attempt_at(retry, faxes.clock.as_ref()).as_millisecond())
        }
        (_, None) => None,
    }
}

fn event_frees_a_lane(event: Event) -> bool {
    matches!(event, Event::CallEnded(_))
}

async fn start_call(
    faxes: &Faxes,
    transaction: &Transaction,
    fax: &FaxRow,
    number: u32,
) -> Result<AttemptRow, StepError> {
    let channel = match faxes.calls.trunk_channels {
        Some(channels) => {
            let free = store::attempts::free_channel(transaction, channels).await?;
            Some(free.ok_or(StepError::NoChannel)?)
        }
        None => None,
    };
    match store::attempts::occupy_lane(transaction, &fax.to_e164, &fax.id, channel).await {
        Err(error) if error.is_duplicate() => return Err(StepError::Overtaken),
        result => result?,
    }
    let attempt = AttemptRow {
        id: format!("{}{}", AttemptId::PREFIX, faxes.clock.new_ulid()),
        fax_id: fax.id.clone(),
        number: i32::try_from(number).unwrap_or(i32::MAX),
        started_at: faxes.now(),
        ended_at: None,
        outcome: None,
        first_page: first_page(faxes, transaction, fax).await?,
        pages_confirmed: 0,
        q850_cause: None,
        t30_status: None,
        bit_rate: None,
        resolution: None,
        remote_station_id: None,
    };
    match store::attempts::insert(transaction, attempt.clone()).await {
        Err(error) if error.is_duplicate() => Err(StepError::Overtaken),
        result => Ok(result.map(|()| attempt)?),
    }
}

/// The first page that no call has brought over yet; of a fax that has arrived without our knowing the last one, so that
/// there is something to send.
async fn first_page(faxes: &Faxes, transaction: &Transaction, fax: &FaxRow) -> Result<i32, StoreError> {
    if faxes.calls.after_partial == AfterPartial::Repeat {
        return Ok(1);
    }
    let attempts = store::attempts::of_fax(transaction, &fax.id).await?;
    let next =
        attempts.iter().map(|attempt| attempt.first_page.saturating_add(attempt.pages_confirmed)).max();
    Ok(next.unwrap_or(1).clamp(1, fax.pages.max(1)))
}

async fn end_attempt(
    faxes: &Faxes,
    transaction: &Transaction,
    fax: &FaxRow,
    outcome: AttemptOutcome,
    result: Option<&CallResult>,
) -> Result<(), StoreError> {
    let Some(mut attempt) = store::attempts::open(transaction, &fax.id).await? else {
        return Err(StoreError::Corrupt { table: "faxes", id: fax.id.clone() });
    };
    attempt.ended_at = Some(faxes.now());
    store::attempts::end(transaction, with_result(attempt, outcome, result)).await
}

fn with_result(mut attempt: AttemptRow, outcome: AttemptOutcome, result: Option<&CallResult>) -> AttemptRow {
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    attempt.outcome = Some(outcome.as_str().to_owned());
    if let Some(result) = result {
        attempt.pages_confirmed = attempt.pages_confirmed.max(number(result.pages_confirmed));
        attempt.q850_cause = result.q850_cause.map(number);
        attempt.t30_status = result.t30_status.clone();
        attempt.bit_rate = result.bit_rate.map(number);
        attempt.resolution = result.resolution.clone();
        attempt.remote_station_id = result.remote_station_id.clone();
    }
    attempt
}

fn state_of(fax: &FaxRow) -> Result<State, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "faxes", id: fax.id.clone() };
    Ok(State {
        status: FaxStatus::parse(&fax.status).ok_or_else(corrupt)?,
        attempts_made: u32::try_from(fax.attempts_made).map_err(|_| corrupt())?,
        line_failures: u32::try_from(fax.line_failures).map_err(|_| corrupt())?,
    })
}
