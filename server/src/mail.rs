//! Mail to customers.

pub mod directory;

/// A plain text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// The message could not be handed over.
#[derive(Debug, thiserror::Error)]
#[error("the mail could not be sent")]
pub struct MailError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A way to the customers' mailboxes.
#[async_trait::async_trait]
pub trait Mail: Send + Sync {
    async fn send(&self, message: Message) -> Result<(), MailError>;
}
