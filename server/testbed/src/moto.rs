//! moto (<https://docs.getmoto.org>): SQS and S3 as AWS answers them, in memory. It is a stand-in: it checks no
//! signature and enforces no policy.

use std::net::SocketAddr;
use std::path::Path;

use crate::process::{Process, wait_for};
use crate::{free_port, python};

/// A server that answers for every AWS service it knows.
#[derive(Debug)]
pub struct Moto {
    port: u16,
    process: Process,
}

impl Moto {
    pub fn start() -> Self {
        Self::run(&[&python("moto_server").display().to_string()])
    }

    /// Starts `script`, Python that completes moto where a test needs more of it and takes the options of `moto_server`.
    pub fn start_completed(script: &Path) -> Self {
        Self::run(&[&python("python").display().to_string(), &script.display().to_string()])
    }

    fn run(program: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("faxdroid-moto").tempdir().expect("a folder").keep();
        let port = free_port();
        let number = port.to_string();
        let process = Process::start(&folder, &[program, &["-H", "127.0.0.1", "-p", &number]].concat());
        let moto = Self { port, process };
        wait_for(moto.address(), &folder, false);
        moto
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The number of the process, for whoever measures it.
    pub fn process(&self) -> Option<u32> {
        self.process.child()
    }

    /// Where the SDK finds it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }
}
