//! Faxes and their attempts.

use serde::{Deserialize, Serialize};

use crate::documents::Resolution;
use crate::ids::{AttemptId, DocumentId, FaxId, QuoteId};
use crate::money::Money;
use crate::quotes::Destination;

/// One attempt and four retries.
pub const MAX_ATTEMPTS: u32 = 5;

/// `POST /api/v1/faxes`, with an `Idempotency-Key` header.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateFax {
    pub quote_id: QuoteId,
}

/// Where a fax is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FaxStatus {
    /// Paid and waiting for a line.
    Queued,
    /// A call is under way.
    Sending,
    /// The last call failed; another follows at `next_attempt_at`.
    Retrying,
    /// The far machine confirmed every page.
    Delivered,
    /// Every attempt failed; the refund is on its way.
    Failed,
    /// Every attempt failed and the whole charge was given back.
    Refunded,
    /// Canceled by the customer before it was delivered; the whole charge was given back.
    Canceled,
}

impl FaxStatus {
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Sending,
        Self::Retrying,
        Self::Delivered,
        Self::Failed,
        Self::Refunded,
        Self::Canceled,
    ];

    /// As it is written in JSON, in queries and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
            Self::Canceled => "canceled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Nothing changes any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Refunded | Self::Canceled)
    }

    /// Only while no call is under way.
    pub const fn is_cancelable(self) -> bool {
        matches!(self, Self::Queued | Self::Retrying)
    }
}

/// What one call came to. `Delivered` is the only success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    Delivered,
    Busy,
    NoAnswer,
    /// Somebody or something answered, but not a fax machine.
    NotAFax,
    /// The call ended before the last page was confirmed.
    Dropped,
    /// No such number.
    Unallocated,
    /// The network had no free circuit.
    Congestion,
    /// Our own line or server failed.
    LineDown,
}

impl AttemptOutcome {
    pub const ALL: [Self; 8] = [
        Self::Delivered,
        Self::Busy,
        Self::NoAnswer,
        Self::NotAFax,
        Self::Dropped,
        Self::Unallocated,
        Self::Congestion,
        Self::LineDown,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::NotAFax => "not_a_fax",
            Self::Dropped => "dropped",
            Self::Unallocated => "unallocated",
            Self::Congestion => "congestion",
            Self::LineDown => "line_down",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// One sentence for the customer.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Delivered => "Every page arrived.",
            Self::Busy => "The number was busy.",
            Self::NoAnswer => "Nobody answered.",
            Self::NotAFax => "The call was answered, but not by a fax machine.",
            Self::Dropped => "The connection was lost before the last page.",
            Self::Unallocated => "This number is not in service.",
            Self::Congestion => "The telephone network was overloaded.",
            Self::LineDown => "Our own line was down.",
        }
    }
}

/// `GET /api/v1/faxes/{id}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fax {
    pub id: FaxId,
    pub status: FaxStatus,
    pub document_id: DocumentId,
    pub document_name: String,
    /// E.164.
    pub to: String,
    pub to_display: String,
    pub destination: Destination,
    pub resolution: Resolution,
    pub pages: u32,
    pub price: Money,
    /// Grows with every change; a reader keeps the highest he has seen.
    pub version: i64,
    pub attempts: Vec<Attempt>,
    /// How many attempts there will be at most.
    pub max_attempts: u32,
    /// When the next call is due, while `queued` or `retrying`. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// Time one call is expected to take, in seconds.
    pub estimated_seconds: u32,
    pub created_at: String,
    /// When it was delivered, refunded or canceled. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<String>,
}

/// One call and what the line said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    pub id: AttemptId,
    /// From 1.
    pub number: u32,
    /// RFC 3339, UTC.
    pub started_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Absent while the call is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<AttemptOutcome>,
    /// Pages that the far machine has confirmed in this call.
    pub pages_confirmed: u32,
    /// ITU-T Q.850 cause of the end of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q850_cause: Option<u32>,
    /// What the T.30 protocol said at the end, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t30_status: Option<String>,
    /// Bits per second agreed between the modems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bit_rate: Option<u32>,
    /// What the far machine calls itself (T.30 CSI).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_station_id: Option<String>,
    /// Length of the call in milliseconds, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// A row of `GET /api/v1/faxes`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FaxSummary {
    pub id: FaxId,
    pub status: FaxStatus,
    pub document_name: String,
    pub to: String,
    pub to_display: String,
    pub pages: u32,
    pub price: Money,
    pub created_at: String,
}
