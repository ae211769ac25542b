//! Redis, keeping nothing on disk.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::process::{Process, wait_for};
use crate::{free_port, program};

/// A Redis server.
#[derive(Debug)]
pub struct Redis {
    folder: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Redis {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("faxdroid-redis").tempdir().expect("a folder").keep();
        let mut redis = Self { folder, port: free_port(), process: None };
        redis.restart();
        redis
    }

    /// Kills it; with it goes everything it kept.
    pub fn kill(&mut self) {
        std::fs::write(self.folder.join("keep"), "").expect("the folder can be written");
        self.process = None;
    }

    /// Starts it again, empty, at the same address.
    pub fn restart(&mut self) {
        let _ = std::fs::remove_file(self.folder.join("keep"));
        let (server, port) = (program("redis-server"), self.port.to_string());
        let server = server.to_str().expect("a path in UTF-8");
        let command = [server, "--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"];
        self.process = Some(Process::start(&self.folder, &command));
        wait_for(self.address(), &self.folder, false);
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }
}
