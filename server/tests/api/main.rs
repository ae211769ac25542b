//! The REST API through HTTP: every test starts a whole server on the embedded defaults, with its own port, its own
//! data directory and a telephone network a thousand times as fast as a real one.
//!
//! A test ends with [`support::TestApp::end`], which looks for what no test should leave behind: a ledger that does not
//! add up, a panic, a file that belongs to no document.

mod accounts;
mod checkouts;
mod documents;
mod events;
mod faxes;
mod forms;
mod isolation;
mod openapi;
mod outages;
mod plain_views;
mod problem_codes;
mod quotes;
mod requests;
mod sessions;
mod support;
mod transactions;
