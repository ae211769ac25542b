//! The embedded queue: a table in the database. A message is taken by moving the time at which it becomes visible,
//! so a receiver that dies has only borrowed it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Message, Queue, QueueError, QueueName};
use crate::clock::Clock;
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
    async fn send(&self, queue: QueueName, payload: &str, deliver_at: Timestamp) -> Result<(), QueueError> {
        let message = messages::NewMessage {
            id: self.clock.new_ulid(),
            queue: queue.as_str(),
            payload,
            deliver_at: deliver_at.as_millisecond(),
            now: self.clock.now().as_millisecond(),
        };
        Ok(messages::insert(self.store.connection(), message).await?)
    }

    async fn receive(
        &self,
        queue: QueueName,
        max: u32,
        visibility: Duration,
    ) -> Result<Vec<Message>, QueueError> {
        let now = self.clock.now().as_millisecond();
        let visible_at = now.saturating_add(i64::try_from(visibility.as_millis()).unwrap_or(i64::MAX));
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
}

impl From<StoreError> for QueueError {
    fn from(error: StoreError) -> Self {
        Self(Box::new(error))
    }
}
