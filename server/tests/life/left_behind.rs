//! Calls that outlive the server which placed them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use faxdroid_contract::faxes::{AttemptOutcome as Outcome, Fax, FaxStatus};
use faxdroid_contract::ids::AttemptId;
use faxdroid_server::fax::life::{self, Claim, Handled, Lease};
use faxdroid_server::line::{CallResult, LeftBehind, Line, OutgoingCall, Progress};
use faxdroid_server::workers::reconcile::{Found, reconcile};
use faxdroid_server::workers::sweeper;
use faxdroid_server::{fax, store};
use tokio::sync::mpsc;

use crate::world::{MINUTE, World};

const LEASE: Duration = Duration::from_secs(30);

/// A line that knows one thing about every call, and is never asked to place one.
struct Remembers(LeftBehind, AtomicUsize);

#[async_trait::async_trait]
impl Line for Remembers {
    async fn send(&self, call: OutgoingCall, _progress: mpsc::Sender<Progress>) -> CallResult {
        panic!("nobody was to be called, but {} was", call.to);
    }

    async fn hang_up(&self, _attempt: &AttemptId) {
        self.1.fetch_add(1, Ordering::SeqCst);
    }

    async fn recall(&self, _attempt: &AttemptId, _pages: u32) -> LeftBehind {
        self.0.clone()
    }
}

fn remembers(left_behind: LeftBehind) -> Remembers {
    Remembers(left_behind, AtomicUsize::new(0))
}

fn ended(outcome: Outcome) -> Remembers {
    remembers(LeftBehind::Ended(CallResult { outcome, pages_confirmed: 3, ..CallResult::line_down() }))
}

/// A fax whose server has died in the middle of its first call.
struct Orphan {
    world: World,
    claim: Claim,
}

impl Orphan {
    async fn new() -> Self {
        let world = World::new().await;
        world.buy(1_000, 1_000).await;
        let quote = world.quote("+12125550123", 30).await;
        let fax = fax::create(&world.faxes, &world.account, &quote).await.unwrap();
        let row = store::faxes::find(world.faxes.store.connection(), fax.id.as_str()).await.unwrap().unwrap();
        let lease = Lease { owner: "the server that died", length: LEASE };
        let claim = life::claim(&world.faxes, row, lease).await.unwrap().unwrap();
        Self { world, claim }
    }

    async fn fax(&self) -> Fax {
        let id = self.claim.fax.id.parse().unwrap();
        fax::get(&self.world.faxes, &self.world.account, &id).await.unwrap().unwrap()
    }

    async fn reconcile(&self, line: &Remembers) -> Found {
        let attempt = self.claim.attempt.id.parse().unwrap();
        reconcile(&self.world.faxes, line, &attempt, LEASE).await.unwrap()
    }

    /// What another server does when the lease is over.
    async fn reap(&self) -> Handled {
        let db = self.world.faxes.store.connection();
        let row = store::faxes::find(db, &self.claim.fax.id).await.unwrap().unwrap();
        life::reap(&self.world.faxes, row).await.unwrap()
    }
}

