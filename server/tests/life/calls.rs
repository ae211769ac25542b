//! Calls on the simulated line, with the workers running.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use faxdroid_contract::faxes::{AttemptOutcome as Outcome, Fax, FaxStatus};
use faxdroid_contract::ids::FaxId;
use faxdroid_server::fax::{self, AfterPartial, CallRules, FaxFilter};
use faxdroid_server::internal;
use faxdroid_server::line::CallResult;
use faxdroid_server::line::simulated::{FarEnd, SimulatedLine};
use faxdroid_server::locks::in_process::InProcessLocks;
use faxdroid_server::store::faxes::FaxRow;
use faxdroid_server::workers::place_calls::{Pages, PagesError, PlaceCalls};
use faxdroid_server::workers::poller::{Messages, PolledBy};
use faxdroid_server::workers::{Intervals, Workers};
use faxdroid_testbed::unnamed_file;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::world::{MINUTE, World};

const PATIENCE: Duration = Duration::from_secs(20);

/// Three pages of 1000 bytes each, without a picture.
struct ThreePages;

#[async_trait::async_trait]
impl Pages for ThreePages {
    async fn for_call(&self, _fax: &FaxRow, first_page: u32) -> Result<File, PagesError> {
        Ok(unnamed_file(&pages(4 - first_page)))
    }
}

fn pages(count: u32) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    for page in 1..=count {
        tiff.extend([1, 0, 0x17, 1, 4, 0, 1, 0, 0, 0]);
        tiff.extend(1000_u32.to_le_bytes());
        let next = if page < count { 8 + page * 18 } else { 0 };
        tiff.extend(next.to_le_bytes());
    }
    tiff
}

struct Office {
    world: World,
    workers: Workers,
    far_end: FarEnd,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn open(time_scale: f64) -> Self {
        Self::with(time_scale, CallRules::default()).await
    }

    async fn with(time_scale: f64, calls: CallRules) -> Self {
        let mut world = World::in_a_hurry().await;
        world.faxes.calls = calls;
        world.buy(1_000, 1_000).await;
        let folder = tempfile::tempdir().unwrap();
        let far_end = FarEnd::new(folder.path().join("far-end"));
        let calls = PlaceCalls {
            faxes: world.faxes.clone(),
            line: Arc::new(SimulatedLine::new(far_end.clone(), time_scale)),
            pages: Arc::new(ThreePages),
            instance: "server".to_owned(),
            lease: Duration::from_secs(30),
            concurrency: 4,
        };
        let intervals = Intervals {
            poll: Duration::from_millis(10),
            sweep: Duration::from_millis(200),
            lost_after: Duration::from_secs(10),
        };
        let messages = Messages {
            faxes: world.faxes.clone(),
            queue: world.queue.clone(),
            locks: Arc::new(InProcessLocks::default()),
            polled_by: PolledBy::ThisServer,
        };
        let workers = Workers::start(calls, messages, intervals);
        Self { world, workers, far_end, _folder: folder }
    }

    async fn send(&self, to: &str) -> FaxId {
        let quote = self.world.quote(to, 30).await;
        fax::create(&self.world.faxes, &self.world.account, &quote).await.unwrap().id
    }

    async fn fax(&self, id: &FaxId) -> Fax {
        fax::get(&self.world.faxes, &self.world.account, id).await.unwrap().unwrap()
    }

