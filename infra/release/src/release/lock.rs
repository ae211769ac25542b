//! One release at a time: an object that only one can write, renewed while its owner lives.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::bail;
use serde::{Deserialize, Serialize};

use super::storage::{Bucket, Written};

const KEY: &str = "lock.json";
/// A lock that was not renewed for so long is nobody's.
const LEASE: Duration = Duration::from_secs(60);
const RENEWAL: Duration = Duration::from_secs(15);

/// Who releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    /// What he does, for whoever is refused.
    doing: String,
    host: String,
    process: u32,
    /// Together with the number this names a process of this host for ever: numbers come again.
    started: String,
    /// Seconds since 1970.
    renewed: u64,
}

/// The lock, held. Give it back with [`Lock::release`]; who dies without leaves it to its lease.
#[derive(Debug)]
pub(crate) struct Lock {
    bucket: Bucket,
    renewal: tokio::task::JoinHandle<()>,
}

impl Lock {
    /// # Errors
    ///
    /// When somebody else holds it.
    pub(crate) async fn take(bucket: &Bucket, doing: &str) -> anyhow::Result<Self> {
        let holder = Holder {
            doing: doing.to_owned(),
            host: std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned(),
            process: std::process::id(),
            started: started(std::process::id()).unwrap_or_default(),
            renewed: now(),
        };
        let over = match bucket.get(KEY).await? {
            None => None,
            Some((body, tag)) => {
                if let Ok(other) = serde_json::from_slice::<Holder>(&body)
                    && other.is_alive(&holder)
                {
                    bail!(
                        "somebody else is at it: {} on {} (process {}). Wait until he is done; a lock whose owner has died is \
                         free after {} s",
                        other.doing,
                        other.host,
                        other.process,
                        LEASE.as_secs()
                    );
                }
                Some(tag)
            }
        };
        match bucket.put_if(KEY, &holder, over.as_deref()).await? {
            Written::Ours(_) => {}
            Written::Refused => bail!("somebody else began at this very moment: run it again"),
        }
        let renewal = tokio::spawn(renew(bucket.clone(), holder));
        Ok(Self { bucket: bucket.clone(), renewal })
    }

    pub(crate) async fn release(self) -> anyhow::Result<()> {
        self.renewal.abort();
        self.bucket.delete(&[KEY]).await
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn renew(bucket: Bucket, mut holder: Holder) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        holder.renewed = now();
        // One renewal that fails is made up for by the next.
        let _ = bucket.put_json(KEY, &holder).await;
    }
}

impl Holder {
    fn is_alive(&self, me: &Self) -> bool {
        // Of a process of this host it is known at once.
        if self.host == me.host && !self.host.is_empty() {
            return started(self.process).is_some_and(|started| started == self.started);
        }
        now().saturating_sub(self.renewed) < LEASE.as_secs()
    }
}

/// When the process began, in ticks since this host did (`man 5 proc_pid_stat`, field 22); none when there is no such process.
fn started(process: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may have spaces.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19).map(str::to_owned)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(host: &str, process: u32, renewed: u64) -> Holder {
        let started = started(process).unwrap_or_default();
        Holder { doing: String::new(), host: host.to_owned(), process, started, renewed }
    }

    #[test]
    fn of_this_host_the_process_decides_and_of_others_the_lease() {
        let me = holder("here", std::process::id(), now());
        assert!(holder("here", std::process::id(), 0).is_alive(&me));
        let mut earlier = holder("here", std::process::id(), now());
        earlier.started = "1".to_owned();
        assert!(!earlier.is_alive(&me), "another process had this number");
        assert!(holder("there", 1, now()).is_alive(&me));
        assert!(!holder("there", 1, now() - 61).is_alive(&me));
    }
}
