//! Faxes: the life of one, from the charge that is held to the page that is delivered or the charge that comes back.
//!
//! [`state`] decides, [`life`] carries out: each function there is one transaction in which the new state, the money,
//! the attempt and the message to a queue are written together or not at all. [`accept`] begins a life, [`read`]
//! shows it to its customer.

use std::sync::Arc;

use faxdroid_contract::ids::FaxId;
use tokio::sync::{Notify, broadcast};

use crate::clock::Clock;
use crate::fax::schedule::Schedule;
use crate::store::{Store, StoreError};

pub mod accept;
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
}

impl Faxes {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        schedule: Schedule,
        changes: broadcast::Sender<FaxId>,
    ) -> Self {
        Self { store, clock, schedule, changes, waiting: Arc::default() }
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
