//! What is known of a fax when the server or Asterisk dies, or the customer changes his mind, in the middle of its call.

use std::time::Duration;

use faxdroid_contract::faxes::{Attempt, AttemptOutcome, Fax, FaxStatus};

use crate::exchange::Exchange;
use crate::letter::{FEW_LINES, MANY_LINES, fine_document};
use crate::office::{CREDITS, Office};

/// A fax machine is heard some seconds after it was called.
const INTO_THE_CALL: Duration = Duration::from_secs(8);
const SOON: Duration = Duration::from_secs(20);
/// A call of three pages takes half of it.
const A_CALL: Duration = Duration::from_secs(120);

fn under_way(fax: &Fax) -> bool {
    fax.status == FaxStatus::Sending
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_during_a_call_finds_it_again_and_sends_nothing_twice() {
    let exchange = Exchange::start();
    let mut office = Office::new(&exchange.settings, fine_document(FEW_LINES)).await;
    office.start_server().await;
    let fax = office.send("+12025550100").await;
    office.fax_once(&fax, SOON, under_way).await;
    tokio::time::sleep(INTO_THE_CALL).await;
    office.kill_server();
    assert_eq!(exchange.channels().await, 1, "the call goes on without the server");
    tokio::time::sleep(Duration::from_secs(2)).await;

    office.start_server().await;
    let fax = office.fax_once(&fax, A_CALL, |fax| fax.status.is_final()).await;
    assert_eq!((fax.status, fax.attempts.len()), (FaxStatus::Delivered, 1), "{fax:#?}");
    assert_eq!(fax.attempts[0].pages_confirmed, 3);
    assert_eq!(exchange.received("+12025550100").len(), 1);
    assert_eq!(office.balance().await, CREDITS - 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_that_arrived_while_the_server_was_dead_is_not_sent_again_and_one_that_did_not_is() {
    let exchange = Exchange::start();
    let mut office = Office::new(&exchange.settings, fine_document(FEW_LINES)).await;
    office.start_server().await;
    let arrives = office.send("+12025550100").await;
    let is_busy = office.send("+12025550119").await;
    office.fax_once(&arrives, SOON, under_way).await;
    office.fax_once(&is_busy, SOON, under_way).await;
    while exchange.channels().await < 2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    office.kill_server();
    while exchange.channels().await > 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // Longer than the lease: whoever comes next may take both for lost.
    tokio::time::sleep(Duration::from_secs(10)).await;

    office.start_server().await;
    let fax = office.fax_once(&arrives, A_CALL, |fax| fax.status.is_final()).await;
    assert_eq!((fax.status, fax.attempts.len()), (FaxStatus::Delivered, 1), "{fax:#?}");
    // Its call was never answered, so that nothing was left of it: our own failure, and it is called again.
    let fax = office.fax_once(&is_busy, A_CALL, |fax| fax.attempts.len() > 1).await;
    assert_eq!(fax.attempts[0].outcome, Some(AttemptOutcome::LineDown));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(exchange.received("+12025550100").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_die_with_asterisk_cost_no_attempt_and_are_placed_again_when_it_is_back() {
    let mut exchange = Exchange::start();
    let mut office = Office::new(&exchange.settings, fine_document(FEW_LINES)).await;
    office.start_server().await;
    let fax = office.send("+12025550100").await;
    office.fax_once(&fax, SOON, under_way).await;
    tokio::time::sleep(INTO_THE_CALL).await;
    exchange.kill_ours();
    let down = office.fax_once(&fax, A_CALL, |fax| fax.status == FaxStatus::Retrying).await;
    assert_eq!(down.attempts[0].outcome, Some(AttemptOutcome::LineDown));
    assert_eq!(office.balance().await, CREDITS - 30, "nothing is given back yet");

    exchange.start_ours();
    let fax = office.fax_once(&fax, 2 * A_CALL, |fax| fax.status.is_final()).await;
    assert_eq!(fax.status, FaxStatus::Delivered, "{fax:#?}");
    let counted = fax.attempts.iter().filter(|attempt| attempt.outcome != Some(AttemptOutcome::LineDown));
    assert_eq!(counted.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_that_is_canceled_at_another_server_is_hung_up() {
    let exchange = Exchange::start();
    let mut office = Office::new(&exchange.settings, fine_document(FEW_LINES)).await;
    office.start_server().await;
    let fax = office.send("+12025550112").await;
    office.fax_once(&fax, SOON, under_way).await;
    while exchange.channels().await == 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let canceled = office.cancel(&fax).await;
    assert_eq!(canceled.status, FaxStatus::Canceled);
    for _ in 0..50 {
        if exchange.channels().await == 0 {
            assert_eq!(office.balance().await, CREDITS);
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the call goes on after its fax was canceled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_whose_line_drops_is_continued_with_the_first_page_that_did_not_arrive() {
    let exchange = Exchange::start();
    let mut office = Office::new(&exchange.settings, fine_document(MANY_LINES)).await;
    office.start_server().await;
    let fax = office.send("+12025550115").await;
    let fax = office.fax_once(&fax, 3 * A_CALL, |fax| fax.status.is_final()).await;
    assert_eq!(fax.status, FaxStatus::Delivered, "{fax:#?}");
    assert!(fax.attempts.len() > 1, "{fax:#?}");
    let mut next = 1;
    for attempt in &fax.attempts {
        assert_eq!(attempt.first_page, next, "{fax:#?}");
        next += attempt.pages_confirmed;
    }
    assert_eq!(fax.attempts.last().map(Attempt::pages_arrived), Some(3));
    assert_eq!(exchange.received("+12025550115").len(), fax.attempts.len());
}
