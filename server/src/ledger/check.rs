//! The proof that no money was lost. It reads everything and believes nothing that is derived.

use std::collections::HashMap;
use std::fmt;

use faxdroid_contract::faxes::FaxStatus;

use super::{HELD, customer};
use crate::store::entities::{faxes, ledger_entries, ledger_transactions};
use crate::store::{self, Store, StoreError};

const ACCOUNTS_AT_ONCE: u64 = 200;

/// What a check has seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LedgerReport {
    pub accounts: u64,
    pub transactions: u64,
    pub faxes: u64,
    /// Set aside for faxes that are under way.
    pub held_minor: i64,
    pub faults: Vec<LedgerFault>,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFault {
    /// The account, transaction or fax it is about.
    pub id: String,
    pub what: &'static str,
}

impl LedgerReport {
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    fn expect(&mut self, holds: bool, id: &str, what: &'static str) {
        if !holds {
            self.faults.push(LedgerFault { id: id.to_owned(), what });
        }
    }
}

impl fmt::Display for LedgerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} accounts, {} transactions, {} faxes, {} minor units held, {} faults",
            self.accounts,
            self.transactions,
            self.faxes,
            self.held_minor,
            self.faults.len()
        )?;
        for fault in &self.faults {
            writeln!(f, "{}: {}", fault.id, fault.what)?;
        }
        Ok(())
    }
}

/// Checks every account, as of one moment.
pub async fn check(store: &Store) -> Result<LedgerReport, StoreError> {
    let snapshot = store.snapshot().await?;
    let mut report = LedgerReport::default();
    let mut after = String::new();
    loop {
        let accounts = store::ledger::account_ids(&snapshot, &after, ACCOUNTS_AT_ONCE).await?;
        let Some(last) = accounts.last() else { break };
        after.clone_from(last);
        for account in &accounts {
            let history = store::ledger::history(&snapshot, account).await?;
            let faxes = store::faxes::of_account(&snapshot, account).await?;
            check_account(&mut report, account, &history, &faxes);
        }
    }
    let sum = store::ledger::sum_of_entries(&snapshot).await?;
    report.expect(sum == 0, "ledger", "the entries do not sum to zero");
    snapshot.rollback().await.map_err(StoreError::from)?;
    Ok(report)
}

type History = [(ledger_transactions::Model, Vec<ledger_entries::Model>)];

fn check_account(report: &mut LedgerReport, account: &str, history: &History, faxes: &[faxes::Model]) {
    report.accounts += 1;
    report.transactions += history.len() as u64;
    report.faxes += faxes.len() as u64;

    let own = customer(account);
    let mut balance = 0;
    let mut held = 0;
    let mut charges: HashMap<&str, Vec<&ledger_transactions::Model>> = HashMap::new();
    let mut settlements: HashMap<&str, Vec<&ledger_transactions::Model>> = HashMap::new();
    for (sequence, (transaction, entries)) in (1..).zip(history) {
        let sum_of = |ledger_account: &str| -> i64 {
            let entries = entries.iter().filter(|entry| entry.ledger_account == ledger_account);
            entries.map(|entry| entry.amount_minor).sum()
        };
        let id = transaction.id.as_str();
        let sum: i64 = entries.iter().map(|entry| entry.amount_minor).sum();
        report.expect(sum == 0, id, "its entries do not sum to zero");
        report.expect(!entries.is_empty(), id, "it has no entries");
        report.expect(transaction.sequence == sequence, id, "its sequence number is not the next one");
        report.expect(sum_of(&own) == transaction.amount_minor, id, "its amount is not that of its entries");
        balance += transaction.amount_minor;
        held += sum_of(HELD);
        report.expect(
            transaction.balance_after == balance,
            id,
            "its balance does not follow from the one before",
        );
        // A dispute may leave a debt; credits bought afterwards may not cover it. Nothing else may make one.
        let makes_debt = balance < 0 && transaction.amount_minor < 0;
        report.expect(!makes_debt || transaction.kind == "dispute", id, "it spends more than there was");
        match (transaction.kind.as_str(), transaction.fax_id.as_deref()) {
            ("charge", Some(fax)) => charges.entry(fax).or_default().push(transaction),
            ("capture" | "refund", Some(fax)) => settlements.entry(fax).or_default().push(transaction),
            ("purchase" | "dispute", None) => {}
            _ => report.expect(false, id, "its kind and what it belongs to do not fit"),
        }
    }
    let mut under_way = 0;
    for fax in faxes {
        let charge = charges.remove(fax.id.as_str()).unwrap_or_default();
        let settlement = settlements.remove(fax.id.as_str()).unwrap_or_default();
        under_way += check_fax(report, fax, &charge, &settlement);
    }
    let orphans = charges.keys().chain(settlements.keys());
    for fax in orphans {
        report
            .faults
            .push(LedgerFault { id: (*fax).to_owned(), what: "money moved for a fax that does not exist" });
    }
    report.expect(held == under_way, account, "what is held is not the price of the faxes under way");
    report.held_minor += held;
}

/// Answers what has to be held for the fax.
fn check_fax(
    report: &mut LedgerReport,
    fax: &faxes::Model,
    charges: &[&ledger_transactions::Model],
    settlements: &[&ledger_transactions::Model],
) -> i64 {
    let id = fax.id.as_str();
    let charged_once = matches!(charges, [charge] if charge.amount_minor == -fax.price_minor);
    report.expect(charged_once, id, "it is not charged exactly once and with its price");
    let settled_as: Vec<&str> = settlements.iter().map(|settlement| settlement.kind.as_str()).collect();
    let expected: &[&str] = match FaxStatus::parse(&fax.status) {
        Some(FaxStatus::Queued | FaxStatus::Sending | FaxStatus::Retrying | FaxStatus::Failed) => &[],
        Some(FaxStatus::Delivered) => &["capture"],
        Some(FaxStatus::Refunded | FaxStatus::Canceled) => &["refund"],
        None => {
            report.expect(false, id, "it has a status that does not exist");
            return 0;
        }
    };
    report.expect(settled_as == expected, id, "its charge is not settled as its status says");
    let refunded: i64 = settlements.iter().map(|settlement| settlement.amount_minor).sum();
    report.expect(refunded == 0 || refunded == fax.price_minor, id, "its refund is not its price");
    if expected.is_empty() { fax.price_minor } else { 0 }
}
