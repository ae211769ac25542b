//! Time and identifiers, and with them all randomness, come in here, so that tests are exact.

use jiff::Timestamp;

/// The time, and identifiers that sort by it.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// 26 characters of Crockford's base 32: 48 bits of time, 80 random ones.
    fn new_ulid(&self) -> String;

    /// For secrets.
    fn random_bytes(&self) -> [u8; 32];
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
