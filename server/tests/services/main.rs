//! The adapters of production, each against the service it speaks to, and what happens when the service fails; and what an
//! operator sees of whole servers. The behaviour of the whole server on all of them together is tested by `api` and `life`
//! with `TEST_COLUMN=production`.

#[path = "../column/column.rs"]
mod column;
#[path = "../chaos/customer.rs"]
#[allow(dead_code)] // the chaos uses the rest of it
mod customer;
mod dead_letters;
mod drain;
mod failover;
mod files;
#[path = "../chaos/installation.rs"]
#[allow(dead_code)]
mod installation;
mod locks;
mod memory;
mod plans;
mod queues;
mod replica;
mod telemetry;
