//! Mail that goes nowhere: one RFC 5322 file per message in a directory, for development and tests.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use lettre::message::Mailbox;
use tokio::fs;

use super::{Mail, MailError, Message, compose};
use crate::clock::Clock;

/// The directory.
#[derive(Clone)]
pub struct MailDirectory {
    folder: PathBuf,
    from: Mailbox,
    clock: Arc<dyn Clock>,
}

impl MailDirectory {
    pub fn new(folder: PathBuf, from: &str, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder, from: from.parse()?, clock })
    }

    /// Every message, the latest first.
    pub async fn list(&self) -> io::Result<Vec<Message>> {
        let mut names = Vec::new();
        let mut files = fs::read_dir(&self.folder).await?;
        while let Some(file) = files.next_entry().await? {
            if file.path().extension().is_some_and(|extension| extension == "json") {
                names.push(file.path());
            }
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        let mut messages = Vec::new();
        for name in names.iter().take(100) {
            let [to, subject, text] = serde_json::from_slice(&fs::read(name).await?)?;
            messages.push(Message { to, subject, text });
        }
        Ok(messages)
    }
}

#[async_trait::async_trait]
impl Mail for MailDirectory {
    async fn send(&self, message: Message) -> Result<(), MailError> {
        let email = compose(&self.from, &message)?;
        let name = self.clock.new_ulid();
        let write = async {
            fs::write(self.folder.join(format!("{name}.eml")), email.formatted()).await?;
            // The same once more, for the development page, which then needs no parser of mail.
            let plain = serde_json::to_vec(&[&message.to, &message.subject, &message.text])?;
            // Whoever lists the folder meanwhile finds it whole or not at all.
            let part = self.folder.join(format!("{name}.part"));
            fs::write(&part, plain).await?;
            fs::rename(part, self.folder.join(format!("{name}.json"))).await
        };
        write.await.map_err(|error| MailError::Failed(Box::new(error)))
    }
}
