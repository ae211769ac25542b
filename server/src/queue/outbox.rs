//! The outbox: a message is written by the transaction that causes it and handed to the queue afterwards.
//!
//! So there is no message without its cause and no cause without its message. A relay that dies between sending and
//! deleting sends twice, which the queues may do anyway.

use jiff::Timestamp;

use super::{Queue, QueueError, QueueName};
use crate::clock::Clock;
use crate::store::{Store, StoreError, Transaction, outbox};

/// How many messages one relay hands over at most.
const BATCH: u64 = 100;

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

/// Hands what has gathered to the queue, oldest first. Answers how many.
pub async fn relay(store: &Store, queue: &dyn Queue) -> Result<usize, QueueError> {
    let mut relayed = 0;
    for message in outbox::oldest(store.connection(), BATCH).await? {
        let (Some(name), Ok(deliver_at)) =
            (QueueName::parse(&message.queue), Timestamp::from_millisecond(message.deliver_at))
        else {
            return Err(StoreError::Corrupt { table: "outbox", id: message.id }.into());
        };
        queue.send(name, &message.payload, deliver_at).await?;
        outbox::remove(store.connection(), &message.id).await?;
        relayed += 1;
    }
    Ok(relayed)
}
