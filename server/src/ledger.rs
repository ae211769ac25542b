//! The ledger: double entry, in integer minor units. The entries of every transaction sum to zero, so money can move
//! but neither appear nor vanish; [`check()`] proves it.
//!
//! The price of a fax moves from its customer to `held` when it is accepted, and from there once: to `revenue` when
//! it is delivered, back to the customer when it is not. Both settlements have the same unique key, so whatever goes
//! wrong above, the database lets only one of them happen. The balance of a customer is the `balance_after` of his
//! last transaction, and two writers cannot continue the same one: their sequence number is unique.

use faxdroid_contract::credits::{Transaction as StatementLine, TransactionKind};
use faxdroid_contract::ids::{AccountId, CheckoutId, FaxId, TransactionId};
use faxdroid_contract::listing::Page;
use faxdroid_contract::money::Money;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::cursor::Cursor;
use crate::store::entities::{ledger_entries, ledger_transactions};
use crate::store::faxes::FaxRow;
use crate::store::{self, ConnectionTrait, FromStore, Store, StoreError, Transaction};

pub mod check;

pub use check::{LedgerFault, LedgerReport, check};

/// Why money cannot be moved.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the balance does not cover it")]
    Insufficient,
    #[error("this money has been moved before")]
    AlreadyPosted,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FromStore for LedgerError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// A purchase of credits, as it was paid.
#[derive(Debug, Clone, Copy)]
pub struct Purchase<'a> {
    pub account_id: &'a AccountId,
    pub checkout_id: &'a CheckoutId,
    pub price_minor: i64,
    /// At least the price; what is above it is a bonus.
    pub credits_minor: i64,
}

/// The price of a fax, and who pays it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Charge<'a> {
    pub(crate) account_id: &'a str,
    pub(crate) fax_id: &'a str,
    pub(crate) price_minor: i64,
}

impl<'a> Charge<'a> {
    pub(crate) fn of(fax: &'a FaxRow) -> Self {
        Self { account_id: &fax.account_id, fax_id: &fax.id, price_minor: fax.price_minor }
    }
}

/// The credits of a purchase that was paid.
pub async fn purchase(
    transaction: &Transaction,
    clock: &dyn Clock,
    purchase: Purchase<'_>,
) -> Result<(), LedgerError> {
    post(transaction, clock, purchase.posting("purchase", 1)).await
}

/// Takes the credits of a disputed purchase back, even those that are spent: the balance may become negative.
pub async fn dispute(
    transaction: &Transaction,
    clock: &dyn Clock,
    purchase: Purchase<'_>,
) -> Result<(), LedgerError> {
    post(transaction, clock, purchase.posting("dispute", -1)).await
}

/// What the customer can spend. Charges of faxes under way are already taken off.
pub async fn balance(db: &impl ConnectionTrait, account: &AccountId) -> Result<Money, StoreError> {
    let last = store::ledger::last(db, account.as_str()).await?;
    Ok(Money::usd(last.map_or(0, |last| last.balance_after)))
}

/// The statement of account, newest first.
pub async fn statement(
    store: &Store,
    account: &AccountId,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<StatementLine>, StoreError> {
    let before = cursor.map(|cursor| cursor.position);
    let kinds = TransactionKind::ALL.map(TransactionKind::as_str);
    let mut rows =
        store::ledger::statement(store.connection(), account.as_str(), &kinds, before, u64::from(limit) + 1)
            .await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|row| Cursor { position: row.sequence, id: row.id.clone() }.encode());
    let data = rows.into_iter().map(statement_line).collect::<Result<_, _>>()?;
    Ok(Page { data, next_cursor })
}

/// Sets the price of a fax aside.
pub(crate) async fn hold(
    transaction: &Transaction,
    clock: &dyn Clock,
    charge: Charge<'_>,
) -> Result<(), LedgerError> {
    let unique_key = format!("charge:{}", charge.fax_id);
    post(transaction, clock, charge.posting("charge", unique_key, &customer(charge.account_id), HELD)).await
}

/// The fax was delivered: what was set aside is earned.
pub(crate) async fn capture(
    transaction: &Transaction,
    clock: &dyn Clock,
    charge: Charge<'_>,
) -> Result<(), LedgerError> {
    post(transaction, clock, charge.settlement("capture", REVENUE)).await
}

/// The fax was not delivered: what was set aside goes back.
pub(crate) async fn refund(
    transaction: &Transaction,
    clock: &dyn Clock,
    charge: Charge<'_>,
) -> Result<(), LedgerError> {
    post(transaction, clock, charge.settlement("refund", &customer(charge.account_id))).await
}

