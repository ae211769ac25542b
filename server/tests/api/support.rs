//! A server to test, and customers of it.

mod answer;
mod customer;
pub(crate) mod files;
mod panics;
mod test_app;

pub(crate) use answer::Answer;
pub(crate) use customer::{Customer, PASSWORD, parts};
pub(crate) use test_app::TestApp;
