pub mod clock;
pub mod cursor;
pub mod fax;
pub mod ledger;
pub mod line;
pub mod locks;
pub mod queue;
pub mod store;
