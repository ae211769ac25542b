//! Mail by SMTP (RFC 5321), through the server that the operator names.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use url::Url;

use super::{Mail, MailError, Message, compose};

/// A server that says nothing for so long is away.
const PATIENCE: Duration = Duration::from_secs(20);

/// An SMTP server, with a few connections that are used again.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// `url` is `smtps://user:password@host` (TLS from the beginning, RFC 8314) or `smtp://user:password@host?tls=required`
    /// (STARTTLS).
    pub fn new(url: &Url, from: &str) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())?;
        Ok(Self { transport: transport.timeout(Some(PATIENCE)).build(), from: from.parse()? })
    }
}

#[async_trait::async_trait]
impl Mail for Smtp {
    async fn send(&self, message: Message) -> Result<(), MailError> {
        let email = compose(&self.from, &message)?;
        match self.transport.send(email).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Refused(Box::new(error))),
            Err(error) => Err(MailError::Failed(Box::new(error))),
        }
    }
}
