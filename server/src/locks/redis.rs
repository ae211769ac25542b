//! Locks in Redis, for servers that share their work (<https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/>).
//!
//! Redis may lose a lock when it fails over, and with it the last fence; fences come from its clock, so that they grow
//! all the same.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use url::Url;

use super::{Fence, Guard, LockName, Locks, LocksError};

/// A lock is there to save work; waiting for it must not cost more.
const PATIENCE: Duration = Duration::from_millis(500);

/// Takes the lock if nobody has it, and draws the next fence. Numbers in Lua are exact up to 2^53 microseconds, which
/// is the year 2255.
const ACQUIRE: &str = r"
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
local time = redis.call('TIME')
local fence = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if fence <= last then fence = last + 1 end
local text = string.format('%.0f', fence)
redis.call('SET', KEYS[2], text)
return text
";
const RENEW: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
";
const RELEASE: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
";

/// Locks that every server of an installation sees.
#[derive(Clone)]
pub struct RedisLocks {
    connection: ConnectionManager,
    prefix: String,
}

struct RedisGuard {
    connection: ConnectionManager,
    key: String,
    token: String,
    fence: Fence,
    time_to_live: Duration,
}

impl RedisLocks {
    /// Connects when it is first asked, and again whenever the connection is lost.
    pub fn new(url: &Url, prefix: &str) -> Result<Self, LocksError> {
        let client = Client::open(url.as_str()).map_err(failed)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(failed)?;
        Ok(Self { connection, prefix: prefix.to_owned() })
    }
}

#[async_trait::async_trait]
impl Locks for RedisLocks {
    async fn acquire(
        &self,
        name: LockName,
        time_to_live: Duration,
    ) -> Result<Option<Box<dyn Guard>>, LocksError> {
        // The braces keep both keys on one node of a cluster.
        let key = format!("{{{}:{}}}", self.prefix, name.as_str());
        let token = format!("{:032x}", rand::random::<u128>());
        let mut connection = self.connection.clone();
        let fence: Option<i64> = Script::new(ACQUIRE)
            .key(&key)
            .key(format!("{key}:fence"))
            .arg(&token)
            .arg(milliseconds(time_to_live))
            .invoke_async(&mut connection)
            .await
            .map_err(failed)?;
        Ok(fence.map(|fence| -> Box<dyn Guard> {
            Box::new(RedisGuard { connection, key, token, fence: Fence(fence), time_to_live })
        }))
    }
}

impl RedisGuard {
    async fn run(&self, script: &str) -> Result<bool, LocksError> {
        let done: i64 = Script::new(script)
            .key(&self.key)
            .arg(&self.token)
            .arg(milliseconds(self.time_to_live))
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(failed)?;
        Ok(done == 1)
    }
}

#[async_trait::async_trait]
impl Guard for RedisGuard {
    fn fence(&self) -> Fence {
        self.fence
    }

    async fn renew(&self) -> Result<bool, LocksError> {
        self.run(RENEW).await
    }

    async fn release(self: Box<Self>) -> Result<(), LocksError> {
        self.run(RELEASE).await.map(|_was_held| ())
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The address, which may hold a password, is not part of it.
fn failed(error: RedisError) -> LocksError {
    LocksError(
        error.category().to_owned() + &error.code().map(|code| format!(" ({code})")).unwrap_or_default(),
    )
}
