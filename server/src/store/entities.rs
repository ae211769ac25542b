//! The tables, one module each. Identifiers are the contract's (a prefix and a ULID), times are epoch
//! milliseconds in UTC, money is in minor units, enumerations are the contract's `as_str()`.

pub mod accounts;
pub mod attempts;
pub mod checkouts;
pub mod destination_lanes;
pub mod documents;
pub mod faxes;
pub mod fences;
pub mod idempotency_keys;
pub mod ledger_entries;
pub mod ledger_transactions;
pub mod numbers;
pub mod outbox;
pub mod outgoing_mail;
pub mod queue_messages;
pub mod quotes;
pub mod received_faxes;
pub mod sessions;
pub mod tokens;
