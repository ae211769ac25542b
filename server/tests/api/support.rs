//! A server to test, and customers of it.

mod answer;
mod customer;
pub(crate) mod files;
pub(crate) mod hostile;
pub(crate) mod office;
mod panics;
mod stripe;
mod test_app;

pub(crate) use answer::Answer;
pub(crate) use customer::{Customer, PASSWORD, kinds, parts};
pub(crate) use stripe::StripeStandIn;
pub(crate) use test_app::TestApp;
