//! One tick moves what is in the outbox to the queues and handles the messages that are due. In production the tick
//! comes from outside and calls the same functions through the private listener.

use std::sync::Arc;
use std::time::Duration;

use faxdroid_contract::ids::FaxId;
use tokio_util::sync::CancellationToken;

use crate::fax::{Faxes, life};
use crate::queue::{Message, Queue, QueueError, QueueName, outbox};

/// Messages taken at once.
const BATCH: u32 = 50;
/// A message that was not handled comes again so much later.
const VISIBILITY: Duration = Duration::from_secs(30);

pub(super) async fn run(faxes: Faxes, queue: Arc<dyn Queue>, interval: Duration, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
        if let Err(error) = tick(&faxes, queue.as_ref()).await {
            tracing::error!(error = &error as &dyn std::error::Error, "poll_failed");
        }
    }
}

/// Answers how many messages were moved or done with.
pub async fn tick(faxes: &Faxes, queue: &dyn Queue) -> Result<usize, QueueError> {
    let mut done = outbox::relay(&faxes.store, queue).await?;
    for name in QueueName::ALL {
        for message in queue.receive(name, BATCH, VISIBILITY).await? {
            if handle(faxes, name, &message).await? != life::Handled::TooEarly {
                queue.acknowledge(name, &message.receipt).await?;
                done += 1;
            }
        }
    }
    Ok(done)
}

async fn handle(faxes: &Faxes, queue: QueueName, message: &Message) -> Result<life::Handled, QueueError> {
    let Ok(fax) = message.payload.parse::<FaxId>() else {
        tracing::error!(queue = queue.as_str(), payload = %message.payload, "message_unreadable");
        return Ok(life::Handled::NothingToDo);
    };
    Ok(match queue {
        QueueName::Retries => life::retry(faxes, &fax).await?,
        QueueName::Refunds => life::refund(faxes, &fax).await?,
    })
}
