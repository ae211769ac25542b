//! Our numbers, and the faxes that came in on them.

use serde::{Deserialize, Serialize};

use crate::ids::ReceivedFaxId;

/// A row of `GET /api/v1/numbers`: a number on which an account receives faxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Number {
    /// E.164.
    pub number: String,
    pub number_display: String,
    /// Since when faxes to it belong to the account. RFC 3339, UTC.
    pub assigned_at: String,
}

/// How a fax came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReceptionStatus {
    /// All that the far machine had to send.
    Received,
    /// The call broke off after some pages.
    Partial,
    /// No page arrived.
    Failed,
}

impl ReceptionStatus {
    pub const ALL: [Self; 3] = [Self::Received, Self::Partial, Self::Failed];

    /// As it is written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// One sentence for the customer.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Received => "Every page arrived.",
            Self::Partial => "The call broke off; the pages before that arrived.",
            Self::Failed => "Somebody tried to send you a fax, but no page arrived.",
        }
    }
}

/// `GET /api/v1/received-faxes/{id}`, and a row of `GET /api/v1/received-faxes`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceivedFax {
    pub id: ReceivedFaxId,
    pub status: ReceptionStatus,
    /// The number that was called; E.164.
    pub to: String,
    pub to_display: String,
    /// The number that called, as the network says; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What the far machine calls itself (T.30 TSI). Anybody may call himself anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_station_id: Option<String>,
    pub pages: u32,
    /// What the T.30 protocol said at the end, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t30_status: Option<String>,
    /// Bits per second agreed between the modems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bit_rate: Option<u32>,
    /// RFC 3339, UTC.
    pub received_at: String,
}

impl ReceivedFax {
    /// From whom it came, as well as that is known.
    pub fn sender(&self) -> &str {
        self.from.as_deref().or(self.remote_station_id.as_deref()).unwrap_or("an unknown number")
    }

    /// Where page `number` (from 1) is, as a PNG.
    pub fn page_path(id: &ReceivedFaxId, number: u32) -> String {
        format!("/api/v1/received-faxes/{id}/pages/{number}.png")
    }

    /// Where all pages are, as a PDF.
    pub fn pdf_path(id: &ReceivedFaxId) -> String {
        format!("/api/v1/received-faxes/{id}/file.pdf")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_found_by_its_name() {
        for status in ReceptionStatus::ALL {
            assert_eq!(ReceptionStatus::parse(status.as_str()), Some(status));
        }
    }
}
