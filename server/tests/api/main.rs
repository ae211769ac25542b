//! The REST API through HTTP: every test starts a whole server with its own port, its own data and a telephone network a
//! thousand times as fast as a real one; on the embedded defaults, or on the services of production (see `column`).
//!
//! A test ends with [`support::TestApp::end`], which looks for what no test should leave behind: a ledger that does not
//! add up, a panic, a file that belongs to no document.

mod accounts;
mod checkouts;
#[path = "../column/column.rs"]
mod column;
mod documents;
mod events;
mod faxes;
mod forms;
mod hostile_documents;
mod idempotency;
mod internal;
mod isolation;
mod mail;
mod office_documents;
mod openapi;
mod outages;
mod plain_views;
mod problem_codes;
mod quotes;
mod received_faxes;
mod requests;
mod sessions;
mod stripe;
mod support;
mod transactions;
