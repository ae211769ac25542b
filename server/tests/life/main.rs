//! The life of a fax from outside: random histories in which no money and no fax is lost, and calls on the simulated
//! line with the workers running.

mod calls;
mod histories;
mod ledger_check;
mod queues;
mod refusals;
mod world;
