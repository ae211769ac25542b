//! Locks of one process, for a server that is the only one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Fence, Guard, LockName, Locks, LocksError};

#[derive(Debug)]
struct Held {
    fence: Fence,
    until: Instant,
}

type Table = Arc<Mutex<HashMap<LockName, Held>>>;

/// Locks in a table of this process.
#[derive(Debug, Clone, Default)]
pub struct InProcessLocks {
    table: Table,
}

struct InProcessGuard {
    table: Table,
    name: LockName,
    fence: Fence,
    time_to_live: Duration,
}

#[async_trait::async_trait]
impl Locks for InProcessLocks {
    async fn acquire(
        &self,
        name: LockName,
        time_to_live: Duration,
    ) -> Result<Option<Box<dyn Guard>>, LocksError> {
        let now = Instant::now();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let last = match table.get(&name) {
            Some(held) if held.until > now => return Ok(None),
            held => held.map_or(0, |held| held.fence.0),
        };
        let fence = Fence::after(last);
        table.insert(name, Held { fence, until: now + time_to_live });
        Ok(Some(Box::new(InProcessGuard { table: self.table.clone(), name, fence, time_to_live })))
    }
}

impl InProcessGuard {
    fn until(&self, until: Instant) -> bool {
        let mut table: MutexGuard<'_, _> = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        match table.get_mut(&self.name) {
            Some(held) if held.fence == self.fence => {
                held.until = until;
                true
            }
            _ => false,
        }
    }
}

#[async_trait::async_trait]
impl Guard for InProcessGuard {
    fn fence(&self) -> Fence {
        self.fence
    }

    async fn renew(&self) -> Result<bool, LocksError> {
        Ok(self.until(Instant::now() + self.time_to_live))
    }

    async fn release(self: Box<Self>) -> Result<(), LocksError> {
        self.until(Instant::now());
        Ok(())
    }
}
