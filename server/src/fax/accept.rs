//! Accepting a fax: its price is held and the fax is queued in one transaction, or nothing is stored at all.

use faxdroid_contract::documents::Resolution;
use faxdroid_contract::faxes::Fax;
use faxdroid_contract::ids::{AccountId, FaxId, QuoteId};
use faxdroid_contract::prices;

use super::life::within_hours;
use super::state::State;
use super::{Faxes, read};
use crate::ledger::{self, Charge, LedgerError};
use crate::store::entities::{accounts, quotes};
use crate::store::faxes::FaxRow;
use crate::store::{self, FromStore, StoreError, Transaction};

/// Why a fax is not accepted. Nothing was stored and nothing charged.
#[derive(Debug, thiserror::Error)]
pub enum CreateFaxError {
    #[error("there is no such quote")]
    QuoteNotFound,
    #[error("the quote has expired")]
    QuoteExpired,
    #[error("the credits do not cover it")]
    CreditInsufficient,
    #[error("the e-mail address is not confirmed")]
    EmailUnconfirmed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a fax is not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    #[error("there is no such fax, or its document was deleted")]
    NotFound,
    #[error("the fax is still under way")]
    NotFinished,
    #[error("we no longer send to this country")]
    DestinationUnsupported,
    #[error("the credits do not cover it")]
    CreditInsufficient,
    #[error("the e-mail address is not confirmed")]
    EmailUnconfirmed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FromStore for CreateFaxError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl FromStore for ResendError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Accepts the fax that `quote` offers. The same quote twice is the same fax.
pub async fn create(faxes: &Faxes, account: &AccountId, quote: &QuoteId) -> Result<Fax, CreateFaxError> {
    faxes.store.patiently(|_| try_create(faxes, account, quote)).await
}

async fn try_create(faxes: &Faxes, account: &AccountId, quote: &QuoteId) -> Result<Fax, CreateFaxError> {
    let transaction = faxes.store.begin().await?;
    let sender = store::sending::sender(&transaction, account.as_str()).await?;
    let quote = store::sending::quote(&transaction, account.as_str(), quote.as_str()).await?;
    let (Some(sender), Some(quote)) = (sender, quote) else { return Err(CreateFaxError::QuoteNotFound) };
    if let Some(accepted) = &quote.fax_id {
        let fax = read::find(&transaction, account.as_str(), accepted).await?;
        return fax.ok_or(CreateFaxError::QuoteNotFound);
    }
    if sender.email_confirmed_at.is_none() {
        return Err(CreateFaxError::EmailUnconfirmed);
    }
    if quote.expires_at <= faxes.now() {
        return Err(CreateFaxError::QuoteExpired);
    }
    let document = store::sending::document(&transaction, account.as_str(), &quote.document_id).await?;
    let document = document.ok_or(CreateFaxError::QuoteNotFound)?;
    let mut fax = offered_fax(faxes, &sender, &quote, document.name);
    fax.next_attempt_at = Some(within_hours(&fax, fax.created_at)?);
    let kept = store::sending::keep_document(&transaction, &fax.document_id).await?;
    if !kept || !store::sending::use_quote(&transaction, &quote.id, &fax.id).await? {
        return Err(CreateFaxError::QuoteNotFound);
    }
    accept(faxes, transaction, fax).await.map_err(|error| match error {
        LedgerError::Insufficient => CreateFaxError::CreditInsufficient,
        error => CreateFaxError::Store(as_store_error(error)),
    })
}

/// Sends the document of a fax that is finished once more, as the new fax `again` at today's price. The same `again`
/// twice is the same fax.
pub async fn resend(
    faxes: &Faxes,
    account: &AccountId,
    id: &FaxId,
    again: &FaxId,
) -> Result<Fax, ResendError> {
    faxes.store.patiently(|_| try_resend(faxes, account, id, again)).await
}

async fn try_resend(
    faxes: &Faxes,
    account: &AccountId,
    id: &FaxId,
    again: &FaxId,
) -> Result<Fax, ResendError> {
    let transaction = faxes.store.begin().await?;
    if let Some(accepted) = read::find(&transaction, account.as_str(), again.as_str()).await? {
        return Ok(accepted);
    }
    let sender = store::sending::sender(&transaction, account.as_str()).await?;
    let sent = store::faxes::find_of_account(&transaction, account.as_str(), id.as_str()).await?;
    let (Some(sender), Some(sent)) = (sender, sent) else { return Err(ResendError::NotFound) };
    if !read::status(&sent)?.is_final() {
        return Err(ResendError::NotFinished);
    }
    if sender.email_confirmed_at.is_none() {
        return Err(ResendError::EmailUnconfirmed);
    }
    if !store::sending::keep_document(&transaction, &sent.document_id).await? {
        return Err(ResendError::NotFound);
    }
    let destination = prices::destination(&sent.country).ok_or(ResendError::DestinationUnsupported)?;
    let pages =
        u32::try_from(sent.pages).map_err(|_| StoreError::Corrupt { table: "faxes", id: sent.id.clone() })?;
    let now = faxes.now();
    let fax = FaxRow {
        id: again.to_string(),
        quote_id: None,
        page_multiplier: i32::try_from(destination.page_multiplier).unwrap_or(i32::MAX),
        price_minor: prices::price(pages, destination.page_multiplier).amount_minor,
        status: State::ACCEPTED.status.as_str().to_owned(),
        version: 1,
        attempts_made: 0,
        line_failures: 0,
        next_attempt_at: Some(within_hours(&sent, now)?),
        lease_owner: None,
        lease_until: None,
        sender_name: name_of(&sender),
        sender_number: sender.sender_number,
        created_at: now,
        completed_at: None,
        ..sent
    };
    accept(faxes, transaction, fax).await.map_err(|error| match error {
        LedgerError::Insufficient => ResendError::CreditInsufficient,
        error => ResendError::Store(as_store_error(error)),
    })
}

/// Holds the price and queues the fax.
async fn accept(faxes: &Faxes, transaction: Transaction, fax: FaxRow) -> Result<Fax, LedgerError> {
    store::faxes::insert(&transaction, fax.clone()).await?;
    ledger::hold(&transaction, faxes.clock.as_ref(), Charge::of(&fax)).await?;
    let accepted = read::find(&transaction, &fax.account_id, &fax.id).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    tracing::info!(fax_id = %fax.id, price_minor = fax.price_minor, "fax_accepted");
    faxes.tell(&fax.id)?;
    faxes.waiting.notify_one();
    Ok(accepted.ok_or(StoreError::Corrupt { table: "faxes", id: fax.id })?)
}

fn offered_fax(
    faxes: &Faxes,
    sender: &accounts::Model,
    quote: &quotes::Model,
    document_name: String,
) -> FaxRow {
    let now = faxes.now();
    FaxRow {
        id: format!("{}{}", FaxId::PREFIX, faxes.clock.new_ulid()),
        account_id: quote.account_id.clone(),
        quote_id: Some(quote.id.clone()),
        document_id: quote.document_id.clone(),
        document_name,
        to_e164: quote.to_e164.clone(),
        country: quote.country.clone(),
        page_multiplier: quote.page_multiplier,
        resolution: quote.resolution.clone(),
        pages: quote.pages,
        price_minor: quote.price_minor,
        status: State::ACCEPTED.status.as_str().to_owned(),
        version: 1,
        attempts_made: 0,
        line_failures: 0,
        next_attempt_at: Some(now),
        lease_owner: None,
        lease_until: None,
        estimated_seconds: quote.estimated_seconds,
        calling_hours: quote.calling_hours.clone(),
        sender_name: name_of(sender),
        sender_number: sender.sender_number.clone(),
        created_at: now,
        completed_at: None,
    }
}

/// A new fax has never been charged, so only the database can have failed.
fn as_store_error(error: LedgerError) -> StoreError {
    match error {
        LedgerError::Store(error) => error,
        LedgerError::Insufficient | LedgerError::AlreadyPosted => {
            StoreError::Corrupt { table: "ledger_transactions", id: error.to_string() }
        }
    }
}

/// As it stands in the database.
pub(crate) const fn resolution_as_str(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Standard => "standard",
        Resolution::Fine => "fine",
    }
}

pub(crate) fn parse_resolution(text: &str) -> Option<Resolution> {
    [Resolution::Standard, Resolution::Fine].into_iter().find(|known| resolution_as_str(*known) == text)
}

/// Every page has to say who sends it (47 CFR 68.318(d)); who gave no name is named by his address.
fn name_of(sender: &accounts::Model) -> String {
    if sender.sender_name.is_empty() { sender.email.clone() } else { sender.sender_name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fax_always_says_who_sends_it() {
        let mut sender = accounts::Model {
            id: "acc_01KAT5W8Z3M4Q6R7S8T9V0W1X2".to_owned(),
            email: "ada@example.com".to_owned(),
            password_hash: String::new(),
            email_confirmed_at: None,
            sender_name: String::new(),
            sender_number: String::new(),
            created_at: 0,
        };
        assert_eq!(name_of(&sender), "ada@example.com");
        sender.sender_name = "Ada Lovelace".to_owned();
        assert_eq!(name_of(&sender), "Ada Lovelace");
    }
}
