//! The life of a fax from outside: random histories in which no money and no fax is lost, and calls on the simulated
//! line with the workers running.

mod calls;
#[path = "../column/column.rs"]
mod column;
mod histories;
mod ledger_check;
mod left_behind;
mod queues;
mod refusals;
mod world;
