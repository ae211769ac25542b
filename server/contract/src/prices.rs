//! What a page costs, by destination. The pricing page, the quotes and `GET /api/v1/prices` all read this table.
//!
//! A page to a high-toll destination is paid as several pages. A country that is not in the table is not
//! served: toll fraud lives on expensive destinations that nobody thought to refuse.

use serde::Serialize;

use crate::money::Money;
use crate::quotes::Destination;

/// One page to a destination with multiplier 1.
pub const PRICE_PER_PAGE: Money = Money::usd(10);

/// A row of the price table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DestinationPrice {
    /// ISO 3166-1 alpha-2.
    pub country: &'static str,
    pub name: &'static str,
    /// ITU-T E.164 country code, without the plus sign.
    pub calling_code: u16,
    /// A page is paid as so many pages.
    pub page_multiplier: u32,
    /// What one page costs.
    pub price_per_page: Money,
}

impl From<&DestinationPrice> for Destination {
    fn from(row: &DestinationPrice) -> Self {
        Self {
            country: row.country.to_owned(),
            name: row.name.to_owned(),
            page_multiplier: row.page_multiplier,
        }
    }
}

/// `GET /api/v1/prices`
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceTable {
    /// One page to a destination with multiplier 1.
    pub price_per_page: Money,
    pub destinations: &'static [DestinationPrice],
}

/// The whole table.
pub const PRICE_TABLE: PriceTable =
    PriceTable { price_per_page: PRICE_PER_PAGE, destinations: &DESTINATIONS };

/// The row of a country, by its ISO 3166-1 alpha-2 code in capitals; `None` when it is not served.
pub fn destination(country: &str) -> Option<&'static DestinationPrice> {
    DESTINATIONS.iter().find(|row| row.country == country)
}

/// What a fax of so many pages costs.
pub fn price(pages: u32, page_multiplier: u32) -> Money {
    Money::usd(PRICE_PER_PAGE.amount_minor * i64::from(pages) * i64::from(page_multiplier))
}

const fn row(
    country: &'static str,
    name: &'static str,
    calling_code: u16,
    page_multiplier: u32,
) -> DestinationPrice {
    let price_per_page = Money::usd(PRICE_PER_PAGE.amount_minor * page_multiplier as i64);
    DestinationPrice { country, name, calling_code, page_multiplier, price_per_page }
}

/// Alphabetical by name, as the pricing page lists them.
const DESTINATIONS: [DestinationPrice; 88] = [
    row("AR", "Argentina", 54, 2),
    row("AU", "Australia", 61, 1),
    row("AT", "Austria", 43, 1),
    row("BS", "Bahamas", 1, 4),
    row("BD", "Bangladesh", 880, 4),
    row("BB", "Barbados", 1, 4),
    row("BE", "Belgium", 32, 1),
    row("BO", "Bolivia", 591, 3),
    row("BR", "Brazil", 55, 2),
    row("BG", "Bulgaria", 359, 2),
    row("CA", "Canada", 1, 1),
    row("CL", "Chile", 56, 2),
    row("CN", "China", 86, 2),
    row("CO", "Colombia", 57, 2),
    row("CR", "Costa Rica", 506, 2),
    row("HR", "Croatia", 385, 2),
    row("CY", "Cyprus", 357, 2),
    row("CZ", "Czechia", 420, 1),
    row("DK", "Denmark", 45, 1),
    row("DO", "Dominican Republic", 1, 3),
    row("EC", "Ecuador", 593, 3),
    row("EG", "Egypt", 20, 3),
    row("SV", "El Salvador", 503, 3),
    row("EE", "Estonia", 372, 2),
    row("FI", "Finland", 358, 1),
    row("FR", "France", 33, 1),
    row("DE", "Germany", 49, 1),
    row("GH", "Ghana", 233, 4),
    row("GR", "Greece", 30, 1),
    row("GT", "Guatemala", 502, 3),
    row("HK", "Hong Kong", 852, 1),
    row("HU", "Hungary", 36, 1),
    row("IS", "Iceland", 354, 2),
    row("IN", "India", 91, 2),
    row("ID", "Indonesia", 62, 3),
    row("IE", "Ireland", 353, 1),
    row("IL", "Israel", 972, 1),
    row("IT", "Italy", 39, 1),
    row("JM", "Jamaica", 1, 4),
    row("JP", "Japan", 81, 1),
    row("JO", "Jordan", 962, 3),
    row("KE", "Kenya", 254, 4),
    row("KW", "Kuwait", 965, 3),
    row("LV", "Latvia", 371, 2),
    row("LT", "Lithuania", 370, 2),
    row("LU", "Luxembourg", 352, 1),
    row("MY", "Malaysia", 60, 2),
    row("MT", "Malta", 356, 2),
    row("MX", "Mexico", 52, 2),
    row("MD", "Moldova", 373, 3),
    row("MA", "Morocco", 212, 3),
    row("NP", "Nepal", 977, 4),
    row("NL", "Netherlands", 31, 1),
    row("NZ", "New Zealand", 64, 1),
    row("NG", "Nigeria", 234, 4),
    row("NO", "Norway", 47, 1),
    row("PK", "Pakistan", 92, 4),
    row("PA", "Panama", 507, 2),
    row("PY", "Paraguay", 595, 3),
    row("PE", "Peru", 51, 2),
    row("PH", "Philippines", 63, 3),
    row("PL", "Poland", 48, 1),
    row("PT", "Portugal", 351, 1),
    row("PR", "Puerto Rico", 1, 1),
    row("QA", "Qatar", 974, 3),
    row("RO", "Romania", 40, 2),
    row("SA", "Saudi Arabia", 966, 3),
    row("RS", "Serbia", 381, 3),
    row("SG", "Singapore", 65, 1),
    row("SK", "Slovakia", 421, 1),
    row("SI", "Slovenia", 386, 2),
    row("ZA", "South Africa", 27, 2),
    row("KR", "South Korea", 82, 1),
    row("ES", "Spain", 34, 1),
    row("LK", "Sri Lanka", 94, 4),
    row("SE", "Sweden", 46, 1),
    row("CH", "Switzerland", 41, 1),
    row("TW", "Taiwan", 886, 2),
    row("TZ", "Tanzania", 255, 4),
    row("TH", "Thailand", 66, 2),
    row("TT", "Trinidad and Tobago", 1, 4),
    row("TR", "Türkiye", 90, 2),
    row("UA", "Ukraine", 380, 3),
    row("AE", "United Arab Emirates", 971, 3),
    row("GB", "United Kingdom", 44, 1),
    row("US", "United States", 1, 1),
    row("UY", "Uruguay", 598, 3),
    row("VN", "Vietnam", 84, 3),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_pages_to_a_destination_with_multiplier_two_cost_as_ten() {
        assert_eq!(price(5, 2), Money::usd(100));
    }

    #[test]
    fn every_country_stands_in_the_table_once() {
        for row in PRICE_TABLE.destinations {
            assert_eq!(destination(row.country), Some(row));
            assert_eq!(row.country.len(), 2);
        }
    }
}
