//! What happens to a fax, each as one transaction. Every one of them may come twice, late, or from two servers at
//! once: the state machine refuses what cannot happen, the version what somebody else has made untrue.

use std::time::Duration;

use faxdroid_contract::faxes::{AttemptOutcome, Fax, FaxStatus};
use faxdroid_contract::ids::{AccountId, AttemptId, FaxId};
use jiff::Timestamp;

use super::state::{Effect, Event, IllegalTransition, State, Transition, transition};
use super::{Faxes, read};
use crate::ledger::{self, LedgerError};
use crate::line::CallResult;
use crate::queue::{QueueName, outbox};
use crate::store::attempts::AttemptRow;
use crate::store::faxes::FaxRow;
use crate::store::{self, StoreError, Transaction};

/// Why a step was not taken. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// Somebody else has changed the fax, or calls its number.
    #[error("another was faster")]
    Overtaken,
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
    /// The message came before its time.
    TooEarly,
}

/// Refunds and ends a fax that is queued or waits for its next attempt.
pub async fn cancel(faxes: &Faxes, account: &AccountId, id: &FaxId) -> Result<Fax, CancelError> {
    let transaction = faxes.store.begin().await?;
    let fax = store::faxes::find_of_account(&transaction, account.as_str(), id.as_str()).await?;
    let fax = fax.ok_or(CancelError::NotFound)?;
    match step(faxes, transaction, fax, Event::Canceled, Facts::default()).await {
        Ok(_) => {}
        Err(StepError::Illegal(_) | StepError::Overtaken | StepError::Ledger(_)) => {
            return Err(CancelError::NotCancelable);
        }
        Err(StepError::Store(error)) => return Err(error.into()),
    }
    read::get(faxes, account, id).await?.ok_or(CancelError::NotFound)
}

/// Takes a fax that is due and begins an attempt; `None` when another was faster or its number is being called.
pub async fn claim(faxes: &Faxes, fax: FaxRow, lease: Lease<'_>) -> Result<Option<Claim>, StoreError> {
    let transaction = faxes.store.begin().await?;
    let facts = Facts { lease: Some(lease), ..Facts::default() };
    match step(faxes, transaction, fax, Event::Claimed, facts).await {
        Ok((fax, Some(attempt))) => Ok(Some(Claim { fax, attempt })),
        Ok((_, None)) | Err(StepError::Illegal(_) | StepError::Overtaken | StepError::Ledger(_)) => Ok(None),
        Err(StepError::Store(error)) => Err(error),
    }
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
    fax.lease_until = Some(faxes.now().saturating_add(milliseconds(length)));
    let Some(fax) = store::faxes::write(&transaction, fax).await? else { return Ok(None) };
    transaction.commit().await.map_err(StoreError::from)?;
    faxes.tell(&fax.id)?;
    Ok(Some(Claim { fax, attempt }))
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
        Err(StepError::Illegal(_) | StepError::Overtaken) => Ok(None),
        Err(StepError::Ledger(error)) => {
            tracing::error!(%error, "a call ended and its charge was already settled");
            Ok(None)
        }
        Err(StepError::Store(error)) => Err(error),
    }
}

/// Gives a fax back whose lease has ended: its caller died, so our own side failed the call.
pub async fn reap(faxes: &Faxes, fax: FaxRow) -> Result<Handled, StoreError> {
    if fax.lease_until.is_some_and(|until| until > faxes.now()) {
        return Ok(Handled::TooEarly);
    }
    let transaction = faxes.store.begin().await?;
    let event = Event::CallEnded(AttemptOutcome::LineDown);
    handled(step(faxes, transaction, fax, event, Facts::default()).await)
}

/// Puts a fax whose next attempt is due back into the line.
pub async fn retry(faxes: &Faxes, id: &FaxId) -> Result<Handled, StoreError> {
    let transaction = faxes.store.begin().await?;
    let Some(fax) = store::faxes::find(&transaction, id.as_str()).await? else {
        return Ok(Handled::NothingToDo);
    };
    let waits = fax.next_attempt_at.is_some_and(|due| due > faxes.now());
    if fax.status == FaxStatus::Retrying.as_str() && waits {
        return Ok(Handled::TooEarly);
    }
    handled(step(faxes, transaction, fax, Event::RetryDue, Facts::default()).await)
}

