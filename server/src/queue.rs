//! Queues of messages: delivered at least once, not before their time, in no order.
//!
//! So whoever handles a message must bear it twice and must not rely on it coming at all: the state machine of the
//! fax refuses the second one, a sweeper looks for faxes whose message was lost.

use std::time::Duration;

use jiff::Timestamp;

pub mod outbox;
pub mod table;

/// The queues there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueueName {
    /// A message for each fax whose next attempt is due.
    Retries,
    /// A message for each fax that failed and has to be refunded.
    Refunds,
}

impl QueueName {
    pub const ALL: [Self; 2] = [Self::Retries, Self::Refunds];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retries => "retries",
            Self::Refunds => "refunds",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == text)
    }
}

/// A message that was received and is invisible to others for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub payload: String,
    /// Names this delivery; to be given to [`Queue::acknowledge`].
    pub receipt: String,
    /// How often it has been received, this time included.
    pub receives: u32,
}

/// The queue could not be reached or refused.
#[derive(Debug, thiserror::Error)]
#[error("the queue failed")]
pub struct QueueError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A service that keeps messages.
#[async_trait::async_trait]
pub trait Queue: Send + Sync {
    async fn send(&self, queue: QueueName, payload: &str, deliver_at: Timestamp) -> Result<(), QueueError>;

    /// At most `max` messages that are due. Each comes again after `visibility` unless it is acknowledged.
    async fn receive(
        &self,
        queue: QueueName,
        max: u32,
        visibility: Duration,
    ) -> Result<Vec<Message>, QueueError>;

    /// The message is done with. Acknowledging a delivery that has expired does nothing.
    async fn acknowledge(&self, queue: QueueName, receipt: &str) -> Result<(), QueueError>;
}
