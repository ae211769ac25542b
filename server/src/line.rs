//! The telephone line: one call takes one document to one number.
//!
//! The caller owns the call. Dropping the future hangs up; progress is told while the call is under way, the result
//! once, at its end. A line never decides about retries and knows no customer.

use bytes::Bytes;
use faxdroid_contract::documents::Resolution;
use faxdroid_contract::faxes::AttemptOutcome;
use faxdroid_contract::ids::AttemptId;
use tokio::sync::mpsc;

pub mod simulated;

/// What is sent, and where to.
#[derive(Debug, Clone)]
pub struct OutgoingCall {
    pub attempt_id: AttemptId,
    /// Which call of this fax it is, from 1.
    pub attempt_number: u32,
    /// E.164.
    pub to: String,
    /// T.6 in TIFF, with the header line already drawn on every page.
    pub tiff: Bytes,
    pub pages: u32,
    pub resolution: Resolution,
    /// What the far machine is told of us (T.30 TSI); at most 20 characters of it are sent.
    pub station_id: String,
}

/// Pages the far machine has confirmed so far in this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub pages_confirmed: u32,
}

/// What the line said of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResult {
    pub outcome: AttemptOutcome,
    pub pages_confirmed: u32,
    /// ITU-T Q.850 cause of the end of the call.
    pub q850_cause: Option<u32>,
    /// The end of the T.30 session in its own words; absent when no modem answered.
    pub t30_status: Option<String>,
    pub bit_rate: Option<u32>,
    /// What the far machine calls itself (T.30 CSI).
    pub remote_station_id: Option<String>,
}

impl CallResult {
    /// A call that our own side failed.
    pub fn line_down() -> Self {
        Self {
            outcome: AttemptOutcome::LineDown,
            pages_confirmed: 0,
            q850_cause: None,
            t30_status: None,
            bit_rate: None,
            remote_station_id: None,
        }
    }
}

/// A way to the telephone network.
#[async_trait::async_trait]
pub trait Line: Send + Sync {
    /// Calls, sends every page and hangs up. A full `progress` channel must not hold up the call.
    async fn send(&self, call: OutgoingCall, progress: mpsc::Sender<Progress>) -> CallResult;
}
