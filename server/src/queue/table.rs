//! The embedded queue: a table in the database. A message is taken by moving the time at which it becomes visible,
//! so a receiver that dies has only borrowed it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{DeadLetter, Message, OutgoingMessage, Queue, QueueError, QueueName};
use crate::clock::{Clock, after};
use crate::store::{Store, StoreError, messages};

/// Queues kept in the database of the server.
pub struct TableQueue {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl TableQueue {
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }
}

#[async_trait::async_trait]
impl Queue for TableQueue {
    async fn send(&self, queue: QueueName, messages: &[OutgoingMessage]) -> Result<Vec<String>, QueueError> {
        for message in messages {
            let row = messages::NewMessage {
                id: self.clock.new_ulid(),
                queue: queue.as_str(),
                payload: &message.payload,
                deliver_at: message.deliver_at.as_millisecond(),
                now: self.clock.now().as_millisecond(),
            };
            messages::insert(self.store.connection(), row).await?;
        }
        Ok(messages.iter().map(|message| message.id.clone()).collect())
    }

    async fn receive(
        &self,
        queue: QueueName,
        max: u32,
        visibility: Duration,
    ) -> Result<Vec<Message>, QueueError> {
        let now = self.clock.now().as_millisecond();
        let visible_at = after(now, visibility);
        let mut received = Vec::new();
        for row in messages::due(self.store.connection(), queue.as_str(), now, max).await? {
            if messages::take(self.store.connection(), &row, visible_at).await? {
                let receives = row.receives + 1;
                received.push(Message {
                    receipt: format!("{}:{receives}", row.id),
                    payload: row.payload,
                    receives: u32::try_from(receives).unwrap_or(u32::MAX),
                });
            }
        }
        Ok(received)
    }

    async fn acknowledge(&self, _queue: QueueName, receipt: &str) -> Result<(), QueueError> {
        let delivery = receipt.split_once(':').and_then(|(id, receives)| Some((id, receives.parse().ok()?)));
        if let Some((id, receives)) = delivery {
            messages::remove(self.store.connection(), id, receives).await?;
        }
        Ok(())
    }

    async fn dead_letters(&self, queue: QueueName, max: u32) -> Result<Vec<DeadLetter>, QueueError> {
        let rows = messages::dead(self.store.connection(), queue.as_str(), max).await?;
        let letter = |row: messages::MessageRow| DeadLetter {
            payload: row.payload,
            receipt: row.id,
            receives: u32::try_from(row.receives).unwrap_or(u32::MAX),
            sent_at: Timestamp::from_millisecond(row.created_at).ok(),
        };
        Ok(rows.into_iter().map(letter).collect())
    }

    async fn redrive(&self, _queue: QueueName, letter: &DeadLetter) -> Result<(), QueueError> {
        let now = self.clock.now().as_millisecond();
        Ok(messages::revive(self.store.connection(), &letter.receipt, now).await?)
    }

    async fn discard(&self, _queue: QueueName, letter: &DeadLetter) -> Result<(), QueueError> {
        let receives = i32::try_from(letter.receives).unwrap_or(i32::MAX);
        Ok(messages::remove(self.store.connection(), &letter.receipt, receives).await?)
    }
}

impl From<StoreError> for QueueError {
    fn from(error: StoreError) -> Self {
        Self(Box::new(error))
    }
}
