//! Payments: a customer pays for a package at a provider, and the credits are booked once.
//!
//! The provider decides, the database keeps: whoever moves the purchase to "succeeded" books the credits in the same
//! transaction, so a decision that arrives twice books nothing twice.

use std::time::Duration;

use faxdroid_contract::credits::CheckoutStatus;
use faxdroid_contract::ids::{AccountId, CheckoutId};

use crate::clock::{Clock, after};
use crate::ledger::{self, LedgerError, Purchase};
use crate::store::checkouts::CheckoutRow;
use crate::store::{self, FromStore, Store, StoreError, Transaction, Try};

pub mod sandbox;
pub mod stripe;

use stripe::{Event, Stripe, StripeError};

/// What is sold is priced in it (ISO 4217, as Stripe writes it).
const CURRENCY: &str = "usd";

/// Who takes the money.
pub enum Payments {
    /// Test cards; no money moves.
    Sandbox,
    Stripe(Box<Stripe>),
}

impl Payments {
    /// The page on which the customer pays.
    pub fn payment_url(&self, checkout: &CheckoutId) -> String {
        match self {
            Self::Sandbox => format!("/pay/{checkout}"),
            Self::Stripe(_) => format!("/api/v1/stripe/checkouts/{checkout}/pay"),
        }
    }
}

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
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FromStore for PaymentError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) | Self::Ledger(LedgerError::Store(error)) => Some(error),
            _ => None,
        }
    }
}

/// Writes a decision down; with success the credits are booked.
pub async fn settle(
    store: &Store,
    clock: &dyn Clock,
    checkout: &CheckoutRow,
    decision: Decision,
    dispute_after: Duration,
) -> Result<CheckoutStatus, PaymentError> {
    store.patiently(|which| try_settle(store, clock, checkout, decision, dispute_after, which)).await
}

async fn try_settle(
    store: &Store,
    clock: &dyn Clock,
    checkout: &CheckoutRow,
    decision: Decision,
    dispute_after: Duration,
    which: Try,
) -> Result<CheckoutStatus, PaymentError> {
    let transaction = store.begin().await?;
    let (status, dispute_due_at) = match decision {
        Decision::Succeeded { disputed_later: Disputed::Never } => (CheckoutStatus::Succeeded, None),
        Decision::Succeeded { disputed_later: Disputed::Later } => {
            (CheckoutStatus::Succeeded, Some(after(clock.now().as_millisecond(), dispute_after)))
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
        let found = store::checkouts::find(&transaction, &checkout.account_id, &checkout.id).await?;
        let moved_before = found.is_some_and(|found| found.status == status.as_str());
        return if which == Try::Again && moved_before { Ok(status) } else { Err(PaymentError::NotPayable) };
    }
    if status == CheckoutStatus::Succeeded {
        book(&transaction, clock, checkout, Booking::Purchase).await?;
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(status)
}

/// Writes down what Stripe says about a purchase; true when the purchase was paid, whoever wrote that down.
pub async fn learn(
    store: &Store,
    clock: &dyn Clock,
    checkout: &CheckoutRow,
    session: &stripe::Session,
) -> Result<bool, PaymentError> {
    if checkout.status != CheckoutStatus::Open.as_str() {
        return Ok(true);
    }
    let Some(decision) = session.decision(checkout) else { return Ok(false) };
    match settle(store, clock, checkout, decision, Duration::ZERO).await {
        Ok(_) => Ok(true),
        // The event and the customer may arrive at the same moment.
        Err(PaymentError::NotPayable) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Does what an event of Stripe's asks for. It may come more than once, and in any order.
pub async fn handle(
    store: &Store,
    clock: &dyn Clock,
    stripe: &Stripe,
    event: Event,
) -> Result<(), PaymentError> {
    match event {
        Event::SessionCompleted(session) => {
            if let Some(checkout) = purchase_of(store, &session).await? {
                learn(store, clock, &checkout, &session).await?;
            }
        }
        Event::DisputeCreated { payment_intent: Some(payment) } => {
            let Some(session) = stripe.session_of(&payment).await? else { return Ok(()) };
            let Some(checkout) = purchase_of(store, &session).await? else { return Ok(()) };
            // Its own event may still be on its way.
            learn(store, clock, &checkout, &session).await?;
            let succeeded = CheckoutStatus::Succeeded.as_str();
            let now = clock.now().as_millisecond();
            let connection = store.connection();
            store::checkouts::set_status(connection, &checkout.id, succeeded, succeeded, Some(now)).await?;
        }
        Event::DisputeCreated { payment_intent: None } | Event::Other => {}
    }
    Ok(())
}

async fn purchase_of(store: &Store, session: &stripe::Session) -> Result<Option<CheckoutRow>, PaymentError> {
    // The account may have other things to sell.
    let Some(id) = &session.client_reference_id else { return Ok(None) };
    Ok(store::checkouts::find_whoevers(store.connection(), id).await?)
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
