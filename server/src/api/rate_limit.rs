//! How often something may be tried: a window per name, kept by this server.
//!
//! It slows guessing down; the hash of the password is what makes guessing hopeless.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use faxdroid_contract::problem::ProblemCode;

use super::problem::ApiProblem;

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Enough for somebody who does not remember.
pub(crate) const TRIES: u32 = 20;
/// Names remembered at most; beyond it the table starts afresh, which takes as many callers to bring about.
const NAMES: usize = 100_000;

/// The tries of this window.
#[derive(Debug, Default)]
pub struct RateLimits {
    tries: Mutex<HashMap<String, (Instant, u32)>>,
}

impl RateLimits {
    /// Counts a try at `name`, of which a window has so many.
    pub(crate) fn count(&self, name: String, limit: u32) -> Result<(), ApiProblem> {
        let now = Instant::now();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= NAMES {
            tries.retain(|_, (started, _)| now.duration_since(*started) <= WINDOW);
        }
        if tries.len() >= NAMES {
            tries.clear();
        }
        let (started, count) = tries.entry(name).or_insert((now, 0));
        if now.duration_since(*started) > WINDOW {
            (*started, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        if *count > limit { Err(ApiProblem::of(ProblemCode::RateLimited)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_first_try_is_refused_and_another_name_is_not() {
        let limits = RateLimits::default();
        assert!((0..20).all(|_| limits.count("a".to_owned(), TRIES).is_ok()));
        assert!(limits.count("a".to_owned(), TRIES).is_err());
        assert!(limits.count("b".to_owned(), TRIES).is_ok());
    }
}
