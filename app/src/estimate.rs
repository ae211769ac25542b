//! What a fax would cost, for the calculator: the same table and the same sum as in a quote.

use faxdroid_contract::documents::MAX_PAGES;
use faxdroid_contract::money::Money;
use faxdroid_contract::prices::{self, DestinationPrice, PRICE_TABLE};

/// Shown while nobody has chosen.
const FIRST_COUNTRY: &str = "US";
const FIRST_PAGES: u32 = 3;

/// An answer of the calculator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    pub destination: &'static DestinationPrice,
    pub pages: u32,
}

impl Estimate {
    /// From the calculator's query; what is missing or nonsense takes the first value.
    pub fn from_query(country: &str, pages: &str) -> Self {
        let destination = prices::destination(country)
            .or_else(|| prices::destination(FIRST_COUNTRY))
            .unwrap_or(&PRICE_TABLE.destinations[0]);
        Self { destination, pages: page_count(pages).unwrap_or(FIRST_PAGES) }
    }
}

/// A number of pages that a fax may have.
pub fn page_count(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|pages| (1..=MAX_PAGES).contains(pages))
}

/// The sum in words: `5 pages × 2 = 10 pages at $0.10 to Mexico`.
pub fn sum(pages: u32, multiplier: u32, country: &str) -> String {
    let counted = match pages {
        1 => "1 page".to_owned(),
        several => format!("{several} pages"),
    };
    if multiplier == 1 {
        return format!("{counted} at {} to {country}", prices::PRICE_PER_PAGE);
    }
    format!(
        "{counted} \u{d7} {multiplier} = {} pages at {} to {country}",
        pages * multiplier,
        prices::PRICE_PER_PAGE
    )
}

/// What it comes to.
pub fn price(pages: u32, multiplier: u32) -> Money {
    prices::price(pages, multiplier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calculator_answers_as_a_quote_does() {
        let estimate = Estimate::from_query("MX", "5");
        assert_eq!(estimate.destination.name, "Mexico");
        assert_eq!(price(estimate.pages, estimate.destination.page_multiplier), Money::usd(100));
        assert_eq!(sum(5, 2, "Mexico"), "5 pages \u{d7} 2 = 10 pages at $0.10 to Mexico");
        assert_eq!(sum(1, 1, "Canada"), "1 page at $0.10 to Canada");
    }

    #[test]
    fn nonsense_in_the_query_shows_the_first_answer() {
        for (country, pages) in [("", ""), ("XX", "0"), ("us", "201"), ("US", "-3"), ("US", "three")] {
            let estimate = Estimate::from_query(country, pages);
            assert_eq!((estimate.destination.country, estimate.pages), ("US", 3), "{country} {pages}");
        }
    }
}
