//! Mail to customers. What is written to whom, and when, is [`outgoing`]; an adapter carries one message.

use lettre::message::{Mailbox, header::ContentType};

pub mod directory;
pub mod outgoing;
pub mod smtp;

/// A plain text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub to: String,
    pub subject: String,
    pub text: String,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The message could not be handed over.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the mail could not be sent now")]
    Failed(#[source] Cause),
    /// It is refused for good: the mailbox does not exist, say (RFC 5321, section 4.2.1, replies 5yz).
    #[error("the mail is refused")]
    Refused(#[source] Cause),
}

/// A way to the customers' mailboxes.
#[async_trait::async_trait]
pub trait Mail: Send + Sync {
    async fn send(&self, message: Message) -> Result<(), MailError>;
}

/// The message as it travels (RFC 5322).
fn compose(from: &Mailbox, message: &Message) -> Result<lettre::Message, MailError> {
    let to: Mailbox = message.to.parse().map_err(|error| MailError::Refused(Box::new(error)))?;
    lettre::Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&message.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|error| MailError::Refused(Box::new(error)))
}
