//! aiosmtpd (<https://aiosmtpd.aio-libs.org>): a mail server that keeps what it is given.

use std::path::{Path, PathBuf};

use crate::process::{Process, wait_for};
use crate::python;

/// Larger messages are refused for good (552).
const LARGEST: u32 = 2_000;

/// The server. Another one started with the same folder and port goes on with the mailbox.
#[derive(Debug)]
pub struct MailServer {
    mailbox: PathBuf,
    port: u16,
    _process: Process,
}

impl MailServer {
    /// Keeps its mails below `folder`.
    pub fn start(folder: &Path, port: u16) -> Self {
        let own = tempfile::Builder::new().prefix("faxdroid-mail").tempdir().expect("a folder").keep();
        let mailbox = folder.join("mailbox");
        let (at, size) = (format!("127.0.0.1:{port}"), LARGEST.to_string());
        let (program, kept) = (python("python").display().to_string(), mailbox.display().to_string());
        let options =
            ["-m", "aiosmtpd", "-n", "-l", &at, "-s", &size, "-c", "aiosmtpd.handlers.Mailbox", &kept];
        let command: Vec<&str> = std::iter::once(program.as_str()).chain(options).collect();
        let process = Process::start(&own, &command);
        wait_for(([127, 0, 0, 1], port).into(), &own, true);
        Self { mailbox, port, _process: process }
    }

    /// For the setting `mail.url`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Every mail as it arrived (RFC 5322).
    pub fn mails(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.mailbox.join("new")).into_iter().flatten().flatten();
        files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
    }
}
