//! When a fax whose customer asked for calling hours is called: by the clocks of the places where its number may be.
//!
//! Most numbers tell where they are (`time_zones.txt`). One that may be in several zones, as freephone and mobile numbers
//! of large countries, is called when it is within the hours in all of them; if there is no such moment, in most of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use faxdroid_contract::calling_hours::CallingHours;
use jiff::Timestamp;
use jiff::tz::TimeZone;

const TABLE: &str = include_str!("time_zones.txt");
/// Every zone is whole quarters of an hour away from UTC.
const QUARTER: i64 = 15 * 60;
/// Whatever the hours are, they come within a day; a clock may be changed on it.
const QUARTERS_AHEAD: i64 = 2 * 24 * 4;

static ZONES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "));
    lines.flat_map(|(zones, prefixes)| prefixes.split(' ').map(move |prefix| (prefix, zones))).collect()
});

/// The first moment from `earliest` on at which `to_e164` may be called.
pub fn next(hours: CallingHours, to_e164: &str, earliest: Timestamp) -> Timestamp {
    let zones = zones(to_e164);
    let quarter = earliest.as_second().div_euclid(QUARTER);
    let quarters =
        (1..=QUARTERS_AHEAD).filter_map(|ahead| Timestamp::from_second((quarter + ahead) * QUARTER).ok());
    let mut best = (earliest, 0);
    for moment in std::iter::once(earliest).chain(quarters) {
        let within = zones.iter().filter(|zone| hours.contain(minute_of_day(moment, zone))).count();
        if within > best.1 {
            best = (moment, within);
        }
        if within == zones.len() {
            break;
        }
    }
    best.0
}

/// The time zones that a number may be in; UTC for one of which nothing is known.
fn zones(to_e164: &str) -> Vec<TimeZone> {
    let digits = to_e164.trim_start_matches('+');
    let names = (1..=digits.len()).rev().find_map(|length| ZONES.get(digits.get(..length)?));
    let zones: Vec<_> =
        names.iter().flat_map(|names| names.split('&')).filter_map(|name| TimeZone::get(name).ok()).collect();
    if zones.is_empty() { vec![TimeZone::UTC] } else { zones }
}

fn minute_of_day(moment: Timestamp, zone: &TimeZone) -> u16 {
    let local = zone.to_datetime(moment);
    // Neither is negative.
    u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_of(hours: &str, to: &str, earliest: &str) -> String {
        next(hours.parse().unwrap(), to, earliest.parse().unwrap()).to_string()
    }

    #[test]
    fn within_the_hours_it_is_called_at_once() {
        assert_eq!(next_of("08:00-18:00", "+493012345678", "2026-11-25T09:07:31Z"), "2026-11-25T09:07:31Z");
    }

    #[test]
    fn before_and_after_the_hours_it_waits_for_the_clock_of_the_destination() {
        for (to, called) in [
            ("+493012345678", "2026-11-26T07:00:00Z"),
            ("+12125550100", "2026-11-26T13:00:00Z"),
            ("+14155550100", "2026-11-25T23:30:00Z"),
            ("+81312345678", "2026-11-25T23:30:00Z"),
            ("+9779812345678", "2026-11-26T02:15:00Z"),
        ] {
            assert_eq!(next_of("08:00-18:00", to, "2026-11-25T23:30:00Z"), called, "{to}");
        }
    }

    #[test]
    fn a_clock_that_is_changed_overnight_is_followed() {
        // Germany goes from UTC+2 to UTC+1 on 2026-10-25.
        assert_eq!(next_of("08:00-18:00", "+493012345678", "2026-10-24T20:00:00Z"), "2026-10-25T07:00:00Z");
        assert_eq!(next_of("08:00-18:00", "+493012345678", "2026-10-23T20:00:00Z"), "2026-10-24T06:00:00Z");
    }

    #[test]
    fn hours_over_midnight_are_two_parts_of_a_day() {
        assert_eq!(next_of("22:00-06:00", "+442071234567", "2026-11-25T12:00:00Z"), "2026-11-25T22:00:00Z");
        assert_eq!(next_of("22:00-06:00", "+442071234567", "2026-11-25T05:59:00Z"), "2026-11-25T05:59:00Z");
    }

    #[test]
    fn a_number_that_may_be_anywhere_is_called_when_it_suits_most_places() {
        // A mobile number of Mexico as it was once written, from Tijuana at UTC-8 to Cancún at UTC-5.
        let anywhere = next_of("09:00-17:00", "+5215512345678", "2026-11-25T12:00:00Z");
        assert_eq!(anywhere, "2026-11-25T17:00:00Z");
        // Freephone of North America: it is never morning from Guam to Newfoundland.
        let freephone = next_of("09:00-12:00", "+18005550100", "2026-11-25T00:00:00Z");
        assert_eq!(freephone, "2026-11-25T15:00:00Z");
    }

    #[test]
    fn every_zone_of_the_table_is_known() {
        for zones in ZONES.values() {
            for zone in zones.split('&') {
                assert!(TimeZone::get(zone).is_ok(), "{zone}");
            }
        }
        assert!(ZONES.len() > 2_000);
    }

    #[test]
    fn every_destination_with_a_price_is_somewhere() {
        for destination in faxdroid_contract::prices::PRICE_TABLE.destinations {
            let code = destination.calling_code.to_string();
            assert!(ZONES.contains_key(code.as_str()), "{}", destination.name);
        }
    }
}
