//! Time and identifiers, and with them all randomness, come in here, so that tests are exact.

use std::time::Duration;

use jiff::Timestamp;

/// The time, and identifiers that sort by it.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// 26 characters of Crockford's base 32: 48 bits of time, 80 random ones.
    fn new_ulid(&self) -> String;

    /// For secrets.
    fn random_bytes(&self) -> [u8; 32];
}

/// `moment` and then `wait`, in milliseconds; a wait that has no end ends with time.
pub fn after(moment: i64, wait: Duration) -> i64 {
    moment.saturating_add(milliseconds(wait))
}

/// `moment` less `wait`, in milliseconds.
pub fn before(moment: i64, wait: Duration) -> i64 {
    moment.saturating_sub(milliseconds(wait))
}

fn milliseconds(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn new_ulid(&self) -> String {
        ulid::Ulid::new().to_string()
    }

    fn random_bytes(&self) -> [u8; 32] {
        rand::random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_any_length_has_a_moment_at_its_end() {
        assert_eq!(after(1_000, Duration::from_secs(2)), 3_000);
        assert_eq!(after(1_000, Duration::MAX), i64::MAX);
        assert_eq!(before(1_000, Duration::from_secs(2)), -1_000);
        assert_eq!(before(-1_000, Duration::MAX), i64::MIN);
    }
}
