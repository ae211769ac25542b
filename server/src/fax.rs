//! Faxes: the life of one, from the charge that is held to the page that is delivered or the charge that comes back.
//!
//! [`state`] decides, [`life`] carries out: each function there is one transaction in which the new state, the money,
//! the attempt and the message to a queue are written together or not at all. [`accept`] begins a life, [`read`]
//! shows it to its customer.

use std::sync::Arc;
use std::time::Duration;

use faxdroid_contract::ids::FaxId;
use tokio::sync::{Notify, broadcast};

use crate::clock::Clock;
use crate::fax::schedule::Schedule;
use crate::store::{Store, StoreError};

pub mod accept;
pub mod calling_time;
pub mod life;
pub mod number;
pub mod read;
pub mod schedule;
pub mod state;

pub use accept::{CreateFaxError, ResendError, create, resend};
pub use life::{CancelError, cancel};
pub use read::{FaxFilter, get, list};

/// All that the life of a fax needs.
#[derive(Clone)]
pub struct Faxes {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub schedule: Schedule,
    /// Tells readers that a fax has changed.
    pub changes: broadcast::Sender<FaxId>,
    /// Wakes the dispatcher: a fax is waiting for a line.
    pub waiting: Arc<Notify>,
    /// The document of a fax is kept so long after its end.
    pub document_kept: Duration,
    pub calls: CallRules,
}

/// What the operator has settled about calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallRules {
    /// What a call begins with when an earlier one has brought some pages over.
    pub after_partial: AfterPartial,
    /// Calls that the trunk carries at once, of all servers together; `None` where it does not limit them.
    pub trunk_channels: Option<u32>,
    /// How long a call may ring, on a line whose calls go on when the server that placed them dies; `None` where they end with
    /// it. What such a call comes to is known on its own host alone, so nobody else repeats it while it may go on.
    pub outlive_server: Option<Duration>,
}

/// See [`CallRules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterPartial {
    /// The first page that the far machine has not confirmed.
    #[default]
    Continue,
    /// The first page.
    Repeat,
}

/// As the page about privacy says.
pub const DOCUMENT_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Faxes {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        schedule: Schedule,
        changes: broadcast::Sender<FaxId>,
    ) -> Self {
        Self {
            store,
            clock,
            schedule,
            changes,
            waiting: Arc::default(),
            document_kept: DOCUMENT_KEPT,
            calls: CallRules::default(),
        }
    }

    /// To be called after the commit: whoever is told reads what is committed.
    fn tell(&self, id: &str) -> Result<(), StoreError> {
        let id = id.parse().map_err(|_| StoreError::Corrupt { table: "faxes", id: id.to_owned() })?;
        // Nobody may be reading.
        let _ = self.changes.send(id);
        Ok(())
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}