const HELD: &str = "held";
const REVENUE: &str = "revenue";
const PAYMENTS: &str = "payments";
const DISPUTES: &str = "disputes";
const BONUS: &str = "bonus";

fn customer(account: &str) -> String {
    format!("customer:{account}")
}

/// Money that is to be moved. What the customer's balance changes by follows from the entries.
struct Posting<'a> {
    kind: &'static str,
    account: &'a str,
    fax: Option<&'a str>,
    checkout: Option<&'a str>,
    unique_key: String,
    entries: Vec<(String, i64)>,
}

impl<'a> Charge<'a> {
    /// The price goes from one account of the ledger to another.
    fn posting(self, kind: &'static str, unique_key: String, from: &str, to: &str) -> Posting<'a> {
        let entries = vec![(from.to_owned(), -self.price_minor), (to.to_owned(), self.price_minor)];
        Posting {
            kind,
            account: self.account_id,
            fax: Some(self.fax_id),
            checkout: None,
            unique_key,
            entries,
        }
    }

    /// Both ways a charge can end have one key.
    fn settlement(self, kind: &'static str, to: &str) -> Posting<'a> {
        self.posting(kind, format!("settlement:{}", self.fax_id), HELD, to)
    }
}

impl<'a> Purchase<'a> {
    fn posting(self, kind: &'static str, sign: i64) -> Posting<'a> {
        let counterpart = if sign > 0 { PAYMENTS } else { DISPUTES };
        let entries = vec![
            (customer(self.account_id.as_str()), sign * self.credits_minor),
            (counterpart.to_owned(), -sign * self.price_minor),
            (BONUS.to_owned(), -sign * (self.credits_minor - self.price_minor)),
        ];
        Posting {
            kind,
            account: self.account_id.as_str(),
            fax: None,
            checkout: Some(self.checkout_id.as_str()),
            unique_key: format!("{kind}:{}", self.checkout_id),
            entries,
        }
    }
}

async fn post(transaction: &Transaction, clock: &dyn Clock, posting: Posting<'_>) -> Result<(), LedgerError> {
    debug_assert_eq!(posting.entries.iter().map(|(_, amount)| amount).sum::<i64>(), 0);
    store::ledger::lock(transaction, posting.account).await?;
    let last = store::ledger::last(transaction, posting.account).await?;
    let (sequence, balance) = last.map_or((1, 0), |last| (last.sequence + 1, last.balance_after));
    let own = customer(posting.account);
    let amount: i64 =
        posting.entries.iter().filter(|(account, _)| *account == own).map(|(_, amount)| amount).sum();
    let balance_after = balance + amount;
    if balance_after < 0 && posting.kind == TransactionKind::Charge.as_str() {
        return Err(LedgerError::Insufficient);
    }
    let id = format!("{}{}", TransactionId::PREFIX, clock.new_ulid());
    let entries = posting.entries.into_iter().filter(|(_, amount)| *amount != 0).map(|(account, amount)| {
        ledger_entries::Model {
            id: clock.new_ulid(),
            transaction_id: id.clone(),
            ledger_account: account,
            amount_minor: amount,
        }
    });
    let entries = entries.collect();
    let row = ledger_transactions::Model {
        id,
        kind: posting.kind.to_owned(),
        account_id: posting.account.to_owned(),
        sequence,
        fax_id: posting.fax.map(str::to_owned),
        checkout_id: posting.checkout.map(str::to_owned),
        amount_minor: amount,
        balance_after,
        unique_key: posting.unique_key,
        created_at: clock.now().as_millisecond(),
    };
    match store::ledger::insert(transaction, row, entries).await {
        Err(error) if error.is_duplicate() => Err(LedgerError::AlreadyPosted),
        result => Ok(result?),
    }
}

fn statement_line(row: ledger_transactions::Model) -> Result<StatementLine, StoreError> {
    let parsed = (|| {
        Some(StatementLine {
            id: row.id.parse().ok()?,
            kind: TransactionKind::parse(&row.kind)?,
            amount: Money::usd(row.amount_minor),
            balance: Money::usd(row.balance_after),
            fax_id: row.fax_id.as_deref().map(str::parse::<FaxId>).transpose().ok()?,
            checkout_id: row.checkout_id.as_deref().map(str::parse::<CheckoutId>).transpose().ok()?,
            created_at: Timestamp::from_millisecond(row.created_at).ok()?.to_string(),
        })
    })();
    parsed.ok_or(StoreError::Corrupt { table: "ledger_transactions", id: row.id })
}
