//! Locks of one process, for a server that is the only one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Guard, Locks, LocksError};

#[derive(Debug, Default)]
struct Held {
    last_token: u64,
    by_name: HashMap<String, (u64, Instant)>,
}

/// Locks in a table of this process.
#[derive(Debug, Clone, Default)]
pub struct InProcessLocks {
    held: Arc<Mutex<Held>>,
}

struct InProcessGuard {
    held: Arc<Mutex<Held>>,
    name: String,
    token: u64,
}

#[async_trait::async_trait]
impl Locks for InProcessLocks {
    async fn acquire(
        &self,
        name: &str,
        time_to_live: Duration,
    ) -> Result<Option<Box<dyn Guard>>, LocksError> {
        let now = Instant::now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.by_name.get(name).is_some_and(|(_, ends)| *ends > now) {
            return Ok(None);
        }
        held.last_token += 1;
        let token = held.last_token;
        held.by_name.insert(name.to_owned(), (token, now + time_to_live));
        Ok(Some(Box::new(InProcessGuard { held: self.held.clone(), name: name.to_owned(), token })))
    }
}

impl Guard for InProcessGuard {
    fn token(&self) -> u64 {
        self.token
    }
}

impl Drop for InProcessGuard {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.by_name.get(&self.name).is_some_and(|(token, _)| *token == self.token) {
            held.by_name.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_lock_is_held_by_one_until_it_is_dropped() {
        let locks = InProcessLocks::default();
        let first = locks.acquire("destination:+15005550001", MINUTE).await.unwrap();
        assert!(first.is_some());
        assert!(locks.acquire("destination:+15005550001", MINUTE).await.unwrap().is_none());
        assert!(locks.acquire("destination:+15005550002", MINUTE).await.unwrap().is_some());
        drop(first);
        assert!(locks.acquire("destination:+15005550001", MINUTE).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_holder_that_came_back_late_does_not_release_its_successors_lock() {
        let locks = InProcessLocks::default();
        let late = locks.acquire("lock", Duration::ZERO).await.unwrap().unwrap();
        let present = locks.acquire("lock", MINUTE).await.unwrap().unwrap();
        assert!(present.token() > late.token());
        drop(late);
        assert!(locks.acquire("lock", MINUTE).await.unwrap().is_none());
    }
}
