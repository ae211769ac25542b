//! Faxes and their attempts.

use serde::{Deserialize, Serialize};

use crate::calling_hours::CallingHours;
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

    /// In a word or two, for the customer.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Sending => "Sending",
            Self::Retrying => "Waiting to retry",
            Self::Delivered => "Delivered",
            Self::Failed => "Failed",
            Self::Refunded => "Failed and refunded",
            Self::Canceled => "Canceled",
        }
    }

    /// Nothing changes any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Refunded | Self::Canceled)
    }

    /// Until it is at its end. A call under way is hung up.
    pub const fn is_cancelable(self) -> bool {
        matches!(self, Self::Queued | Self::Sending | Self::Retrying)
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
    /// A fax machine answered that cannot receive pages of this kind.
    Incompatible,
    /// No such number.
    Unallocated,
    /// The far end or its network refused the call.
    Rejected,
    /// The network had no free circuit.
    Congestion,
    /// The customer canceled the fax while it was being called.
    Canceled,
    /// Our own line or server failed.
    LineDown,
}

impl AttemptOutcome {
    pub const ALL: [Self; 11] = [
        Self::Delivered,
        Self::Busy,
        Self::NoAnswer,
        Self::NotAFax,
        Self::Dropped,
        Self::Incompatible,
        Self::Unallocated,
        Self::Rejected,
        Self::Congestion,
        Self::Canceled,
        Self::LineDown,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::NotAFax => "not_a_fax",
            Self::Dropped => "dropped",
            Self::Incompatible => "incompatible",
            Self::Unallocated => "unallocated",
            Self::Rejected => "rejected",
            Self::Congestion => "congestion",
            Self::Canceled => "canceled",
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
            Self::Incompatible => "The far machine cannot receive this fax.",
            Self::Unallocated => "This number is not in service.",
            Self::Rejected => "The call was refused.",
            Self::Congestion => "The telephone network was overloaded.",
            Self::Canceled => "You canceled the fax.",
            Self::LineDown => "Our own line was down.",
        }
    }

    /// What follows a call that ended so.
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Delivered => "The price is spent.",
            Self::Busy
            | Self::NoAnswer
            | Self::NotAFax
            | Self::Incompatible
            | Self::Rejected
            | Self::Congestion => "Called again, up to five attempts.",
            Self::Dropped => "Called again, up to five attempts, from the first page that was not confirmed.",
            Self::Unallocated => "Not called again; the price comes back.",
            Self::Canceled => "Not called again; the price comes back at once.",
            Self::LineDown => "Called again; it counts as no attempt.",
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
    /// By the clock at the destination; absent, it is called at any hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "08:00-18:00"))]
    pub calling_hours: Option<CallingHours>,
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

impl Fax {
    /// How far the call under way has come after so many seconds, in thousandths: as many pages as are confirmed or as
    /// long as it was expected to take, whichever is more. It is never whole before the call has ended.
    pub fn call_progress(&self, seconds: u64) -> u32 {
        let confirmed = self.attempts.last().map_or(0, Attempt::pages_arrived);
        let by_pages = u64::from(confirmed) * 1000 / u64::from(self.pages.max(1));
        let by_time = seconds.saturating_mul(1000) / u64::from(self.estimated_seconds.max(1));
        by_pages.max(by_time).min(980) as u32
    }

    /// Where it is, in a sentence or two for the customer.
    pub fn status_sentence(&self) -> String {
        let last = self
            .attempts
            .iter()
            .rev()
            .find_map(|attempt| attempt.outcome)
            .map_or("", |outcome| outcome.explanation());
        match self.status {
            FaxStatus::Queued => "Waiting for a line.".to_owned(),
            FaxStatus::Sending => {
                format!("Calling: attempt {} of {}.", self.attempts.len().max(1), self.max_attempts)
            }
            FaxStatus::Retrying => format!("{last} We call again."),
            FaxStatus::Delivered => "Every page arrived and was confirmed by the far machine.".to_owned(),
            FaxStatus::Failed => format!("{last} No attempt is left; the refund is on its way."),
            FaxStatus::Refunded => {
                format!("{last} The whole price, {}, is back on your balance.", self.price)
            }
            FaxStatus::Canceled => {
                format!("You canceled this fax. The whole price, {}, is back on your balance.", self.price)
            }
        }
    }
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
    /// The page that the call began with, from 1: those before it had arrived in earlier calls.
    pub first_page: u32,
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
    /// Dots to the inch agreed between the machines, across and down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// What the far machine calls itself (T.30 CSI).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_station_id: Option<String>,
    /// Length of the call in milliseconds, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl Attempt {
    /// Pages that had arrived at the end of this call, in it and before.
    pub const fn pages_arrived(&self) -> u32 {
        self.first_page.saturating_sub(1).saturating_add(self.pages_confirmed)
    }

    /// Which pages arrived in this call, as `2-3`; empty when none did.
    pub fn pages_of_call(&self) -> String {
        match self.pages_confirmed {
            0 => String::new(),
            1 => self.first_page.to_string(),
            _ => format!("{}\u{2013}{}", self.first_page, self.pages_arrived()),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fax_under_way(pages_confirmed: u32) -> Fax {
        Fax {
            id: "fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2".parse().unwrap(),
            status: FaxStatus::Sending,
            document_id: "doc_01KAT5W8Z3M4Q6R7S8T9V0W1X2".parse().unwrap(),
            document_name: String::new(),
            to: String::new(),
            to_display: String::new(),
            destination: Destination { country: String::new(), name: String::new(), page_multiplier: 1 },
            resolution: Resolution::Fine,
            pages: 4,
            price: Money::usd(0),
            version: 1,
            attempts: vec![Attempt {
                id: "att_01KAT5W8Z3M4Q6R7S8T9V0W1X2".parse().unwrap(),
                number: 1,
                started_at: String::new(),
                ended_at: None,
                outcome: None,
                first_page: 1,
                pages_confirmed,
                q850_cause: None,
                t30_status: None,
                bit_rate: None,
                resolution: None,
                remote_station_id: None,
                duration_ms: None,
            }],
            max_attempts: 5,
            calling_hours: None,
            next_attempt_at: None,
            estimated_seconds: 100,
            created_at: String::new(),
            completed_at: None,
        }
    }

    #[test]
    fn a_call_has_come_as_far_as_its_time_or_its_pages_say_and_never_to_its_end() {
        let progress = |pages, seconds| fax_under_way(pages).call_progress(seconds);
        assert_eq!([progress(0, 0), progress(0, 25), progress(3, 25)], [0, 250, 750]);
        assert_eq!([progress(4, 0), progress(0, 500), progress(0, u64::MAX)], [980, 980, 980]);
    }

    #[test]
    fn a_call_that_goes_on_with_a_later_page_counts_those_before_it() {
        let mut fax = fax_under_way(1);
        fax.attempts[0].first_page = 3;
        assert_eq!(fax.call_progress(0), 750);
        assert_eq!((fax.attempts[0].pages_of_call(), fax.attempts[0].pages_arrived()), ("3".to_owned(), 3));
        fax.attempts[0].pages_confirmed = 2;
        assert_eq!(fax.attempts[0].pages_of_call(), "3\u{2013}4");
        fax.attempts[0].pages_confirmed = 0;
        assert_eq!(fax.attempts[0].pages_of_call(), "");
    }
}
