//! The telephone line: one call takes one document to one number.
//!
//! The caller owns the call. Dropping the future hangs up; progress is told while the call is under way, the result
//! once, at its end. A line never decides about retries and knows no customer.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use faxdroid_contract::documents::Resolution;
use faxdroid_contract::faxes::AttemptOutcome;
use faxdroid_contract::ids::AttemptId;
use tokio::sync::mpsc;

pub mod asterisk;
pub mod simulated;

/// What is sent, and where to.
#[derive(Debug, Clone)]
pub struct OutgoingCall {
    pub attempt_id: AttemptId,
    /// Which call of this fax it is, from 1.
    pub attempt_number: u32,
    /// E.164.
    pub to: String,
    /// T.6 in TIFF, with the header line already drawn on every page. Too large to be held for as long as a call lasts.
    pub tiff: Arc<File>,
    /// Of `tiff`: those that are to be sent in this call.
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
    /// Dots to the inch, across and down, as `204x196`.
    pub resolution: Option<String>,
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
            resolution: None,
            remote_station_id: None,
        }
    }
}

/// What became of a call whose process died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftBehind {
    /// It goes on.
    Calling,
    Ended(CallResult),
    /// It cannot be told now.
    Unknown,
}

/// A call to one of our numbers that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// Names this call and no other.
    pub call_id: String,
    /// Our number; E.164.
    pub to: String,
    /// Whatever the network says of who called.
    pub from: Option<String>,
    /// Whether the far machine had sent all that it wanted to.
    pub ending: Ending,
    /// The pages that arrived, as the modem has written them (TIFF). They come from strangers.
    pub tiff: Option<Bytes>,
    pub t30_status: Option<String>,
    pub bit_rate: Option<u32>,
    /// What the far machine calls itself (T.30 TSI).
    pub remote_station_id: Option<String>,
}

/// How a reception ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Complete,
    BrokenOff,
}

/// A way to the telephone network.
#[async_trait::async_trait]
pub trait Line: Send + Sync {
    /// Calls, sends every page and hangs up. A full `progress` channel must not hold up the call.
    async fn send(&self, call: OutgoingCall, progress: mpsc::Sender<Progress>) -> CallResult;

    /// Attempts of earlier processes of this server that this line still knows of.
    async fn left_behind(&self) -> Vec<AttemptId> {
        Vec::new()
    }

    /// What became of such an attempt, whose document has `pages` pages. A line whose calls die with their process knows
    /// that it is over.
    async fn recall(&self, _attempt: &AttemptId, _pages: u32) -> LeftBehind {
        LeftBehind::Ended(CallResult::line_down())
    }

    /// Hangs up a call that is no longer wanted, also one of an earlier process, and waits until that is done.
    async fn hang_up(&self, _attempt: &AttemptId) {}

    /// The result of the attempt is in the database: nothing of it need be kept.
    async fn forget(&self, _attempt: &AttemptId) {}

    /// From now on calls to these numbers (E.164) and to no others are answered.
    async fn answer(&self, _numbers: &BTreeSet<String>) -> io::Result<()> {
        Ok(())
    }

    /// Calls to our numbers that are over and have not been forgotten.
    async fn receptions(&self) -> Vec<Reception> {
        Vec::new()
    }

    /// The reception is in the database: nothing of it need be kept.
    async fn forget_reception(&self, _reception: &Reception) {}

    /// Waits until every call that was given up is hung up.
    async fn close(&self) {}
}