#[tokio::test]
async fn a_call_that_ended_while_its_server_was_dead_counts() {
    let orphan = Orphan::new().await;
    assert_eq!(orphan.reconcile(&ended(Outcome::Delivered)).await, Found::Settled);
    let fax = orphan.fax().await;
    assert_eq!((fax.status, fax.attempts[0].outcome), (FaxStatus::Delivered, Some(Outcome::Delivered)));
    assert_eq!(fax.attempts[0].pages_confirmed, 3);
    assert_eq!(orphan.world.balance().await, 970);
    orphan.world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn a_call_that_goes_on_is_taken_from_nobody() {
    let orphan = Orphan::new().await;
    for _ in 0..10 {
        orphan.world.pass(LEASE / 2);
        assert_eq!(orphan.reconcile(&remembers(LeftBehind::Calling)).await, Found::GoesOn);
        assert!(matches!(orphan.reap().await, Handled::TooEarly { .. }));
    }
    assert_eq!(orphan.reconcile(&ended(Outcome::Busy)).await, Found::Settled);
    assert_eq!(orphan.fax().await.status, FaxStatus::Retrying);
}

#[tokio::test]
async fn where_calls_outlive_their_server_nobody_repeats_one_that_may_go_on() {
    let mut orphan = Orphan::new().await;
    orphan.world.faxes.calls.outlive_server = Some(MINUTE);
    orphan.world.pass(LEASE * 2);
    assert!(matches!(orphan.reap().await, Handled::TooEarly { .. }), "another server repeats it");
    let pages = Duration::from_secs(orphan.claim.fax.estimated_seconds.try_into().unwrap());
    orphan.world.pass(2 * MINUTE + 3 * pages);
    assert_eq!(orphan.reap().await, Handled::Done);
    assert_eq!(orphan.fax().await.status, FaxStatus::Retrying);
}

#[tokio::test]
async fn what_cannot_be_told_yet_is_asked_again() {
    let orphan = Orphan::new().await;
    assert_eq!(orphan.reconcile(&remembers(LeftBehind::Unknown)).await, Found::GoesOn);
    assert_eq!(orphan.fax().await.status, FaxStatus::Sending);
}

#[tokio::test]
async fn a_fax_that_was_taken_for_lost_and_arrived_is_not_sent_again() {
    let orphan = Orphan::new().await;
    orphan.world.pass(LEASE * 2);
    assert_eq!(orphan.reap().await, Handled::Done);
    assert_eq!(orphan.fax().await.status, FaxStatus::Retrying);

    assert_eq!(orphan.reconcile(&ended(Outcome::Delivered)).await, Found::Settled);
    let fax = orphan.fax().await;
    assert_eq!((fax.status, fax.attempts[0].outcome), (FaxStatus::Delivered, Some(Outcome::Delivered)));
    orphan.world.pass(10 * MINUTE);
    let id = orphan.claim.fax.id.parse().unwrap();
    assert_eq!(life::retry(&orphan.world.faxes, &id).await.unwrap(), Handled::NothingToDo);
    assert_eq!(orphan.world.balance().await, 970);
    orphan.world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn a_failure_that_is_found_late_changes_nothing() {
    let orphan = Orphan::new().await;
    orphan.world.pass(LEASE * 2);
    orphan.reap().await;
    let before = orphan.fax().await;
    assert_eq!(orphan.reconcile(&ended(Outcome::Busy)).await, Found::Settled);
    assert_eq!(orphan.fax().await, before);
}

#[tokio::test]
async fn a_call_whose_fax_was_canceled_while_its_server_was_dead_is_hung_up() {
    let orphan = Orphan::new().await;
    fax::cancel(&orphan.world.faxes, &orphan.world.account, &orphan.fax().await.id).await.unwrap();
    let line = remembers(LeftBehind::Calling);
    assert_eq!(orphan.reconcile(&line).await, Found::GoesOn);
    assert_eq!(line.1.load(Ordering::SeqCst), 1);
    // What it came to changes nothing.
    assert_eq!(orphan.reconcile(&ended(Outcome::Delivered)).await, Found::Settled);
    assert_eq!(orphan.fax().await.status, FaxStatus::Canceled);
    assert_eq!(orphan.world.balance().await, 1_000);
    orphan.world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn the_number_of_a_fax_that_was_canceled_at_another_server_is_freed_when_nobody_hangs_up() {
    let orphan = Orphan::new().await;
    let faxes = &orphan.world.faxes;
    fax::cancel(faxes, &orphan.world.account, &orphan.fax().await.id).await.unwrap();
    let quote = orphan.world.quote("+12125550123", 30).await;
    fax::create(faxes, &orphan.world.account, &quote).await.unwrap();
    let lease = Lease { owner: "another server", length: LEASE };
    assert!(life::claim_next(faxes, lease).await.unwrap().is_none(), "the number is still being called");
    orphan.world.pass(2 * MINUTE);
    sweeper::sweep(faxes, MINUTE).await.unwrap();
    assert!(life::claim_next(faxes, lease).await.unwrap().is_some());
}

#[tokio::test]
async fn a_fax_is_canceled_though_its_call_ends_at_the_same_moment() {
    for _ in 0..20 {
        let orphan = Orphan::new().await;
        let (faxes, account, id) = (&orphan.world.faxes, &orphan.world.account, orphan.fax().await.id);
        let busy = CallResult { outcome: Outcome::Busy, ..CallResult::line_down() };
        let (canceled, ended) =
            tokio::join!(fax::cancel(faxes, account, &id), life::end_call(faxes, orphan.claim, &busy));
        assert_eq!(canceled.unwrap().status, FaxStatus::Canceled);
        ended.unwrap();
        assert_eq!(orphan.world.balance().await, 1_000);
        orphan.world.expect_a_sound_ledger().await;
    }
}
