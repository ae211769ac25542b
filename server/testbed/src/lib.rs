//! The real services that tests need: MariaDB or MySQL, Redis, Asterisk, a mail server, and moto's stand-in for SQS and S3, each
//! started on a port and in a folder of its own, without durability, and ended with the process that started it, however
//! that ends.
//!
//! `script/bootstrap` installs them. One that is missing fails the test: a test that is skipped proves nothing.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;

mod asterisk;
mod database;
mod load_balancer;
mod mail_server;
mod moto;
mod process;
mod proxy;
mod redis;

pub use asterisk::{Asterisk, telephones};
pub use database::Database;
pub use load_balancer::LoadBalancer;
pub use mail_server::MailServer;
pub use moto::Moto;
pub use process::Process;
pub use proxy::{Faults, FaultyProxy};
pub use redis::Redis;

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("a listener has an address").port()
}

/// A file without a name, with `bytes` in it.
pub fn unnamed_file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("the folder for temporary files can be written");
    file.write_all(bytes).and_then(|()| file.rewind()).expect("a temporary file can be written");
    file
}

/// What `script/bootstrap` keeps for every clone of this project.
fn cache(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    cache.unwrap_or_default().join("faxdroid").join(name)
}

/// Servers refuse to run as root unless they are told to.
fn user_option() -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    let root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    root.then_some("--user=root")
}

/// A program of the Python packages among it.
fn python(name: &str) -> PathBuf {
    let program = cache("python").join("bin").join(name);
    assert!(program.is_file(), "{} is missing: run script/bootstrap", program.display());
    program
}

/// The program's path, also where the folders of administrators are not searched.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let mut candidates = folders.map(|folder| folder.join(name));
    candidates
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is missing: run script/bootstrap"))
}
