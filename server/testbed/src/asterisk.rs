//! Asterisk, from the folder that `script/asterisk` installs it in.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cache;
use crate::process::Process;

const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// `extensions.conf` of an Asterisk that plays the carrier and every telephone behind it; its fax machines write what they
/// receive into `received`.
pub fn telephones(received: &Path) -> String {
    let received = received.to_str().expect("a path in UTF-8");
    include_str!("../carrier/extensions.conf").replace("@RECEIVED@", received)
}

/// A server that is configured by a folder of its own.
#[derive(Debug)]
pub struct Asterisk {
    folder: PathBuf,
    process: Option<Process>,
}

impl Asterisk {
    /// Returns once it is ready for calls. The folder is removed with it; `asterisk.conf` is in it.
    pub fn start(folder: &Path) -> Self {
        let mut asterisk = Self { folder: folder.to_owned(), process: None };
        asterisk.restart();
        asterisk
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        std::fs::write(self.folder.join("keep"), "").expect("the folder can be written");
        self.process = None;
    }

    /// Starts it again, as whatever looks after it would.
    pub fn restart(&mut self) {
        let (keep, log) = (self.folder.join("keep"), self.folder.join("log"));
        let _ = std::fs::remove_file(keep);
        let _ = std::fs::remove_file(&log);
        // Its own loader finds its own libraries, so that the root folder need not be changed.
        let program = [
            Self::installed("usr/lib64/ld-linux-x86-64.so.2"),
            "--library-path".into(),
            Self::installed("usr/lib/x86_64-linux-gnu"),
            Self::installed("usr/sbin/asterisk"),
            "-f".into(),
            "-C".into(),
            self.folder.join("asterisk.conf"),
        ];
        let program: Vec<&str> = program.iter().map(|part| part.to_str().expect("a path in UTF-8")).collect();
        self.process = Some(Process::start(&self.folder, &program));
        let begun = Instant::now();
        loop {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            if said.contains("Asterisk Ready.") {
                return;
            }
            assert!(begun.elapsed() < STARTS_WITHIN, "Asterisk did not start:\n{said}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The number of the process, for whoever measures it.
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().and_then(Process::child)
    }

    /// A file of the installation.
    pub fn installed(path: &str) -> PathBuf {
        let folder = std::env::var_os("ASTERISK_FOLDER").map_or_else(|| cache("asterisk"), PathBuf::from);
        let path = folder.join(path);
        assert!(
            path.exists(),
            "Asterisk is not installed: run script/asterisk ({} is missing)",
            path.display()
        );
        path
    }
}