/// Gives the charge of a failed fax back.
pub async fn refund(faxes: &Faxes, id: &FaxId) -> Result<Handled, StoreError> {
    let transaction = faxes.store.begin().await?;
    let Some(fax) = store::faxes::find(&transaction, id.as_str()).await? else {
        return Ok(Handled::NothingToDo);
    };
    handled(step(faxes, transaction, fax, Event::RefundDue, Facts::default()).await)
}

fn handled(result: Result<(FaxRow, Option<AttemptRow>), StepError>) -> Result<Handled, StoreError> {
    match result {
        Ok(_) => Ok(Handled::Done),
        Err(StepError::Illegal(_) | StepError::Overtaken) => Ok(Handled::NothingToDo),
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
    fax.lease_until = lease.map(|lease| now.saturating_add(milliseconds(lease.length)));
    fax.next_attempt_at = next_attempt_at(faxes, &next);
    fax.completed_at = next.state.status.is_final().then_some(now);
    // First of all: whoever holds an outdated row must not touch what belongs to it.
    let fax = store::faxes::write(&transaction, fax).await?.ok_or(StepError::Overtaken)?;

    let mut begun = None;
    let clock = faxes.clock.as_ref();
    for effect in next.effects {
        match effect {
            Effect::StartCall { number } => {
                begun = Some(start_call(faxes, &transaction, &fax, number).await?)
            }
            Effect::EndCall(outcome) => end_attempt(faxes, &transaction, &fax, outcome, facts.result).await?,
            Effect::ScheduleRetry(_) => {
                let due = fax.next_attempt_at.and_then(|due| Timestamp::from_millisecond(due).ok());
                let due = due.unwrap_or_else(|| clock.now());
                outbox::leave(&transaction, clock, QueueName::Retries, &fax.id, due).await?;
            }
            Effect::RequestRefund => {
                outbox::leave(&transaction, clock, QueueName::Refunds, &fax.id, clock.now()).await?;
            }
            Effect::Capture => {
                ledger::capture(&transaction, clock, &fax.account_id, &fax.id, fax.price_minor).await?;
            }
            Effect::Refund => {
                ledger::refund(&transaction, clock, &fax.account_id, &fax.id, fax.price_minor).await?;
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
    match store::attempts::occupy_lane(transaction, &fax.to_e164, &fax.id).await {
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
        pages_confirmed: 0,
        q850_cause: None,
        t30_status: None,
        bit_rate: None,
        remote_station_id: None,
    };
    match store::attempts::insert(transaction, attempt.clone()).await {
        Err(error) if error.is_duplicate() => Err(StepError::Overtaken),
        result => Ok(result.map(|()| attempt)?),
    }
}

async fn end_attempt(
    faxes: &Faxes,
    transaction: &Transaction,
    fax: &FaxRow,
    outcome: AttemptOutcome,
    result: Option<&CallResult>,
) -> Result<(), StoreError> {
    store::attempts::leave_lane(transaction, &fax.id).await?;
    let Some(mut attempt) = store::attempts::open(transaction, &fax.id).await? else {
        return Err(StoreError::Corrupt { table: "faxes", id: fax.id.clone() });
    };
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    attempt.ended_at = Some(faxes.now());
    attempt.outcome = Some(outcome.as_str().to_owned());
    if let Some(result) = result {
        attempt.pages_confirmed = attempt.pages_confirmed.max(number(result.pages_confirmed));
        attempt.q850_cause = result.q850_cause.map(number);
        attempt.t30_status = result.t30_status.clone();
        attempt.bit_rate = result.bit_rate.map(number);
        attempt.remote_station_id = result.remote_station_id.clone();
    }
    store::attempts::end(transaction, attempt).await
}

fn state_of(fax: &FaxRow) -> Result<State, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "faxes", id: fax.id.clone() };
    Ok(State {
        status: FaxStatus::parse(&fax.status).ok_or_else(corrupt)?,
        attempts_made: u32::try_from(fax.attempts_made).map_err(|_| corrupt())?,
        line_failures: u32::try_from(fax.line_failures).map_err(|_| corrupt())?,
    })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
