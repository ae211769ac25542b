//! Faxes as their customer sees them.

use faxdroid_contract::documents::Resolution;
use faxdroid_contract::faxes::{Attempt, AttemptOutcome, Fax, FaxStatus, FaxSummary, MAX_ATTEMPTS};
use faxdroid_contract::ids::{AccountId, FaxId};
use faxdroid_contract::listing::Page;
use faxdroid_contract::money::Money;
use faxdroid_contract::prices;
use faxdroid_contract::quotes::Destination;
use jiff::Timestamp;

use super::accept::parse_resolution;
use super::{Faxes, number};
use crate::cursor::Cursor;
use crate::store::attempts::AttemptRow;
use crate::store::faxes::{FaxRow, Filter};
use crate::store::{self, ConnectionTrait, StoreError};

/// Which faxes are listed.
#[derive(Debug, Clone, Default)]
pub struct FaxFilter {
    pub status: Option<FaxStatus>,
    /// Part of the number or of the document's name.
    pub q: Option<String>,
    /// From this moment on.
    pub created_after: Option<Timestamp>,
    /// Until just before this moment.
    pub created_before: Option<Timestamp>,
}

/// A fax with its attempts; `None` when it does not exist or is somebody else's.
pub async fn get(faxes: &Faxes, account: &AccountId, id: &FaxId) -> Result<Option<Fax>, StoreError> {
    find(faxes.store.connection(), account.as_str(), id.as_str()).await
}

/// A customer's faxes, newest first.
pub async fn list(
    faxes: &Faxes,
    account: &AccountId,
    filter: &FaxFilter,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<FaxSummary>, StoreError> {
    let q = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
    let digits = q.and_then(searched_digits);
    let filter = Filter {
        status: filter.status.map(FaxStatus::as_str),
        name: q,
        digits: digits.as_deref(),
        created_after: filter.created_after.map(Timestamp::as_millisecond),
        created_before: filter.created_before.map(Timestamp::as_millisecond),
    };
    let db = faxes.store.connection();
    let mut rows = store::faxes::list(db, account.as_str(), &filter, cursor, u64::from(limit) + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|row| Cursor { position: row.created_at, id: row.id.clone() }.encode());
    let data = rows.into_iter().map(summary).collect::<Result<_, _>>()?;
    Ok(Page { data, next_cursor })
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    account: &str,
    id: &str,
) -> Result<Option<Fax>, StoreError> {
    let Some(row) = store::faxes::find_of_account(db, account, id).await? else { return Ok(None) };
    let attempts = store::attempts::of_fax(db, id).await?;
    fax(row, attempts).map(Some)
}

pub(super) fn status(row: &FaxRow) -> Result<FaxStatus, StoreError> {
    FaxStatus::parse(&row.status).ok_or_else(|| corrupt(row))
}

/// How the pages are scanned.
pub fn resolution(row: &FaxRow) -> Result<Resolution, StoreError> {
    parse_resolution(&row.resolution).ok_or_else(|| corrupt(row))
}

/// What of the search could be part of a number, however it is written.
fn searched_digits(q: &str) -> Option<String> {
    let is_number =
        q.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')' | '/'));
    let digits: String = q.chars().filter(char::is_ascii_digit).collect();
    (is_number && !digits.is_empty()).then_some(digits)
}

fn fax(row: FaxRow, attempts: Vec<AttemptRow>) -> Result<Fax, StoreError> {
    let status = status(&row)?;
    let waits = matches!(status, FaxStatus::Queued | FaxStatus::Retrying);
    Ok(Fax {
        id: row.id.parse().map_err(|_| corrupt(&row))?,
        status,
        document_id: row.document_id.parse().map_err(|_| corrupt(&row))?,
        to_display: number::display(&row.to_e164),
        destination: Destination {
            country: row.country.clone(),
            name: prices::destination(&row.country)
                .map_or(row.country.as_str(), |known| known.name)
                .to_owned(),
            page_multiplier: unsigned(&row, row.page_multiplier)?,
        },
        resolution: resolution(&row)?,
        pages: unsigned(&row, row.pages)?,
        price: Money::usd(row.price_minor),
        version: row.version,
        attempts: attempts.into_iter().map(attempt).collect::<Result<_, _>>()?,
        max_attempts: MAX_ATTEMPTS,
        calling_hours: row.calling_hours.as_deref().map(str::parse).transpose().map_err(|_| corrupt(&row))?,
        next_attempt_at: row.next_attempt_at.filter(|_| waits).map(|at| time(&row, at)).transpose()?,
        estimated_seconds: u32::try_from(row.estimated_seconds).map_err(|_| corrupt(&row))?,
        created_at: time(&row, row.created_at)?,
        completed_at: row.completed_at.map(|at| time(&row, at)).transpose()?,
        document_name: row.document_name,
        to: row.to_e164,
    })
}

fn summary(row: FaxRow) -> Result<FaxSummary, StoreError> {
    Ok(FaxSummary {
        id: row.id.parse().map_err(|_| corrupt(&row))?,
        status: status(&row)?,
        to_display: number::display(&row.to_e164),
        pages: unsigned(&row, row.pages)?,
        price: Money::usd(row.price_minor),
        created_at: time(&row, row.created_at)?,
        document_name: row.document_name,
        to: row.to_e164,
    })
}

fn attempt(row: AttemptRow) -> Result<Attempt, StoreError> {
    let made = (|| {
        let time = |at: i64| Some(Timestamp::from_millisecond(at).ok()?.to_string());
        let outcome = match row.outcome.as_deref() {
            Some(outcome) => Some(AttemptOutcome::parse(outcome)?),
            None => None,
        };
        Some(Attempt {
            id: row.id.parse().ok()?,
            number: u32::try_from(row.number).ok()?,
            started_at: time(row.started_at)?,
            ended_at: row.ended_at.and_then(time),
            outcome,
            first_page: u32::try_from(row.first_page).ok()?,
            pages_confirmed: u32::try_from(row.pages_confirmed).ok()?,
            q850_cause: row.q850_cause.and_then(|cause| u32::try_from(cause).ok()),
            t30_status: row.t30_status,
            bit_rate: row.bit_rate.and_then(|rate| u32::try_from(rate).ok()),
            resolution: row.resolution,
            remote_station_id: row.remote_station_id,
            duration_ms: row.ended_at.and_then(|ended| u64::try_from(ended - row.started_at).ok()),
        })
    })();
    made.ok_or(StoreError::Corrupt { table: "attempts", id: row.fax_id })
}

fn unsigned(row: &FaxRow, value: i32) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|_| corrupt(row))
}

fn time(row: &FaxRow, milliseconds: i64) -> Result<String, StoreError> {
    let time = Timestamp::from_millisecond(milliseconds).map_err(|_| corrupt(row))?;
    Ok(time.to_string())
}

fn corrupt(row: &FaxRow) -> StoreError {
    StoreError::Corrupt { table: "faxes", id: row.id.clone() }
}
