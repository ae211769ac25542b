//! When the next call of a fax is made. The delays grow; a jitter keeps faxes that failed together from calling
//! together again.

use std::time::Duration;

use jiff::Timestamp;

use super::state::Retry;
use crate::clock::Clock;

/// Jitter of ±20 %.
const JITTER: f64 = 0.2;
/// A line that is down is tried again soon, then twice as late each time.
const FIRST_LINE_DELAY: Duration = Duration::from_secs(30);
const LONGEST_LINE_DELAY: Duration = Duration::from_secs(60 * 60);

/// The delays before the retries of a fax.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Before the first retry, the second and so on; the last one repeats.
    pub delays: Vec<Duration>,
    /// Delays are so many times as long; below one for the simulated line.
    pub time_scale: f64,
}

impl Schedule {
    /// When the next call is due.
    pub fn next_attempt_at(&self, retry: Retry, clock: &dyn Clock) -> Timestamp {
        let delay = self.delay(retry).as_secs_f64() * self.time_scale;
        let jittered = delay * (1.0 + JITTER * (2.0 * fraction(clock) - 1.0));
        let delay = Duration::try_from_secs_f64(jittered).unwrap_or(LONGEST_LINE_DELAY);
        clock.now().checked_add(delay).unwrap_or(Timestamp::MAX)
    }

    fn delay(&self, retry: Retry) -> Duration {
        match retry {
            Retry::AfterAttempt(attempts) => {
                let index = (attempts as usize).saturating_sub(1).min(self.delays.len().saturating_sub(1));
                self.delays.get(index).copied().unwrap_or(LONGEST_LINE_DELAY)
            }
            Retry::AfterLineFailure(failures) => {
                let doublings = failures.saturating_sub(1).min(31);
                FIRST_LINE_DELAY.saturating_mul(1 << doublings).min(LONGEST_LINE_DELAY)
            }
        }
    }
}

/// A random number from 0 to 1. Randomness comes in with identifiers: the last 80 bits of a ULID are random.
fn fraction(clock: &dyn Clock) -> f64 {
    let random: u32 = clock.new_ulid().bytes().rev().take(4).fold(0, |sum, byte| sum * 32 + crockford(byte));
    f64::from(random) / f64::from(32_u32.pow(4))
}

fn crockford(byte: u8) -> u32 {
    let place = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".iter().position(|digit| *digit == byte);
    u32::try_from(place.unwrap_or(0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    fn schedule() -> Schedule {
        Schedule { delays: vec![minutes(3), minutes(5), minutes(15), minutes(40)], time_scale: 1.0 }
    }

    #[test]
    fn delays_grow_and_the_last_one_repeats() {
        let delays: Vec<Duration> = (1..=5).map(|n| schedule().delay(Retry::AfterAttempt(n))).collect();
        assert_eq!(delays, [minutes(3), minutes(5), minutes(15), minutes(40), minutes(40)]);
    }

    #[test]
    fn a_line_that_is_down_is_tried_again_at_first_soon_and_then_hourly() {
        let delay = |n| schedule().delay(Retry::AfterLineFailure(n));
        assert_eq!(delay(1), Duration::from_secs(30));
        assert_eq!(delay(2), Duration::from_secs(60));
        assert_eq!(delay(20), minutes(60));
    }

    #[test]
    fn the_jitter_is_at_most_a_fifth_of_the_delay() {
        for _ in 0..200 {
            let before = SystemClock.now();
            let due = schedule().next_attempt_at(Retry::AfterAttempt(1), &SystemClock);
            let delay = due.duration_since(before).as_secs_f64();
            assert!((144.0..=216.5).contains(&delay), "{delay}");
        }
    }
}
