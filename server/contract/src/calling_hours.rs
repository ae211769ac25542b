//! When a fax may be called for, by the clock at its destination.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// From one time of the day until just before another, as `08:00-18:00`. With the later one first, as in `22:00-06:00`,
/// the hours go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallingHours {
    from: u16,
    until: u16,
}

/// The text does not name calling hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidHours;

impl fmt::Display for InvalidHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not two different times of the day, as in 08:00-18:00")
    }
}

impl std::error::Error for InvalidHours {}

impl CallingHours {
    /// When offices are open nearly everywhere.
    pub const OFFICE: Self = Self { from: 8 * 60, until: 18 * 60 };

    /// Whether a call may begin at this minute of the day, counted from midnight.
    pub const fn contain(self, minute: u16) -> bool {
        if self.from < self.until {
            self.from <= minute && minute < self.until
        } else {
            self.from <= minute || minute < self.until
        }
    }
}

impl fmt::Display for CallingHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl FromStr for CallingHours {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let (from, until) = text.split_once('-').ok_or(InvalidHours)?;
        let (from, until) = (time(from)?, time(until)?);
        // A whole day is no limit, and is said by none.
        if from == until { Err(InvalidHours) } else { Ok(Self { from, until }) }
    }
}

/// `HH:MM` in minutes. 24:00 is midnight, as ISO 8601 has it.
fn time(text: &str) -> Result<u16, InvalidHours> {
    let (hours, minutes) = text.split_once(':').ok_or(InvalidHours)?;
    let number = |text: &str| match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Ok(u16::from(tens - b'0') * 10 + u16::from(ones - b'0')),
        _ => Err(InvalidHours),
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let time = hours * 60 + minutes;
    if minutes > 59 || time > MINUTES_OF_A_DAY { Err(InvalidHours) } else { Ok(time % MINUTES_OF_A_DAY) }
}

impl TryFrom<String> for CallingHours {
    type Error = InvalidHours;

    fn try_from(text: String) -> Result<Self, InvalidHours> {
        text.parse()
    }
}

impl From<CallingHours> for String {
    fn from(hours: CallingHours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> CallingHours {
        text.parse().unwrap()
    }

    #[test]
    fn hours_are_written_as_they_are_read() {
        for text in ["08:00-18:00", "22:30-06:15", "00:00-12:00"] {
            assert_eq!(hours(text).to_string(), text);
        }
        assert_eq!(hours("18:00-24:00"), hours("18:00-00:00"));
        assert_eq!(CallingHours::OFFICE.to_string(), "08:00-18:00");
    }

    #[test]
    fn a_call_begins_from_the_first_minute_until_before_the_last() {
        let day = hours("08:00-18:00");
        let within = [7 * 60 + 59, 8 * 60, 17 * 60 + 59, 18 * 60].map(|minute| day.contain(minute));
        assert_eq!(within, [false, true, true, false]);
        let night = hours("22:00-06:00");
        let within = [0, 5 * 60 + 59, 6 * 60, 21 * 60 + 59, 22 * 60].map(|minute| night.contain(minute));
        assert_eq!(within, [true, true, false, false, true]);
    }

    #[test]
    fn what_is_no_hours_is_refused() {
        for text in ["", "08:00", "8:00-18:00", "08:00-08:00", "24:01-06:00", "08:60-18:00", "-1:00-02:00"] {
            assert_eq!(text.parse::<CallingHours>(), Err(InvalidHours), "{text}");
        }
    }
}
