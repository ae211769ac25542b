//! A process that ends with its owner, even when the owner is killed.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// Waits for its standard input to end, which it does with whoever holds the other side of it. Signals from the
/// keyboard go to the whole group; they end the owner, and the end of the input ends this.
const GUARDIAN: &str = r#"
trap '' INT TERM HUP
folder=$1; shift
"$@" >>"$folder/log" 2>&1 </dev/null &
pid=$!
echo "$pid" >"$folder/pid"
cat >/dev/null
kill -9 "$pid" 2>/dev/null
wait "$pid" 2>/dev/null
[ -e "$folder/keep" ] || rm -rf "$folder"
"#;
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process and its guardian. Dropping it kills both, without warning, and removes the folder.
#[derive(Debug)]
pub struct Process {
    guardian: Child,
    input: Option<ChildStdin>,
    pid: PathBuf,
}

impl Process {
    /// Runs `command` with its output in `folder/log`.
    pub fn start(folder: &Path, command: &[&str]) -> Self {
        let mut guardian = Command::new("/bin/sh")
            .args(["-c", GUARDIAN, "guardian"])
            .arg(folder)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("there is a shell");
        let input = guardian.stdin.take();
        Self { guardian, input, pid: folder.join("pid") }
    }

    /// Its number, once the guardian has started it.
    pub fn child(&self) -> Option<u32> {
        std::fs::read_to_string(&self.pid).ok()?.trim().parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.guardian.wait();
    }
}

/// Returns once something listens at `address` and, if it speaks first, has spoken.
pub(crate) fn wait_for(address: SocketAddr, folder: &Path, speaks_first: bool) {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        if let Ok(mut stream) = TcpStream::connect(address) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            if !speaks_first || matches!(stream.read(&mut [0; 1]), Ok(1)) {
                return;
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    panic!("nothing answers at {address} after {PATIENCE:?}:\n{log}");
}
