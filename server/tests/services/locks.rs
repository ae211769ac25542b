//! What locks promise, in Redis and within a process.

use std::time::Duration;

use faxdroid_server::locks::in_process::InProcessLocks;
use faxdroid_server::locks::redis::RedisLocks;
use faxdroid_server::locks::{Fence, LockName, Locks, exclusively};
use faxdroid_server::store::fences;
use faxdroid_testbed::{Faults, FaultyProxy, Redis};

use crate::column;

const MINUTE: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(400);

async fn redis(prefix: &str) -> RedisLocks {
    RedisLocks::new(&column::services().await.redis.url().parse().unwrap(), prefix).unwrap()
}

async fn a_lock_is_held_by_one_until_it_is_released(locks: &dyn Locks) {
    let first = locks.acquire(LockName::Relay, MINUTE).await.unwrap().unwrap();
    assert!(locks.acquire(LockName::Relay, MINUTE).await.unwrap().is_none());
    let other = locks.acquire(LockName::Sweep, MINUTE).await.unwrap();
    assert!(other.is_some(), "another lock is free");
    assert!(first.renew().await.unwrap());
    let fence = first.fence();
    first.release().await.unwrap();
    let second = locks.acquire(LockName::Relay, MINUTE).await.unwrap().unwrap();
    assert!(second.fence() > fence);
}

async fn a_holder_that_came_back_late_neither_renews_nor_releases_its_successors_lock(locks: &dyn Locks) {
    let late = locks.acquire(LockName::Relay, MOMENT).await.unwrap().unwrap();
    tokio::time::sleep(2 * MOMENT).await;
    let present = locks.acquire(LockName::Relay, MINUTE).await.unwrap().unwrap();
    assert!(present.fence() > late.fence());
    assert!(!late.renew().await.unwrap());
    late.release().await.unwrap();
    assert!(locks.acquire(LockName::Relay, MINUTE).await.unwrap().is_none());
}

#[tokio::test]
async fn locks_within_a_process_keep_their_promises() {
    a_lock_is_held_by_one_until_it_is_released(&InProcessLocks::default()).await;
    a_holder_that_came_back_late_neither_renews_nor_releases_its_successors_lock(&InProcessLocks::default())
        .await;
}

#[tokio::test]
async fn locks_in_redis_keep_their_promises() {
    a_lock_is_held_by_one_until_it_is_released(&redis("held").await).await;
    let late = redis("late").await;
    a_holder_that_came_back_late_neither_renews_nor_releases_its_successors_lock(&late).await;
}

#[tokio::test]
async fn a_lock_is_renewed_as_long_as_the_work_takes_and_released_after_it() {
    let locks = redis("long").await;
    let others = redis("long").await;
    let work = async |_fence: Option<Fence>| {
        tokio::time::sleep(4 * MOMENT).await;
        others.acquire(LockName::Sweep, MINUTE).await.unwrap().is_none()
    };
    assert_eq!(exclusively(&locks, LockName::Sweep, MOMENT, work).await, Some(true), "nobody else had it");
    assert!(others.acquire(LockName::Sweep, MINUTE).await.unwrap().is_some());
}

#[tokio::test]
async fn a_redis_that_forgot_everything_still_gives_greater_fences() {
    let mut server = tokio::task::spawn_blocking(Redis::start).await.unwrap();
    let locks = RedisLocks::new(&server.url().parse().unwrap(), "forgetful").unwrap();
    let before = locks.acquire(LockName::Relay, MINUTE).await.unwrap().unwrap().fence();
    let restarted = tokio::task::spawn_blocking(move || {
        server.kill();
        server.restart();
        server
    });
    let _server = restarted.await.unwrap();
    // The same lock as before: what it was, and its last fence, are forgotten.
    let after = loop {
        match locks.acquire(LockName::Relay, MINUTE).await {
            Ok(guard) => break guard.unwrap().fence(),
            // The old connection is closed, which the first request finds out.
            Err(_) => tokio::time::sleep(MOMENT).await,
        }
    };
    assert!(after > before);
}

#[tokio::test]
async fn work_is_done_without_locks_when_redis_is_away_and_soon() {
    let redis = column::services().await.redis.address();
    let proxy = FaultyProxy::start(redis).await.unwrap();
    let locks = RedisLocks::new(&format!("redis://{}", proxy.address()).parse().unwrap(), "away").unwrap();
    assert!(locks.acquire(LockName::Sweep, MINUTE).await.unwrap().is_some());
    for faults in [Faults::Reset, Faults::HalfOpen] {
        proxy.set(faults);
        let work = async |fence: Option<Fence>| fence;
        let fence =
            tokio::time::timeout(Duration::from_secs(5), exclusively(&locks, LockName::Relay, MINUTE, work));
        assert_eq!(fence.await.expect("soon"), Some(None), "{faults:?}");
    }
}

#[tokio::test]
async fn the_database_refuses_whoever_shows_a_smaller_fence() {
    let store = column::store().await;
    let pass = async |fence| fences::pass(store.connection(), LockName::Relay, Fence(fence)).await.unwrap();
    assert!(pass(5).await);
    assert!(pass(5).await, "the same holder goes on");
    assert!(!pass(4).await);
    assert!(pass(6).await);
    assert!(!pass(5).await);
}
