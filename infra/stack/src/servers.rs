//! The auto scaling group: two application servers, which may be killed, ended and started.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use faxdroid_testbed::{Process, free_port};

const STARTS_WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct AppServer {
    pub(crate) public: SocketAddr,
    pub(crate) internal: SocketAddr,
    program: PathBuf,
    folder: PathBuf,
    settings: Vec<(String, String)>,
    process: Mutex<Option<Process>>,
}

impl AppServer {
    /// With `settings` as the program reads them from its environment; it is not started yet.
    pub(crate) fn new(number: usize, program: &Path, folder: &Path, settings: Vec<(String, String)>) -> Self {
        let local = || SocketAddr::from(([127, 0, 0, 1], free_port()));
        Self {
            public: local(),
            internal: local(),
            program: program.to_owned(),
            folder: folder.join(format!("server{number}")),
            settings,
            process: Mutex::default(),
        }
    }

    /// As its program reads them, for the operator's commands.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (String, String)> {
        self.settings.iter().cloned()
    }

    /// Starts it, unless it runs, and returns when it answers.
    pub(crate) async fn start(&self) -> anyhow::Result<()> {
        if self.runs() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.folder)?;
        // What it has logged is looked at after it has ended.
        std::fs::write(self.folder.join("keep"), "")?;
        let own = [("FAXDROID_LISTEN", self.public), ("FAXDROID_INTERNAL_LISTEN", self.internal)];
        let own = own.map(|(name, address)| format!("{name}={address}"));
        let settings = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        let program = self.program.display().to_string();
        let command: Vec<String> =
            ["/usr/bin/env".to_owned()].into_iter().chain(own).chain(settings).chain([program]).collect();
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        *self.process() = Some(Process::start(&self.folder, &command));
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(self.internal).await.is_err() {
            ensure!(begun.elapsed() < STARTS_WITHIN, "a server does not start: {}", self.last_words());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Without a word, as a machine that fails.
    pub(crate) fn kill(&self) {
        *self.process() = None;
    }

    /// As systemd does when the auto scaling group ends an instance: it finishes what it is at.
    pub(crate) async fn end(&self) -> anyhow::Result<()> {
        let process = self.process().take();
        let Some(process) = process else { return Ok(()) };
        let number = process.child().context("it has no process number")?.to_string();
        let asked = tokio::process::Command::new("kill").args(["-TERM", &number]).status().await?;
        ensure!(asked.success(), "the server could not be asked to end");
        let alive = PathBuf::from("/proc").join(&number);
        while alive.exists() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    fn runs(&self) -> bool {
        let child = self.process().as_ref().and_then(Process::child);
        child.is_some_and(|child| PathBuf::from(format!("/proc/{child}")).exists())
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(10).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}