    async fn until(&self, id: &FaxId, holds: impl Fn(&Fax) -> bool) -> Fax {
        let begin = Instant::now();
        loop {
            let fax = self.fax(id).await;
            if holds(&fax) {
                return fax;
            }
            assert!(begin.elapsed() < PATIENCE, "{fax:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn end_of(&self, id: &FaxId) -> (FaxStatus, Vec<Outcome>) {
        let fax = self.until(id, |fax| fax.status.is_final()).await;
        (fax.status, fax.attempts.iter().filter_map(|attempt| attempt.outcome).collect())
    }
}

#[tokio::test]
async fn a_fax_to_a_machine_that_answers_is_delivered_and_paid_for() {
    let office = Office::open(0.001).await;
    let id = office.send("+15005550001").await;
    assert_eq!(office.end_of(&id).await, (FaxStatus::Delivered, vec![Outcome::Delivered]));
    assert_eq!(office.world.balance().await, 970);
    let fax = office.fax(&id).await;
    assert_eq!(fax.attempts[0].pages_confirmed, 3);
    assert_eq!(fax.attempts[0].remote_station_id.as_deref(), Some("+15005550001"));
    let received = office.far_end.list().await.unwrap();
    assert_eq!(received[0].pages_received, 3);
    let tiff = office.far_end.tiff(&fax.attempts[0].id).await.unwrap();
    assert_eq!(tiff, Some(pages(3)));
    office.world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn the_first_call_begins_as_soon_as_the_fax_is_accepted() {
    let office = Office::open(1.0).await;
    let begin = Instant::now();
    let id = office.send("+15005550001").await;
    office.until(&id, |fax| fax.status == FaxStatus::Sending).await;
    assert!(begin.elapsed() < Duration::from_millis(500), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_number_that_is_always_busy_is_called_five_times_and_the_price_comes_back() {
    let office = Office::open(0.001).await;
    let id = office.send("+15005550002").await;
    assert_eq!(office.end_of(&id).await, (FaxStatus::Refunded, vec![Outcome::Busy; 5]));
    assert_eq!(office.world.balance().await, 1_000);
    office.world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn a_number_that_does_not_exist_is_not_called_again() {
    let office = Office::open(0.001).await;
    let id = office.send("+15005550006").await;
    assert_eq!(office.end_of(&id).await, (FaxStatus::Refunded, vec![Outcome::Unallocated]));
    assert_eq!(office.world.balance().await, 1_000);
}

#[tokio::test]
async fn the_fourth_retry_may_still_succeed() {
    let office = Office::open(0.001).await;
    let id = office.send("+15005550014").await;
    let failures = [Outcome::Busy, Outcome::NoAnswer, Outcome::Congestion, Outcome::Dropped];
    let outcomes = failures.into_iter().chain([Outcome::Delivered]).collect();
    assert_eq!(office.end_of(&id).await, (FaxStatus::Delivered, outcomes));
    assert_eq!(office.world.balance().await, 970);
}

#[tokio::test]
async fn calls_that_our_own_line_fails_do_not_count() {
    let office = Office::open(0.001).await;
    let id = office.send("+15005550009").await;
    let outcomes = vec![Outcome::LineDown, Outcome::LineDown, Outcome::Delivered];
    assert_eq!(office.end_of(&id).await, (FaxStatus::Delivered, outcomes));
}

#[tokio::test]
async fn the_far_end_keeps_the_pages_that_arrived_before_it_hung_up() {
    let office = Office::open(0.001).await;
    let id = office.send("+15005552002").await;
    let fax = office.until(&id, |fax| fax.attempts.iter().any(|attempt| attempt.outcome.is_some())).await;
    assert_eq!((fax.attempts[0].outcome, fax.attempts[0].pages_confirmed), (Some(Outcome::Dropped), 2));
    let received = office.far_end.list().await.unwrap();
    assert_eq!((received.last().unwrap().pages_received, received.last().unwrap().pages_sent), (2, 3));
}

#[tokio::test]
async fn a_call_after_a_partial_one_goes_on_with_the_first_page_that_was_not_confirmed() {
    let office = Office::open(0.001).await;
    let id = office.send("+15005550005").await;
    let outcomes = vec![Outcome::Dropped, Outcome::Dropped, Outcome::Delivered];
    assert_eq!(office.end_of(&id).await, (FaxStatus::Delivered, outcomes));
    let fax = office.fax(&id).await;
    let pages: Vec<_> = fax.attempts.iter().map(faxdroid_contract::faxes::Attempt::pages_of_call).collect();
    assert_eq!(pages, ["1", "2", "3"]);
    assert_eq!(office.world.balance().await, 970);
    office.world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn where_faxes_are_repeated_every_call_begins_with_the_first_page() {
    let rules = CallRules { after_partial: AfterPartial::Repeat, ..CallRules::default() };
    let office = Office::with(0.001, rules).await;
    let id = office.send("+15005550005").await;
    assert_eq!(office.end_of(&id).await, (FaxStatus::Refunded, vec![Outcome::Dropped; 5]));
    let fax = office.fax(&id).await;
    assert!(fax.attempts.iter().all(|attempt| (attempt.first_page, attempt.pages_confirmed) == (1, 1)));
}

#[tokio::test]
async fn no_more_calls_are_placed_than_the_trunk_has_channels() {
    let rules = CallRules { trunk_channels: Some(2), ..CallRules::default() };
    let office = Office::with(0.01, rules).await;
    for line in 1..=5 {
        office.send(&format!("+1500555900{line}")).await;
    }
    let mut most = 0;
    loop {
        // Asked one by one, a call that ends and one that then begins would be counted as two at once.
        let (faxes, account) = (&office.world.faxes, &office.world.account);
        let faxes = fax::list(faxes, account, &FaxFilter::default(), None, 10).await.unwrap().data;
        let sending = faxes.iter().filter(|fax| fax.status == FaxStatus::Sending).count();
        let open = faxes.iter().filter(|fax| !fax.status.is_final()).count();
        assert!(sending <= 2, "{sending} calls at once");
        most = most.max(sending);
        if open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(most, 2);
}

#[tokio::test]
async fn a_fax_that_is_canceled_during_its_call_is_hung_up_at_once_and_its_number_is_free() {
    let office = Office::open(10.0).await;
    let id = office.send("+15005550001").await;
    office.until(&id, |fax| fax.status == FaxStatus::Sending).await;
    let canceled = fax::cancel(&office.world.faxes, &office.world.account, &id).await.unwrap();
    assert_eq!(canceled.attempts[0].outcome, Some(Outcome::Canceled));
    assert_eq!(office.world.balance().await, 1_000);
    let next = office.send("+15005550001").await;
    office.until(&next, |fax| fax.status == FaxStatus::Sending).await;
    office.world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn two_faxes_to_one_number_are_sent_one_after_the_other() {
    let office = Office::open(0.005).await;
    let ids = [office.send("+15005550001").await, office.send("+15005550001").await];
    let mut calls = Vec::new();
    for id in &ids {
        assert_eq!(office.end_of(id).await.0, FaxStatus::Delivered);
        let attempt = office.fax(id).await.attempts.remove(0);
        let times = (attempt.started_at.parse(), attempt.ended_at.unwrap().parse());
        calls.push((times.0.unwrap(), times.1.unwrap()));
    }
    let [first, second]: [(jiff::Timestamp, jiff::Timestamp); 2] = calls.try_into().unwrap();
    assert!(first.1 <= second.0 || second.1 <= first.0, "{first:?} {second:?}");
}

#[tokio::test]
async fn a_server_that_stops_hangs_up_and_the_call_does_not_count() {
    let office = Office::open(1.0).await;
    let id = office.send("+15005550001").await;
    office.until(&id, |fax| fax.status == FaxStatus::Sending).await;
    let begin = Instant::now();
    office.workers.stop(Duration::from_millis(50)).await;
    assert!(begin.elapsed() < Duration::from_secs(2));
    let fax = office.fax(&id).await;
    assert_eq!(fax.status, FaxStatus::Retrying);
    assert_eq!(fax.attempts[0].outcome, Some(Outcome::LineDown));
    office.world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn progress_is_seen_page_by_page_and_every_change_is_told() {
    let office = Office::open(0.05).await;
    let mut changes = office.world.faxes.changes.subscribe();
    let id = office.send("+15005550007").await;
    office.until(&id, |fax| fax.attempts.first().is_some_and(|attempt| attempt.pages_confirmed == 1)).await;
    assert_eq!(changes.recv().await.unwrap(), id);
    office.until(&id, |fax| fax.status == FaxStatus::Delivered).await;
}

#[tokio::test]
async fn a_message_to_the_private_listener_may_come_twice_but_not_too_early() {
    let world = World::new().await;
    world.buy(100, 100).await;
    let quote = world.quote("+15005550002", 30).await;
    let id = fax::create(&world.faxes, &world.account, &quote).await.unwrap().id;
    let row = faxdroid_server::store::faxes::find(world.faxes.store.connection(), id.as_str()).await;
    let lease = fax::life::Lease { owner: "server", length: MINUTE };
    let claim = fax::life::claim(&world.faxes, row.unwrap().unwrap(), lease).await.unwrap().unwrap();
    let busy = CallResult { outcome: Outcome::Busy, ..CallResult::line_down() };
    fax::life::end_call(&world.faxes, claim, &busy).await.unwrap();

    let post = async |path: String, body: String| {
        let request = Request::post(path).header("content-type", "application/json").body(Body::from(body));
        let answer = internal::router(world.faxes.clone(), CancellationToken::new())
            .oneshot(request.unwrap())
            .await
            .unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1024).await.unwrap();
        (status, serde_json::from_slice::<serde_json::Value>(&body).unwrap())
    };
    let retry = || post(format!("/internal/v1/faxes/{id}/retry"), String::new());
    let (status, body) = retry().await;
    assert_eq!(status, StatusCode::CONFLICT);
    let due = body["due_in_seconds"].as_i64().unwrap();
    assert!((144..=216).contains(&due), "3 minutes, give or take 20 %: {due}");
    world.pass(4 * MINUTE);
    assert_eq!(retry().await.0, StatusCode::OK);
    assert_eq!(retry().await.0, StatusCode::OK);
    let body = serde_json::json!({ "fax_id": id }).to_string();
    assert_eq!(post("/internal/v1/refunds".to_owned(), body).await.0, StatusCode::OK);
    let fax = fax::get(&world.faxes, &world.account, &id).await.unwrap().unwrap();
    assert_eq!(fax.status, FaxStatus::Queued);
    assert_eq!(world.balance().await, 70, "a refund that nobody owes is not paid");
}
