//! Faxes that came in: recorded once for each call, shown to the account that the number belonged to at that time, and the
//! numbers themselves.

use faxdroid_contract::ids::{AccountId, ReceivedFaxId};
use faxdroid_contract::listing::Page;
use faxdroid_contract::received_faxes::{Number, ReceivedFax, ReceptionStatus};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::cursor::Cursor;
use crate::fax::number::display;
use crate::store::numbers::NumberRow;
use crate::store::received_faxes::ReceivedFaxRow;
use crate::store::{self, Store, StoreError};

/// Why a number is not assigned.
#[derive(Debug, thiserror::Error)]
pub enum AssignError {
    #[error("there is no account with this e-mail address")]
    NoAccount,
    #[error("the number belongs to another account: release it first")]
    Taken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// From now on faxes to `e164` belong to the account with this address. Assigning it again changes nothing.
pub async fn assign(store: &Store, clock: &dyn Clock, e164: &str, email: &str) -> Result<(), AssignError> {
    let db = store.connection();
    let account = store::accounts::find_by_email(db, email).await?.ok_or(AssignError::NoAccount)?;
    let number = NumberRow {
        e164: e164.to_owned(),
        account_id: account.id.clone(),
        assigned_at: clock.now().as_millisecond(),
    };
    match store::numbers::insert(db, number).await {
        Err(error) if error.is_duplicate() => {
            let known = store::numbers::find(db, e164).await?;
            if known.is_some_and(|known| known.account_id == account.id) {
                Ok(())
            } else {
                Err(AssignError::Taken)
            }
        }
        result => Ok(result?),
    }
}

/// The numbers of an account.
pub async fn numbers(store: &Store, account: &AccountId) -> Result<Vec<Number>, StoreError> {
    let rows = store::numbers::of_account(store.connection(), account.as_str()).await?;
    let number = |row: NumberRow| {
        let assigned_at = time(row.assigned_at);
        let assigned_at =
            assigned_at.ok_or(StoreError::Corrupt { table: "numbers", id: row.e164.clone() })?;
        Ok(Number { number_display: display(&row.e164), number: row.e164, assigned_at })
    };
    rows.into_iter().map(number).collect()
}

/// A fax that came in; `None` when it does not exist or is somebody else's.
pub async fn find(
    store: &Store,
    account: &AccountId,
    id: &ReceivedFaxId,
) -> Result<Option<ReceivedFaxRow>, StoreError> {
    store::received_faxes::find_of_account(store.connection(), account.as_str(), id.as_str()).await
}

/// A customer's received faxes, newest first.
pub async fn list(
    store: &Store,
    account: &AccountId,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<ReceivedFax>, StoreError> {
    let more_than = u64::from(limit) + 1;
    let mut rows =
        store::received_faxes::list(store.connection(), account.as_str(), cursor, more_than).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|row| Cursor { position: row.received_at, id: row.id.clone() }.encode());
    Ok(Page { data: rows.into_iter().map(shown).collect::<Result<_, _>>()?, next_cursor })
}

/// The row as the API shows it.
pub fn shown(row: ReceivedFaxRow) -> Result<ReceivedFax, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "received_faxes", id: row.id.clone() };
    Ok(ReceivedFax {
        id: row.id.parse().map_err(|_| corrupt())?,
        status: ReceptionStatus::parse(&row.status).ok_or_else(corrupt)?,
        to_display: display(&row.to_e164),
        pages: u32::try_from(row.pages).map_err(|_| corrupt())?,
        received_at: time(row.received_at).ok_or_else(corrupt)?,
        to: row.to_e164,
        from: row.from_number,
        remote_station_id: row.remote_station_id,
        t30_status: row.t30_status,
        bit_rate: row.bit_rate.and_then(|rate| u32::try_from(rate).ok()),
    })
}

fn time(milliseconds: i64) -> Option<String> {
    Timestamp::from_millisecond(milliseconds).ok().map(|time| time.to_string())
}
