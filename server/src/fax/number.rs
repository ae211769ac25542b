//! Telephone numbers that can be faxed, parsed once where a request comes in.
//!
//! The data is libphonenumber's. What it does not know comes from us: emergency numbers and short codes, with or
//! without a country in front, our own numbers, and the countries we have a price for. Toll fraud lives on numbers
//! that somebody else earns from, so premium-rate, shared-cost and personal numbers are refused.

use faxdroid_contract::prices::{DestinationPrice, destination};
use faxdroid_contract::problem::ProblemCode;
use faxdroid_contract::test_numbers::is_test_number;
use rlibphonenumber::{PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

/// Longer than any number a person writes (E.164 has 15 digits).
const LONGEST_TEXT: usize = 60;
/// Anything with so few digits is a service of its country and not a subscriber.
const LONGEST_SHORT_CODE: usize = 6;
/// Where the test range is said to be; libphonenumber counts area code 500 to no country.
const TEST_COUNTRY: &str = "US";
/// Emergency numbers of the world (ITU-T E.161.1 recommends 112 and 911).
const EMERGENCY: [&str; 30] = [
    "000", "061", "066", "100", "101", "102", "103", "104", "108", "110", "111", "112", "113", "114", "115",
    "116", "117", "118", "119", "120", "122", "123", "132", "133", "190", "191", "192", "193", "911", "999",
];
/// What stands between a number and its extension.
const EXTENSION_MARKS: [&str; 9] = ["x", "ext", "extn", "extension", "#", ",", ";", ";ext", "int"];

/// A number that we can send to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaxNumber {
    e164: String,
    destination: &'static DestinationPrice,
}

/// Why a number cannot be faxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("not a telephone number")]
    Invalid,
    #[error("no country code")]
    NoCountry,
    #[error("a number with an extension")]
    Extension,
    #[error("an emergency number")]
    Emergency,
    #[error("a short code")]
    Short,
    #[error("a premium-rate number")]
    Premium,
    #[error("one of our own numbers")]
    Own,
    #[error("a country that is not served")]
    DestinationUnsupported,
}

impl NumberError {
    pub const fn code(self) -> ProblemCode {
        match self {
            Self::Invalid => ProblemCode::NumberInvalid,
            Self::NoCountry => ProblemCode::NumberNoCountry,
            Self::Extension => ProblemCode::NumberExtension,
            Self::Emergency => ProblemCode::NumberEmergency,
            Self::Short => ProblemCode::NumberShort,
            Self::Premium => ProblemCode::NumberPremium,
            Self::Own => ProblemCode::NumberOwn,
            Self::DestinationUnsupported => ProblemCode::DestinationUnsupported,
        }
    }
}

/// Whether the test range may be dialed: only where the line is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestNumbers {
    Dialable,
    Refused,
}

impl FaxNumber {
    /// Reads what a person typed. Spaces, dots, dashes, slashes and parentheses are ignored; `own_numbers` are E.164.
    pub fn parse(text: &str, own_numbers: &[String], test_numbers: TestNumbers) -> Result<Self, NumberError> {
        let text = text.trim();
        let text = text.strip_prefix("tel:").unwrap_or(text);
        if text.is_empty() || text.chars().count() > LONGEST_TEXT {
            return Err(NumberError::Invalid);
        }
        let compact = without_formatting(text)?;
        let Some(digits) = compact.strip_prefix('+') else {
            return Err(without_country(&compact));
        };
        if EMERGENCY.contains(&digits) {
            return Err(NumberError::Emergency);
        }
        // The text as it was typed: libphonenumber knows the `(0)` of European letterheads.
        let number = PHONE_NUMBER_UTIL.parse(text, None).map_err(|error| match error {
            ParseError::TooShortNsn | ParseError::TooShortAfterIdd => NumberError::Short,
            _ => NumberError::Invalid,
        })?;
        Self::judge(&number, own_numbers, test_numbers)
    }

    fn judge(
        number: &PhoneNumber,
        own_numbers: &[String],
        test_numbers: TestNumbers,
    ) -> Result<Self, NumberError> {
        let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
        if own_numbers.contains(&e164) {
            return Err(NumberError::Own);
        }
        if test_numbers == TestNumbers::Dialable && is_test_number(&e164) {
            let destination = destination(TEST_COUNTRY).ok_or(NumberError::DestinationUnsupported)?;
            return Ok(Self { e164, destination });
        }
        if !number.is_valid() {
            let national = number.get_national_significant_number();
            return Err(if EMERGENCY.contains(&national.as_str()) {
                NumberError::Emergency
            } else if national.len() <= LONGEST_SHORT_CODE {
                NumberError::Short
            } else {
                NumberError::Invalid
            });
        }
        match number.get_type() {
            PhoneNumberType::PremiumRate | PhoneNumberType::SharedCost | PhoneNumberType::PersonalNumber => {
                return Err(NumberError::Premium);
            }
            PhoneNumberType::Pager | PhoneNumberType::VoiceMail => return Err(NumberError::Invalid),
            _ => {}
        }
        let country = number.get_region_code().map(|region| region.to_string());
        let destination =
            country.as_deref().and_then(destination).ok_or(NumberError::DestinationUnsupported)?;
        Ok(Self { e164, destination })
    }

