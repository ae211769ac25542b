//! The application server: REST API, the life of a fax, the workers that send it, and the private API.
//!
//! The domain ([`fax`], [`ledger`]) decides and knows no HTTP; what it needs of the world stands behind traits with
//! one file per technology ([`mod@line`], [`queue`], [`locks`], [`payments`], [`mail`]); all SQL is in [`store`].

pub mod accounts;
pub mod api;
pub mod app;
pub mod clock;
pub mod config;
pub mod cursor;
pub mod dev;
mod digest;
pub mod documents;
pub mod fax;
pub mod files;
pub mod inbox;
pub mod internal;
pub mod ledger;
pub mod line;
pub mod locks;
pub mod mail;
pub mod payments;
pub mod queue;
mod server;
#[cfg(feature = "site")]
pub mod site;
pub mod store;
pub mod telemetry;
pub mod workers;

pub use server::{Server, open_store, start};
