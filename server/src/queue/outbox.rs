//! The outbox: a message is written by the transaction that causes it and handed to the queue afterwards.
//!
//! So there is no message without its cause and no cause without its message. A relay that dies between sending and
//! deleting sends twice, which the queues may do anyway.

use jiff::Timestamp;

use super::{OutgoingMessage, Queue, QueueError, QueueName};
use crate::clock::Clock;
use crate::locks::{Fence, LockName};
use crate::store::{self, Store, StoreError, Transaction, outbox};

/// How many messages one relay hands over at most.
const BATCH: u64 = 500;

/// Leaves a message in the transaction `transaction`.
pub async fn leave(
    transaction: &Transaction,
    clock: &dyn Clock,
    queue: QueueName,
    payload: &str,
    deliver_at: Timestamp,
) -> Result<(), StoreError> {
    let now = clock.now().as_millisecond();
    outbox::insert(transaction, clock.new_ulid(), queue.as_str(), payload, deliver_at.as_millisecond(), now)
        .await
}

/// Hands what has gathered to the queues, oldest first, until the fence tells that another relay has begun since. A queue
/// that cannot be reached keeps nothing from the others. Answers how many messages were taken.
pub async fn relay(store: &Store, queue: &dyn Queue, fence: Option<Fence>) -> Result<usize, QueueError> {
    let mut relayed = 0;
    let mut failure = None;
    let gathered = outbox::oldest(store.connection(), BATCH).await?;
    for name in QueueName::ALL {
        let messages: Vec<_> = gathered
            .iter()
            .filter(|row| row.queue == name.as_str())
            .map(outgoing)
            .collect::<Result<_, _>>()?;
        if messages.is_empty() {
            continue;
        }
        if let Some(fence) = fence
            && !store::fences::pass(store.connection(), LockName::Relay, fence).await?
        {
            return Ok(relayed);
        }
        match queue.send(name, &messages).await {
            Ok(taken) => {
                outbox::remove(store.connection(), &taken).await?;
                relayed += taken.len();
            }
            Err(error) => failure = Some(error),
        }
    }
    if let Some(unknown) = gathered.iter().find(|row| QueueName::parse(&row.queue).is_none()) {
        return Err(StoreError::Corrupt { table: "outbox", id: unknown.id.clone() }.into());
    }
    failure.map_or(Ok(relayed), Err)
}

fn outgoing(row: &outbox::OutboxRow) -> Result<OutgoingMessage, StoreError> {
    let deliver_at = Timestamp::from_millisecond(row.deliver_at);
    Ok(OutgoingMessage {
        id: row.id.clone(),
        payload: row.payload.clone(),
        deliver_at: deliver_at.map_err(|_| StoreError::Corrupt { table: "outbox", id: row.id.clone() })?,
    })
}
