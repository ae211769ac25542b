//! Rate-based rules: requests of one address within a window of time.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// AWS tracks so many addresses for one rule ("Rate-based rule caveats").
const MOST_ADDRESSES: usize = 10_000;

#[derive(Debug)]
pub(super) struct Rate {
    limit: usize,
    window: Duration,
    /// Of each address the newest requests, one more than the limit at most: whether the oldest of them is still within the
    /// window says everything.
    seen: Mutex<HashMap<IpAddr, VecDeque<Instant>>>,
}

impl Rate {
    pub(super) fn new(limit: usize, window: Duration) -> Self {
        Self { limit, window, seen: Mutex::new(HashMap::new()) }
    }

    /// Counts a request and says whether its address is over the limit. Requests that are blocked count as well.
    pub(super) fn exceeded(&self, address: IpAddr, now: Instant) -> bool {
        let within = |then: &Instant| now.saturating_duration_since(*then) < self.window;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_ADDRESSES && !seen.contains_key(&address) {
            seen.retain(|_, requests| requests.back().is_some_and(within));
        }
        let requests = seen.entry(address).or_default();
        if requests.len() > self.limit {
            requests.pop_front();
        }
        requests.push_back(now);
        requests.len() > self.limit && requests.front().is_some_and(within)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(300);

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(198, 51, 100, last).into()
    }

    #[test]
    fn the_limit_is_allowed_and_one_more_is_not() {
        let rate = Rate::new(10, WINDOW);
        let now = Instant::now();
        assert_eq!((0..11).filter(|_| rate.exceeded(address(1), now)).count(), 1);
    }

    #[test]
    fn each_address_has_its_own_count() {
        let rate = Rate::new(1, WINDOW);
        let now = Instant::now();
        assert!(!rate.exceeded(address(1), now) && !rate.exceeded(address(2), now));
        assert!(rate.exceeded(address(1), now));
    }

    #[test]
    fn it_recovers_when_the_window_has_passed_and_not_before() {
        let rate = Rate::new(2, WINDOW);
        let start = Instant::now();
        for _ in 0..3 {
            rate.exceeded(address(1), start);
        }
        assert!(rate.exceeded(address(1), start + WINDOW - Duration::from_secs(1)));
        assert!(!rate.exceeded(address(1), start + WINDOW * 2));
    }

    #[test]
    fn whoever_goes_on_while_blocked_stays_blocked() {
        let rate = Rate::new(2, WINDOW);
        let start = Instant::now();
        let minute = Duration::from_secs(60);
        let blocked = (0..20).filter(|n| rate.exceeded(address(1), start + minute * *n)).count();
        assert_eq!(blocked, 18);
    }
}
