//! A fax that is followed live.

use std::time::Duration;

use faxdroid_contract::faxes::FaxStatus;
use futures::future::join;
use reqwest::Method;

use crate::support::TestApp;

#[tokio::test]
async fn a_fax_is_followed_from_the_queue_to_the_far_machine() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550011").await;
    let events = ada.follow(&fax.id).await;
    assert!(events.iter().all(|event| event.name == "fax" && event.id == event.fax.version.to_string()));
    assert!(events.is_sorted_by(|a, b| a.fax.version < b.fax.version), "each is newer than the one before");
    let mut statuses: Vec<_> = events.iter().map(|event| event.fax.status).collect();
    statuses.dedup();
    let expected = [
        FaxStatus::Queued,
        FaxStatus::Sending,
        FaxStatus::Retrying,
        FaxStatus::Queued,
        FaxStatus::Sending,
        FaxStatus::Delivered,
    ];
    // Whoever connects late misses the beginning and nothing else.
    assert!(expected.ends_with(&statuses), "{statuses:?}");
    app.end().await;
}

#[tokio::test]
async fn whoever_has_seen_the_end_is_told_nothing_more() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550001").await;
    let end = ada.finished(&fax.id).await;
    let path = format!("/faxes/{}/events", fax.id);
    let seen = ada.request(Method::GET, &path).header("last-event-id", end.version);
    assert_eq!(ada.send(seen).await.expect(200).text(), "");
    for last in ["0", "none"] {
        let before = ada.request(Method::GET, &path).header("last-event-id", last);
        assert_eq!(ada.send(before).await.text().matches("event: fax").count(), 1);
    }
    app.end().await;
}

#[tokio::test]
async fn two_followers_see_the_same_end() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550001").await;
    let (one, other) = join(ada.finished(&fax.id), ada.finished(&fax.id)).await;
    assert_eq!(one, other);
    app.end().await;
}

#[tokio::test]
async fn the_stream_is_one_of_events_and_kept_by_nobody() {
    let app = TestApp::with_endless_calls().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550001").await;
    let stream = ada.request(Method::GET, &format!("/faxes/{}/events", fax.id)).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let kept = stream.headers()["cache-control"].to_str().unwrap();
    assert!(["no-store", "no-cache"].contains(&kept), "{kept}");
    // Dropping the answer is how a browser goes away; the server notices and goes on.
    drop(stream);
    tokio::time::timeout(Duration::from_secs(5), ada.me()).await.unwrap();
    app.end().await;
}
