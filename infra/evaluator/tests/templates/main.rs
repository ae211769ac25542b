//! What the templates promise, on the resolved resources of QA, Prod and CI.

mod access;
mod alarms;
mod allow_list;
mod cost;
mod environments;
mod network;
mod readme;
mod support;
