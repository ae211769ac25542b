pub mod clock;
pub mod fax;
pub mod line;
pub mod locks;
pub mod queue;
pub mod store;
