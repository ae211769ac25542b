//! What the server does on its own: it places calls, moves messages, and sweeps up what was lost. Every task has an
//! owner, [`Workers`], which stops them and waits for them.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::fax::Faxes;
use crate::queue::Queue;

pub mod housekeeping;
pub mod place_calls;
pub mod poller;
pub mod sweeper;

use place_calls::PlaceCalls;

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
    pub fn start(faxes: Faxes, queue: Arc<dyn Queue>, calls: PlaceCalls, intervals: Intervals) -> Self {
        let tasks = TaskTracker::new();
        let stop = CancellationToken::new();
        let hang_up = CancellationToken::new();
        tasks.spawn(place_calls::run(Arc::new(calls), tasks.clone(), stop.clone(), hang_up.clone()));
        tasks.spawn(poller::run(faxes.clone(), queue, intervals.poll, stop.clone()));
        tasks.spawn(sweeper::run(faxes, intervals, stop.clone()));
        Self { tasks, stop, hang_up }
    }

    /// Adds what a whole server has to do now and then.
    pub fn keep_house(&self, app: App, interval: Duration) {
        self.tasks.spawn(housekeeping::run(app, interval, self.stop.clone()));
    }

    /// Takes no more faxes and waits for the calls in flight. Those that last longer than `patience` are hung up; their
    /// faxes are called again by another server, at no cost of an attempt.
    pub async fn stop(&self, patience: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_err() {
            self.hang_up.cancel();
            self.tasks.wait().await;
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
