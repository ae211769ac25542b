//! Quotes: what sending one document to one number costs, held for a while.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::calling_hours::CallingHours;
use crate::documents::Resolution;
use crate::ids::{DocumentId, QuoteId};
use crate::money::Money;

/// `POST /api/v1/quotes`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateQuote {
    pub document_id: DocumentId,
    /// The fax number with its country: `+1 212 555 0100`. Spaces, dots, dashes and parentheses are ignored.
    #[cfg_attr(feature = "openapi", schema(example = "+15005550001"))]
    pub to: String,
    #[serde(default)]
    pub resolution: Resolution,
    /// By the clock at the destination; absent or empty, it is called at any hour.
    #[serde(default, deserialize_with = "empty_is_absent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "08:00-18:00"))]
    pub calling_hours: Option<CallingHours>,
}

/// A form sends an empty field where nothing was chosen.
fn empty_is_absent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CallingHours>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

/// A price for one fax. A fax created from it costs exactly this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quote {
    pub id: QuoteId,
    pub document_id: DocumentId,
    /// E.164.
    pub to: String,
    /// The number as people in its country write it, with the country code.
    pub to_display: String,
    pub destination: Destination,
    pub resolution: Resolution,
    pub pages: u32,
    /// Pages times the destination's multiplier.
    pub billable_pages: u32,
    pub price: Money,
    /// Time the call is expected to take, in seconds.
    pub estimated_seconds: u32,
    /// By the clock at the destination; absent, it is called at any hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "08:00-18:00"))]
    pub calling_hours: Option<CallingHours>,
    /// RFC 3339, UTC.
    pub expires_at: String,
}

/// Where a number is, and what a page to it counts as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Destination {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub name: String,
    /// A page to this destination is paid as so many pages.
    pub page_multiplier: u32,
}
