//! Faxes: the life of one, from the charge that is held to the page that is delivered or the charge that comes back.

pub mod number;
pub mod schedule;
pub mod state;
