//! Locks that keep work from being done twice. They keep nothing safe: a lock may end while its holder is paused, and
//! the service that keeps it may be down or have forgotten everything. So each [`LockName`] says what still holds then.
//!
//! A holder has a random token, by which the service knows him when he renews or releases; an end, after which another
//! may hold the lock; and a fence, a number that grows from holder to holder. What must not be done by a holder who
//! came back too late is written together with a check of his fence ([`crate::store::fences`]), so that the database
//! refuses him (Kleppmann, "How to do distributed locking", 2016).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub mod in_process;
pub mod redis;

/// Every lock there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockName {
    /// One server hands the outbox to the queues.
    ///
    /// Without it several do: a message is sent more than once, which queues may do anyway and handlers bear. The fence
    /// keeps a server that was paused from sending what another has sent since.
    Relay,
    /// One server looks for ended leases and lost messages.
    ///
    /// Without it several look: each finds the same faxes, and the version of a fax lets one of them change it.
    Sweep,
    /// One server deletes what expired, books due disputes and looks for files without a document.
    ///
    /// Without it several do: deleting twice is deleting once, and the status of a purchase lets one book its dispute.
    Housekeeping,
}

impl LockName {
    pub const ALL: [Self; 3] = [Self::Relay, Self::Sweep, Self::Housekeeping];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Sweep => "sweep",
            Self::Housekeeping => "housekeeping",
        }
    }
}

/// The locks could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the locks are not available: {0}")]
pub struct LocksError(pub String);

/// Grows from holder to holder of the same lock, also over restarts of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub i64);

impl Fence {
    /// Microseconds since 1970, so that a service that forgot the last fence does not begin before it.
    fn after(last: i64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(now.as_micros()).unwrap_or(i64::MAX).max(last.saturating_add(1)))
    }
}

/// A lock that is held until it is released or not renewed in time.
#[async_trait::async_trait]
pub trait Guard: Send + Sync {
    fn fence(&self) -> Fence;

    /// Holds it for its whole time again. False: it is lost.
    async fn renew(&self) -> Result<bool, LocksError>;

    async fn release(self: Box<Self>) -> Result<(), LocksError>;
}

/// Where locks are kept.
#[async_trait::async_trait]
pub trait Locks: Send + Sync {
    /// `None` while somebody else holds it.
    async fn acquire(
        &self,
        name: LockName,
        time_to_live: Duration,
    ) -> Result<Option<Box<dyn Guard>>, LocksError>;
}

/// Does `work` while holding the lock, renewed as long as it takes; `None` when somebody else holds it, or when it was
/// lost meanwhile and the work was given up. Without locks the work is done without one.
pub async fn exclusively<T, W: Future<Output = T>>(
    locks: &dyn Locks,
    name: LockName,
    time_to_live: Duration,
    work: impl FnOnce(Option<Fence>) -> W,
) -> Option<T> {
    let guard = match locks.acquire(name, time_to_live).await {
        Ok(Some(guard)) => guard,
        Ok(None) => return None,
        Err(error) => {
            tracing::warn!(lock = name.as_str(), %error, "locks_unavailable");
            return Some(work(None).await);
        }
    };
    let lost = async {
        loop {
            tokio::time::sleep(time_to_live / 3).await;
            match guard.renew().await {
                Ok(true) => {}
                Ok(false) => break,
                // It may be over before it can be renewed; what that means is said at its name.
                Err(error) => tracing::warn!(lock = name.as_str(), %error, "renewal_failed"),
            }
        }
    };
    let done = tokio::select! {
        done = work(Some(guard.fence())) => Some(done),
        () = lost => {
            tracing::warn!(lock = name.as_str(), "lock_lost");
            None
        }
    };
    if let Err(error) = guard.release().await {
        tracing::warn!(lock = name.as_str(), %error, "release_failed");
    }
    done
}
