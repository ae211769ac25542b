use std::time::Duration;

use faxdroid_contract::faxes::AttemptOutcome;
use faxdroid_server::line::asterisk::AsteriskLine;
use faxdroid_server::line::{CallResult, Line, Progress};
use futures::future::join_all;
use tokio::sync::mpsc;

use crate::exchange::Exchange;
use crate::letter::{FEW_LINES, MANY_LINES, call, differences, document};

async fn connected(exchange: &Exchange) -> AsteriskLine {
    let line = AsteriskLine::new(exchange.settings.clone()).unwrap();
    line.connected().await;
    line
}

async fn send(line: &AsteriskLine, to: &str) -> (CallResult, Vec<Progress>) {
    send_document(line, to, document(FEW_LINES)).await
}

async fn send_document(line: &AsteriskLine, to: &str, tiff: Vec<u8>) -> (CallResult, Vec<Progress>) {
    let (progress, mut told) = mpsc::channel(16);
    let result = line.send(call(to, tiff), progress).await;
    let mut seen = Vec::new();
    while let Ok(progress) = told.try_recv() {
        seen.push(progress);
    }
    (result, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_of_a_call_is_known() {
    let exchange = Exchange::start();
    let line = connected(&exchange).await;
    let expected = [
        ("+12025550100", AttemptOutcome::Delivered, 3),
        ("+12025550101", AttemptOutcome::Delivered, 3),
        ("+12025550102", AttemptOutcome::Delivered, 3),
        ("+12025550103", AttemptOutcome::Delivered, 3),
        ("+12025550111", AttemptOutcome::Busy, 0),
        ("+12025550112", AttemptOutcome::NoAnswer, 0),
        ("+12025550113", AttemptOutcome::Congestion, 0),
        ("+12025550114", AttemptOutcome::NotAFax, 0),
        ("+12025550116", AttemptOutcome::Unallocated, 0),
        ("+12025550120", AttemptOutcome::NotAFax, 0),
        ("+12025550121", AttemptOutcome::Rejected, 0),
        ("+12025550122", AttemptOutcome::Unallocated, 0),
        ("+12025550118", AttemptOutcome::NotAFax, 0),
        ("+12025550119", AttemptOutcome::Busy, 0),
        ("+12025550123", AttemptOutcome::Congestion, 0),
    ];
    let results = join_all(expected.iter().map(|(to, ..)| send(&line, to))).await;
    for ((to, outcome, pages), (result, _)) in expected.iter().zip(&results) {
        assert_eq!((result.outcome, result.pages_confirmed), (*outcome, *pages), "{to}: {result:?}");
    }

    let (delivered, _) = &results[0];
    assert_eq!(delivered.t30_status.as_deref(), Some("OK"));
    assert_eq!(delivered.bit_rate, Some(14_400));
    assert_eq!(delivered.remote_station_id.as_deref(), Some("+12025550100"));
    assert_eq!(delivered.resolution.as_deref(), Some("204x98"));
    let of = |to: &str| &results[expected.iter().position(|(number, ..)| *number == to).unwrap()].0;
    assert_eq!(of("+12025550103").bit_rate, Some(4_800));
    for (to, cause) in [("11", 17), ("13", 34), ("16", 1), ("21", 21), ("22", 22), ("23", 27)] {
        assert_eq!(of(&format!("+120255501{to}")).q850_cause, Some(cause), "{to}");
    }
    assert!(of("+12025550118").t30_status.is_some(), "T.30 errors are known by their names");

    let sent = tempfile::Builder::new().suffix(".tif").tempfile().unwrap();
    std::fs::write(sent.path(), document(FEW_LINES)).unwrap();
    for over in ["+12025550100", "+12025550101", "+12025550102", "+12025550103"] {
        let received = exchange.received(over);
        assert_eq!(received.len(), 1, "{over} was called once");
        for page in 0..3 {
            assert_eq!(differences(sent.path(), &received[0], page), "0", "{over}, page {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_drops_leaves_the_pages_that_were_confirmed() {
    let exchange = Exchange::start();
    let line = connected(&exchange).await;
    let (result, told) = send_document(&line, "+12025550115", document(MANY_LINES)).await;
    assert_eq!(result.outcome, AttemptOutcome::Dropped);
    assert!((1..3).contains(&result.pages_confirmed), "{result:?}");
    assert!(!told.is_empty(), "pages are told as they are confirmed");
    assert!(told.iter().all(|told| told.pages_confirmed <= result.pages_confirmed), "{told:?} {result:?}");
    let received = exchange.received("+12025550115");
    let sent = tempfile::Builder::new().suffix(".tif").tempfile().unwrap();
    std::fs::write(sent.path(), document(MANY_LINES)).unwrap();
    for page in 0..result.pages_confirmed as usize {
        assert_eq!(differences(sent.path(), &received[0], page), "0", "page {page} was confirmed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_calls_at_once_bring_every_page_over() {
    let exchange = Exchange::start();
    let line = connected(&exchange).await;
    let numbers: Vec<String> = (10..20).map(|line| format!("+1202555{line}00")).collect();
    let results = join_all(numbers.iter().map(|to| send(&line, to))).await;
    let sent = tempfile::Builder::new().suffix(".tif").tempfile().unwrap();
    std::fs::write(sent.path(), document(FEW_LINES)).unwrap();
    for (to, (result, _)) in numbers.iter().zip(&results) {
        assert_eq!(
            (result.outcome, result.pages_confirmed),
            (AttemptOutcome::Delivered, 3),
            "{to}: {result:?}"
        );
        let received = exchange.received(to);
        assert_eq!(received.len(), 1, "{to} was called once");
        for page in 0..3 {
            assert_eq!(differences(sent.path(), &received[0], page), "0", "{to}, page {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_vanishes_before_it_is_sent_is_our_own_failure_and_holds_up_no_other() {
    let exchange = Exchange::start();
    let line = connected(&exchange).await;
    let vanishing = call("+12025550104", document(FEW_LINES));
    let spooled = exchange.settings.home.join(format!("spool/out/{}.tif", vanishing.attempt_id));
    let vanish = async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        std::fs::remove_file(spooled).unwrap();
    };
    let (progress, _told) = mpsc::channel(16);
    let (result, (other, _), ()) =
        tokio::join!(line.send(vanishing, progress), send(&line, "+12025550100"), vanish);
    assert_eq!(result.outcome, AttemptOutcome::LineDown, "{result:?}");
    assert_eq!(other.outcome, AttemptOutcome::Delivered, "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_waiting_hangs_up() {
    let exchange = Exchange::start();
    let line = connected(&exchange).await;
    let waiting = tokio::time::timeout(Duration::from_secs(3), send(&line, "+12025550112")).await;
    assert!(waiting.is_err());
    line.close().await;
    assert_eq!(exchange.channels().await, 0);
    assert_eq!(line.left_behind().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asterisk_that_dies_is_our_own_failure_and_is_found_again() {
    let mut exchange = Exchange::start();
    let line = connected(&exchange).await;
    let dies = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        exchange.kill_ours();
    };
    let ((result, _), ()) = tokio::join!(send(&line, "+12025550112"), dies);
    assert_eq!(result.outcome, AttemptOutcome::LineDown);
    let (refused, _) = send(&line, "+12025550100").await;
    assert_eq!(refused, CallResult::line_down());
}
