//! A client of the Asterisk Manager Interface (AMI): it keeps one connection, sends actions, matches their responses
//! and lists, and hands on every event in the order in which Asterisk tells it.
//!
//! What arrives is never trusted: a message that is too long, a line that is no field and bytes that are no text cost
//! that message or line and nothing else. A connection that says nothing is asked (`Ping`) and given up when it does
//! not answer; a new one is made after a pause that grows. Actions in flight then end as [`ActionError::Disconnected`]
//! and the caller decides: this client repeats nothing, because an `Originate` that is sent twice calls twice.
//!
//! The protocol: <https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/>.

mod action;
mod client;
mod connection;
mod message;

pub use action::{Action, FieldError};
pub use client::{ActionError, Ami, AmiTask, Link, Settings, TlsError};
pub use message::{Codec, Message};
