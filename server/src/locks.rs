//! Named locks with an end. A lock keeps work from being done twice; it never keeps anything safe. When it lies or
//! is lost, the version of the fax and the unique keys of the database still hold.

use std::time::Duration;

pub mod in_process;

/// The locks could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the locks are not available: {0}")]
pub struct LocksError(pub String);

/// A lock that is held. Dropping it releases it; a holder that dies loses it after its time to live.
pub trait Guard: Send + Sync {
    /// Grows from holder to holder of the same name, so that a late writer can be told from the present one.
    fn token(&self) -> u64;
}

/// Where locks are kept.
#[async_trait::async_trait]
pub trait Locks: Send + Sync {
    /// `None` while somebody else holds it.
    async fn acquire(&self, name: &str, time_to_live: Duration)
    -> Result<Option<Box<dyn Guard>>, LocksError>;
}
