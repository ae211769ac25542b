//! Payments: a customer pays for a package at a provider, and the credits are booked once.
//!
//! The provider decides, the database keeps: whoever moves the purchase to "succeeded" books the credits in the same
//! transaction, so a decision that arrives twice books nothing twice.

use faxdroid_contract::credits::{CheckoutStatus, SandboxAnswer};
use faxdroid_contract::ids::{AccountId, CheckoutId};

use crate::clock::Clock;
use crate::ledger::{self, LedgerError, Purchase};
use crate::store::checkouts::CheckoutRow;
use crate::store::{self, Store, StoreError, Transaction};

pub mod sandbox;

/// What the provider decided about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Succeeded {
        disputed_later: Disputed,
    },
    Declined,
    /// The customer has to answer his bank.
    RequiresAction,
}

/// Whether the owner of the card will take the payment back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disputed {
    Never,
    Later,
}

/// Why nothing was paid.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    #[error("the purchase has been decided before")]
    NotPayable,
    #[error("the sandbox does not know this card")]
    NoTestCard,
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who takes the money.
pub trait Payments: Send + Sync {
    /// The page on which the customer pays.
    fn payment_url(&self, checkout: &CheckoutId) -> String;

    /// What the card decides.
    fn pay(&self, card_number: &str) -> Result<Decision, PaymentError>;

    /// What the bank decides when the customer has answered.
    fn confirm(&self, answer: SandboxAnswer) -> Decision;
}

/// Writes a decision down; with success the credits are booked. `dispute_after` is in milliseconds.
pub async fn settle(
    store: &Store,
    clock: &dyn Clock,
    checkout: &CheckoutRow,
    decision: Decision,
    dispute_after: i64,
) -> Result<CheckoutStatus, PaymentError> {
    let transaction = store.begin().await?;
    let (status, dispute_due_at) = match decision {
        Decision::Succeeded { disputed_later: Disputed::Never } => (CheckoutStatus::Succeeded, None),
        Decision::Succeeded { disputed_later: Disputed::Later } => {
            (CheckoutStatus::Succeeded, Some(clock.now().as_millisecond() + dispute_after))
        }
        Decision::Declined => (CheckoutStatus::Declined, None),
        Decision::RequiresAction => (CheckoutStatus::RequiresAction, None),
    };
    let moved = store::checkouts::set_status(
        &transaction,
        &checkout.id,
        &checkout.status,
        status.as_str(),
        dispute_due_at,
    );
    if !moved.await? {
        return Err(PaymentError::NotPayable);
    }
    if status == CheckoutStatus::Succeeded {
        book(&transaction, clock, checkout, Booking::Purchase).await?;
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(status)
}

/// Takes the credits of disputed purchases back.
pub async fn apply_disputes(store: &Store, clock: &dyn Clock) -> Result<(), PaymentError> {
    const AT_ONCE: u64 = 20;
    let due =
        store::checkouts::dispute_due(store.connection(), clock.now().as_millisecond(), AT_ONCE).await?;
    for checkout in due {
        let transaction = store.begin().await?;
        let disputed = CheckoutStatus::Disputed.as_str();
        if store::checkouts::set_status(&transaction, &checkout.id, &checkout.status, disputed, None).await? {
            book(&transaction, clock, &checkout, Booking::Dispute).await?;
            transaction.commit().await.map_err(StoreError::from)?;
            tracing::warn!(checkout_id = checkout.id, "purchase_disputed");
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Booking {
    Purchase,
    Dispute,
}

async fn book(
    transaction: &Transaction,
    clock: &dyn Clock,
    checkout: &CheckoutRow,
    booking: Booking,
) -> Result<(), PaymentError> {
    let corrupt = || StoreError::Corrupt { table: "checkouts", id: checkout.id.clone() };
    let account_id: AccountId = checkout.account_id.parse().map_err(|_| corrupt())?;
    let checkout_id: CheckoutId = checkout.id.parse().map_err(|_| corrupt())?;
    let purchase = Purchase {
        account_id: &account_id,
        checkout_id: &checkout_id,
        price_minor: checkout.price_minor,
        credits_minor: checkout.credits_minor,
    };
    match booking {
        Booking::Purchase => ledger::purchase(transaction, clock, purchase).await?,
        Booking::Dispute => ledger::dispute(transaction, clock, purchase).await?,
    }
    Ok(())
}
