//! What the server does on its own: it places calls, moves messages, and sweeps up what was lost. Every task has an
//! owner, [`Workers`], which stops them and waits for them.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;

pub mod housekeeping;
pub mod place_calls;
pub mod poller;
pub mod receive_faxes;
pub mod reconcile;
mod send_mail;
pub mod sweeper;

use place_calls::PlaceCalls;
use poller::Messages;

/// What calls that were hung up came to is written down within this time, or by the sweeper of another server.
const HANG_UP_PATIENCE: Duration = Duration::from_secs(10);

/// How often the workers look.
#[derive(Debug, Clone, Copy)]
pub struct Intervals {
    /// Between two looks at the outbox and the queues.
    pub poll: Duration,
    /// Between two looks for ended leases and lost messages.
    pub sweep: Duration,
    /// A message is taken for lost so long after it was due.
    pub lost_after: Duration,
}

/// The tasks of this server.
pub struct Workers {
    tasks: TaskTracker,
    stop: CancellationToken,
    hang_up: CancellationToken,
}

impl Workers {
    pub fn start(calls: PlaceCalls, messages: Messages, intervals: Intervals) -> Self {
        let tasks = TaskTracker::new();
        let stop = CancellationToken::new();
        let hang_up = CancellationToken::new();
        let (faxes, locks) = (messages.faxes.clone(), messages.locks.clone());
        tasks.spawn(reconcile::run(faxes.clone(), calls.line.clone(), calls.lease, stop.clone()));
        tasks.spawn(place_calls::run(Arc::new(calls), tasks.clone(), stop.clone(), hang_up.clone()));
        tasks.spawn(poller::run(messages, intervals.poll, stop.clone()));
        tasks.spawn(sweeper::run(faxes, locks, intervals, stop.clone()));
        Self { tasks, stop, hang_up }
    }

    /// Adds what a whole server has to do beside its calls.
    pub fn keep_house(&self, app: App, interval: Duration) {
        let (outgoing, look) = (app.outgoing_mail.clone(), app.config.workers.poll);
        self.tasks.spawn(send_mail::run(outgoing, look, self.stop.clone()));
        self.tasks.spawn(receive_faxes::run(app.clone(), self.stop.clone()));
        self.tasks.spawn(housekeeping::run(app, interval, self.stop.clone()));
    }

    /// Takes no more faxes and waits for the calls in flight. Those that last longer than `patience` are hung up; their
    /// faxes are called again by another server, at no cost of an attempt.
    pub async fn stop(&self, patience: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_err() {
            self.hang_up.cancel();
            if tokio::time::timeout(HANG_UP_PATIENCE, self.tasks.wait()).await.is_err() {
                tracing::warn!(tasks = self.tasks.len(), "workers_cut_off");
            }
        }
    }
}

impl Drop for Workers {
    /// An owner that does not wait leaves no task behind, and no call.
    fn drop(&mut self) {
        self.stop.cancel();
        self.hang_up.cancel();
    }
}
