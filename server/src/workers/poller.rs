//! One tick hands the outbox to the queues and, where no Lambda polls them, handles the messages that are due by the
//! functions that the private listener calls.

use std::sync::Arc;
use std::time::Duration;

use faxdroid_contract::ids::FaxId;
use tokio_util::sync::CancellationToken;

use crate::fax::{Faxes, life};
use crate::locks::{self, LockName, Locks};
use crate::queue::{Message, Queue, QueueError, QueueName, outbox};

/// Messages taken at once.
const BATCH: u32 = 50;
/// A message that was not handled comes again so much later.
const VISIBILITY: Duration = Duration::from_secs(30);
/// Of the lock under which the outbox is handed over.
const LOCK: Duration = Duration::from_secs(15);
/// A queue that stays away is asked again after this time at the latest.
const LONGEST_DELAY: Duration = Duration::from_secs(15);

/// Who receives what is in the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolledBy {
    ThisServer,
    /// infra/poller, through the private listener.
    Lambda,
}

/// All that the way of a message needs.
pub struct Messages {
    pub faxes: Faxes,
    pub queue: Arc<dyn Queue>,
    pub locks: Arc<dyn Locks>,
    pub polled_by: PolledBy,
}

pub(super) async fn run(messages: Messages, interval: Duration, stop: CancellationToken) {
    let mut delay = interval;
    while stop.run_until_cancelled(tokio::time::sleep(delay)).await.is_some() {
        delay = match messages.tick().await {
            Ok(_) => interval,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "poll_failed");
                // Servers that lost the same queue must not come back in step.
                (delay * 2).min(LONGEST_DELAY.max(interval)).mul_f64(0.75 + 0.5 * rand::random::<f64>())
            }
        };
    }
}

impl Messages {
    async fn tick(&self) -> Result<usize, QueueError> {
        let (store, queue) = (&self.faxes.store, self.queue.as_ref());
        let relay = |fence| outbox::relay(store, queue, fence);
        let relayed = locks::exclusively(self.locks.as_ref(), LockName::Relay, LOCK, relay).await;
        let relayed = relayed.transpose()?.unwrap_or(0);
        match self.polled_by {
            PolledBy::ThisServer => Ok(relayed + poll(&self.faxes, queue).await?),
            PolledBy::Lambda => Ok(relayed),
        }
    }
}

/// Relays and polls once. Answers how many messages were moved or done with.
pub async fn tick(faxes: &Faxes, queue: &dyn Queue) -> Result<usize, QueueError> {
    Ok(outbox::relay(&faxes.store, queue, None).await? + poll(faxes, queue).await?)
}

async fn poll(faxes: &Faxes, queue: &dyn Queue) -> Result<usize, QueueError> {
    let mut done = 0;
    for name in QueueName::ALL {
        for message in queue.receive(name, BATCH, VISIBILITY).await? {
            match handle(faxes, name, &message).await? {
                life::Handled::TooEarly { .. } => {}
                life::Handled::Done | life::Handled::NothingToDo => {
                    queue.acknowledge(name, &message.receipt).await?;
                    done += 1;
                }
            }
        }
    }
    Ok(done)
}

async fn handle(faxes: &Faxes, queue: QueueName, message: &Message) -> Result<life::Handled, QueueError> {
    let Ok(fax) = message.payload.parse::<FaxId>() else {
        // Whoever wrote it may have written anything, so it is not repeated here.
        tracing::error!(queue = queue.as_str(), bytes = message.payload.len(), "message_unreadable");
        return Ok(life::Handled::NothingToDo);
    };
    Ok(match queue {
        QueueName::Retries => life::retry(faxes, &fax).await?,
        QueueName::Refunds => life::refund(faxes, &fax).await?,
    })
}
