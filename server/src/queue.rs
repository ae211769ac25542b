//! Queues of messages: delivered at least once, not before their time, in no order.
//!
//! So whoever handles a message must bear it twice and must not rely on it coming at all: the state machine of the
//! fax refuses the second one, a sweeper looks for faxes whose message was lost.

use std::time::Duration;

use jiff::Timestamp;

pub mod dead_letters;
pub mod outbox;
pub mod sqs;
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

/// A message on its way into a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// Names it among those sent with it.
    pub id: String,
    pub payload: String,
    pub deliver_at: Timestamp,
}

/// A message that was received so often that something must be wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub payload: String,
    pub receipt: String,
    pub receives: u32,
    pub sent_at: Option<Timestamp>,
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
    /// Answers the identifiers of those that the queue has taken; the others have to be sent again.
    async fn send(&self, queue: QueueName, messages: &[OutgoingMessage]) -> Result<Vec<String>, QueueError>;

    /// At most `max` messages that are due. Each comes again after `visibility` unless it is acknowledged.
    async fn receive(
        &self,
        queue: QueueName,
        max: u32,
        visibility: Duration,
    ) -> Result<Vec<Message>, QueueError>;

    /// The message is done with. Acknowledging a delivery that has expired does nothing.
    async fn acknowledge(&self, queue: QueueName, receipt: &str) -> Result<(), QueueError>;

    /// At most `max` messages that were given up. Where a queue hides what was looked at, it does so for a minute.
    async fn dead_letters(&self, queue: QueueName, max: u32) -> Result<Vec<DeadLetter>, QueueError>;

    /// Puts one back where it came from, to be received at once.
    async fn redrive(&self, queue: QueueName, letter: &DeadLetter) -> Result<(), QueueError>;

    /// Deletes one.
    async fn discard(&self, queue: QueueName, letter: &DeadLetter) -> Result<(), QueueError>;
}