    /// With a plus sign and nothing but digits.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// Where the number is and what a page to it costs.
    pub fn destination(&self) -> &'static DestinationPrice {
        self.destination
    }

    /// As people write it, with the country code.
    pub fn display(&self) -> String {
        display(&self.e164)
    }
}

/// An E.164 number as people write it, with the country code.
pub fn display(e164: &str) -> String {
    match PHONE_NUMBER_UTIL.parse(e164, None) {
        Ok(number) => number.format_as(PhoneNumberFormat::International).into_owned(),
        Err(_) => e164.to_owned(),
    }
}

/// Digits, and the plus sign if there is one in front.
fn without_formatting(text: &str) -> Result<String, NumberError> {
    let mut compact = String::with_capacity(text.len());
    for (position, character) in text.char_indices() {
        match character {
            '+' if compact.is_empty() => compact.push('+'),
            _ if character.is_ascii_digit() => compact.push(character),
            ' ' | '\t' | '\u{a0}' | '\u{202f}' | '.' | '-' | '(' | ')' | '/' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            _ => return Err(extension_or_invalid(&compact, &text[position..])),
        }
    }
    if compact.chars().any(|character| character.is_ascii_digit()) {
        Ok(compact)
    } else {
        Err(NumberError::Invalid)
    }
}

/// `rest` starts with the first character that does not belong to a number.
fn extension_or_invalid(number: &str, rest: &str) -> NumberError {
    let rest = rest.to_lowercase();
    let mark_end = rest.find(|character: char| character.is_ascii_digit()).unwrap_or(rest.len());
    let (mark, extension) = rest.split_at(mark_end);
    let mark = mark.trim_end_matches([' ', '.', ':', '=']);
    let has_extension = !extension.is_empty() && extension.bytes().all(|byte| byte.is_ascii_digit());
    if number.len() > LONGEST_SHORT_CODE && EXTENSION_MARKS.contains(&mark) && has_extension {
        NumberError::Extension
    } else {
        NumberError::Invalid
    }
}

fn without_country(digits: &str) -> NumberError {
    if EMERGENCY.contains(&digits) {
        NumberError::Emergency
    } else if digits.len() <= LONGEST_SHORT_CODE {
        NumberError::Short
    } else {
        NumberError::NoCountry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, NumberError> {
        let own = ["+12125550199".to_owned()];
        FaxNumber::parse(text, &own, TestNumbers::Refused).map(|number| number.e164)
    }

    #[test]
    fn a_number_may_be_written_as_people_write_it() {
        for (text, e164) in [
            ("+12125550100", "+12125550100"),
            (" +1 (212) 555-0100 ", "+12125550100"),
            ("+1.212.555.0100", "+12125550100"),
            ("tel:+1-212-555-0100", "+12125550100"),
            ("+49 (0) 30 / 901820", "+4930901820"),
            ("+44 20\u{a0}7946\u{2011}0958", "+442079460958"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(e164), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_faxed_is_refused_with_its_own_error() {
        for (text, error) in [
            ("", NumberError::Invalid),
            ("+", NumberError::Invalid),
            ("fax me", NumberError::Invalid),
            ("+1 800 FLOWERS", NumberError::Invalid),
            ("+1 212 555 0100 home", NumberError::Invalid),
            ("+1 212 555 01000", NumberError::Invalid),
            ("+1 212+555 0100", NumberError::Invalid),
            ("+999 123 456 789", NumberError::Invalid),
            ("+1٢١٢5550100", NumberError::Invalid),
            ("212 555 0100", NumberError::NoCountry),
            ("0049 30 901820", NumberError::NoCountry),
            ("011 49 30 901820", NumberError::NoCountry),
            ("+1 212 555 0100 ext. 12", NumberError::Extension),
            ("+1 212 555 0100 x12", NumberError::Extension),
            ("+1 212 555 0100#12", NumberError::Extension),
            ("+1-212-555-0100;ext=12", NumberError::Extension),
            ("112", NumberError::Emergency),
            ("911", NumberError::Emergency),
            ("999", NumberError::Emergency),
            ("+112", NumberError::Emergency),
            ("+1 911", NumberError::Emergency),
            ("+44 999", NumberError::Emergency),
            ("+49 112", NumberError::Emergency),
            ("80888", NumberError::Short),
            ("+49 11833", NumberError::Short),
            ("+1 80888", NumberError::Short),
            ("+1 900 555 1212", NumberError::Premium),
            ("+49 900 1 123456", NumberError::Premium),
            ("+1 500 555 0001", NumberError::Premium),
            ("+1 212 555 0199", NumberError::Own),
            ("+53 7 830 0000", NumberError::DestinationUnsupported),
            ("+870 773 111 632", NumberError::DestinationUnsupported),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn test_numbers_are_dialed_where_the_line_is_simulated() {
        let number = FaxNumber::parse("+1 500 555 0001", &[], TestNumbers::Dialable).unwrap();
        assert_eq!(number.e164(), "+15005550001");
        assert_eq!(number.destination().country, "US");
        assert_eq!(number.display(), "+1 500-555-0001");
    }

    #[test]
    fn a_number_knows_its_destination() {
        let number = FaxNumber::parse("+86 10 6552 9988", &[], TestNumbers::Refused).unwrap();
        assert_eq!((number.destination().country, number.destination().page_multiplier), ("CN", 2));
    }
}
