//! Test numbers of the simulated line, as payment providers have test cards. What a number does depends on the number
//! alone, so a customer can test every end of a fax. No call leaves the building; prices are as everywhere.

/// Every test number starts so. The range belongs to nobody (area code 500, exchange 555).
pub const TEST_RANGE: &str = "+1500555";

/// What the far end of a test number does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestBehavior {
    Delivers,
    Busy,
    NoAnswer,
    NotAFax,
    /// Confirms so many pages of each call and hangs up. What has no more arrives.
    HangsUpAfter(u32),
    Unallocated,
    /// Agrees on 2400 bits per second.
    Slow,
    Congestion,
    /// So many calls of a fax fail, each in another way; the next one succeeds.
    FailsThenDelivers(u32),
    /// Every call fails, each in another way.
    AlwaysFails,
    /// Our own line fails so many calls of a fax; they are not counted as attempts.
    LineDownThenDelivers(u32),
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestNumber {
    /// E.164.
    pub number: &'static str,
    pub behavior: TestBehavior,
    pub description: &'static str,
}

/// Every documented test number. Beside them, `+1 500 555 2NNN` hangs up after NNN pages of each call.
pub const TEST_NUMBERS: [TestNumber; 14] = [
    row("+15005550001", TestBehavior::Delivers, "Answers and receives every page."),
    row("+15005550002", TestBehavior::Busy, "Is always busy."),
    row("+15005550003", TestBehavior::NoAnswer, "Rings and is never answered."),
    row("+15005550004", TestBehavior::NotAFax, "Is answered by a person, never by a fax machine."),
    row(
        "+15005550005",
        TestBehavior::HangsUpAfter(1),
        "Receives one page of each call and hangs up; the next call goes on with the page after it.",
    ),
    row(
        "+15005550006",
        TestBehavior::Unallocated,
        "Does not exist: there is no second attempt and the refund follows at once.",
    ),
    row("+15005550007", TestBehavior::Slow, "Receives every page, slowly (2400 bits per second)."),
    row("+15005550008", TestBehavior::Congestion, "Cannot be reached: the network has no free circuit."),
    row(
        "+15005550009",
        TestBehavior::LineDownThenDelivers(2),
        "Our own line fails two calls, which do not count as attempts; then it receives every page.",
    ),
    row("+15005550011", TestBehavior::FailsThenDelivers(1), "Fails once, then receives every page."),
    row("+15005550012", TestBehavior::FailsThenDelivers(2), "Fails twice, then receives every page."),
    row("+15005550013", TestBehavior::FailsThenDelivers(3), "Fails three times, then receives every page."),
    row("+15005550014", TestBehavior::FailsThenDelivers(4), "Fails four times; the last attempt succeeds."),
    row("+15005550015", TestBehavior::AlwaysFails, "Fails every time, each time in another way."),
];

const fn row(number: &'static str, behavior: TestBehavior, description: &'static str) -> TestNumber {
    TestNumber { number, behavior, description }
}

/// Whether `number` (E.164) is in the test range.
pub fn is_test_number(number: &str) -> bool {
    number
        .strip_prefix(TEST_RANGE)
        .is_some_and(|line| line.len() == 4 && line.bytes().all(|b| b.is_ascii_digit()))
}

/// What the far end of `number` (E.164) does. A number that is not in the table answers and receives every page.
pub fn behavior(number: &str) -> TestBehavior {
    if let Some(row) = TEST_NUMBERS.iter().find(|row| row.number == number) {
        return row.behavior;
    }
    let pages = number.strip_prefix(TEST_RANGE).and_then(|line| line.strip_prefix('2'));
    match pages.filter(|_| is_test_number(number)).and_then(|pages| pages.parse().ok()) {
        Some(pages) => TestBehavior::HangsUpAfter(pages),
        None => TestBehavior::Delivers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_table_is_in_the_test_range() {
        for row in TEST_NUMBERS {
            assert!(is_test_number(row.number), "{}", row.number);
            assert_eq!(behavior(row.number), row.behavior);
        }
    }

    #[test]
    fn the_last_digits_say_after_how_many_pages_the_far_end_hangs_up() {
        assert_eq!(behavior("+15005552000"), TestBehavior::HangsUpAfter(0));
        assert_eq!(behavior("+15005552017"), TestBehavior::HangsUpAfter(17));
    }

    #[test]
    fn any_other_number_receives() {
        for number in ["+15005559999", "+4930123456", "+150055520001"] {
            assert_eq!(behavior(number), TestBehavior::Delivers, "{number}");
        }
    }
}
