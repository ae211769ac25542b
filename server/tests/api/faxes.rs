//! Faxes: sent, failed, canceled, sent again.

use std::io::Cursor;
use std::time::Duration;

use faxdroid_contract::faxes::{AttemptOutcome, Fax, FaxStatus, FaxSummary};
use faxdroid_contract::ids::FaxId;
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::ProblemCode;
use faxdroid_document::{FaxDocument, Resolution};
use reqwest::Method;
use serde_json::json;

use crate::support::{Customer, TestApp};

const DELIVERS: &str = "+15005550001";
const BUSY: &str = "+15005550002";
const ALWAYS_FAILS: &str = "+15005550015";
/// With the regular package.
const CREDIT: i64 = 2_100;
/// Three pages to the United States.
const PRICE: i64 = 30;

fn rows(png: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    let mut rows = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut rows).unwrap();
    rows
}

fn outcomes(fax: &Fax) -> Vec<AttemptOutcome> {
    fax.attempts.iter().filter_map(|attempt| attempt.outcome).collect()
}

#[tokio::test]
async fn a_letter_arrives_page_for_page_as_its_preview_showed_it() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter(DELIVERS).await;
    assert_eq!((accepted.status, accepted.price.amount_minor), (FaxStatus::Queued, PRICE));
    assert_eq!(ada.balance().await, CREDIT - PRICE);

    let fax = ada.finished(&accepted.id).await;
    assert_eq!(fax.status, FaxStatus::Delivered);
    assert!(fax.completed_at.is_some() && fax.next_attempt_at.is_none());
    let [attempt] = fax.attempts.as_slice() else { panic!("{:?}", fax.attempts) };
    assert_eq!(
        (attempt.number, attempt.outcome, attempt.pages_confirmed),
        (1, Some(AttemptOutcome::Delivered), 3)
    );
    assert_eq!(ada.balance().await, CREDIT - PRICE);

    let received = app.app().far_end.tiff(&attempt.id).await.unwrap().expect("pages arrived");
    let received = FaxDocument::from_tiff(&received).unwrap();
    assert_eq!(received.page_count(), 3);
    for (page, number) in received.pages().iter().zip(1..) {
        let preview = ada.get(&format!("/documents/{}/pages/{number}.png", fax.document_id)).await;
        let (preview, arrived) =
            (rows(&preview.expect(200).body), rows(&page.png(Resolution::Fine).unwrap()));
        // The header line stands above what was shown.
        assert!(arrived.len() > preview.len() && arrived.ends_with(&preview), "page {number}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_fax_that_never_arrives_is_tried_five_times_and_paid_back() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter(ALWAYS_FAILS).await;
    assert_eq!(ada.balance().await, CREDIT - PRICE);
    let fax = ada.finished(&accepted.id).await;
    assert_eq!((fax.status, fax.attempts.len()), (FaxStatus::Refunded, 5));
    assert!(!outcomes(&fax).contains(&AttemptOutcome::Delivered));
    assert_eq!(ada.balance().await, CREDIT);
    app.end().await;
}

#[tokio::test]
async fn a_fax_that_arrives_at_last_is_paid_for_once() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter("+15005550014").await;
    let fax = ada.finished(&accepted.id).await;
    assert_eq!((fax.status, fax.attempts.len()), (FaxStatus::Delivered, 5));
    assert_eq!(ada.balance().await, CREDIT - PRICE);
    app.end().await;
}

#[tokio::test]
async fn a_number_that_does_not_exist_is_called_once() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter("+15005550006").await;
    let fax = ada.finished(&accepted.id).await;
    assert_eq!((fax.status, outcomes(&fax)), (FaxStatus::Refunded, vec![AttemptOutcome::Unallocated]));
    assert_eq!(ada.balance().await, CREDIT);
    app.end().await;
}

#[tokio::test]
async fn the_attempts_of_a_fax_can_be_read_alone() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter("+15005550011").await;
    let fax = ada.finished(&accepted.id).await;
    let attempts: serde_json::Value = ada.get(&format!("/faxes/{}/attempts", fax.id)).await.json();
    assert_eq!(attempts, serde_json::to_value(&fax.attempts).unwrap());
    assert_eq!(fax.attempts.len(), 2);
    app.end().await;
}

#[tokio::test]
async fn a_fax_is_canceled_between_two_attempts_and_paid_back_at_once() {
    let app = TestApp::with(|config| config.retry.delays = vec![Duration::from_secs(360_000)]).await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter(BUSY).await;
    let waiting = ada.fax_once(&accepted.id, |fax| fax.status == FaxStatus::Retrying).await;
    assert!(waiting.next_attempt_at.is_some());
    let cancel = format!("/faxes/{}/cancel", accepted.id);
    let canceled: Fax = ada.post(&cancel, &json!({})).await.expect(200).json();
    assert_eq!((canceled.status, canceled.next_attempt_at), (FaxStatus::Canceled, None));
    assert_eq!(ada.balance().await, CREDIT);
    ada.post(&cancel, &json!({})).await.problem(ProblemCode::FaxNotCancelable);
    assert_eq!(ada.balance().await, CREDIT);
    app.end().await;
}

#[tokio::test]
async fn a_fax_that_waits_for_a_line_is_canceled_and_one_on_the_line_is_hung_up() {
    let app = TestApp::with(|config| {
        config.line.time_scale = 1000.0;
        config.line.concurrency = 1;
    })
    .await;
    let ada = app.customer().await.with_credit().await;
    let sending = ada.fax_letter(DELIVERS).await;
    ada.fax_once(&sending.id, |fax| fax.status == FaxStatus::Sending).await;
    let waiting = ada.fax_letter(DELIVERS).await;

    let cancel = |id: &FaxId| format!("/faxes/{id}/cancel");
    let canceled: Fax = ada.post(&cancel(&waiting.id), &json!({})).await.expect(200).json();
    assert_eq!((canceled.status, canceled.attempts.len()), (FaxStatus::Canceled, 0));
    let canceled: Fax = ada.post(&cancel(&sending.id), &json!({})).await.expect(200).json();
    assert_eq!(canceled.status, FaxStatus::Canceled);
    assert_eq!(canceled.attempts[0].outcome, Some(AttemptOutcome::Canceled));
    assert_eq!(ada.balance().await, CREDIT);
    // The one line and the lane of the number are free again.
    let next = ada.fax_letter(DELIVERS).await;
    ada.fax_once(&next.id, |fax| fax.status == FaxStatus::Sending).await;
    app.end().await;
}

#[tokio::test]
async fn a_finished_fax_is_sent_again_as_a_new_one() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter(DELIVERS).await;
    let first = ada.finished(&accepted.id).await;
    let again: Fax = ada.resend(&first.id, "once more").await.expect(201).json();
    assert_ne!(again.id, first.id);
    assert_eq!((&again.document_id, &again.to, again.price), (&first.document_id, &first.to, first.price));
    // The same key is the same request.
    let replayed: Fax = ada.resend(&first.id, "once more").await.expect(201).json();
    assert_eq!(replayed.id, again.id);
    assert_eq!(ada.finished(&again.id).await.status, FaxStatus::Delivered);
    assert_eq!(ada.balance().await, CREDIT - 2 * PRICE);
    let keyless = ada.request(Method::POST, &format!("/faxes/{}/resend", first.id));
    ada.send(keyless).await.problem(ProblemCode::IdempotencyKeyMissing);
    app.end().await;
}

#[tokio::test]
async fn a_fax_under_way_is_not_sent_again() {
    let app = TestApp::with_endless_calls().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter(DELIVERS).await;
    ada.resend(&fax.id, "too early").await.problem(ProblemCode::FaxNotFinished);
    assert_eq!(ada.balance().await, CREDIT - PRICE);
    app.end().await;
}

#[tokio::test]
async fn sending_takes_credit() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let quote = ada.letter_quote(DELIVERS).await;
    ada.create_fax(&quote.id, "a").await.problem(ProblemCode::CreditInsufficient);
    assert_eq!(ada.balance().await, 0);
    let list: Page<FaxSummary> = ada.get("/faxes").await.json();
    assert!(list.data.is_empty());
    // The quote is not used up, nor is the key.
    let ada = ada.with_credit().await;
    let fax: Fax = ada.create_fax(&quote.id, "a").await.expect(201).json();
    ada.finished(&fax.id).await;
    app.end().await;
}

#[tokio::test]
async fn sending_takes_a_confirmed_address() {
    let app = TestApp::start().await;
    let ada = app.newcomer().await.with_credit().await;
    let quote = ada.letter_quote(DELIVERS).await;
    ada.create_fax(&quote.id, "a").await.problem(ProblemCode::EmailUnconfirmed);
    assert_eq!(ada.balance().await, CREDIT);
    app.end().await;
}

#[tokio::test]
async fn a_price_does_not_hold_for_ever() {
    let app = TestApp::with(|config| config.quotes.valid_for = Duration::ZERO).await;
    let ada = app.customer().await.with_credit().await;
    let quote = ada.letter_quote(DELIVERS).await;
    ada.create_fax(&quote.id, "a").await.problem(ProblemCode::QuoteExpired);
    assert_eq!(ada.balance().await, CREDIT);
    app.end().await;
}

/// Five faxes to different numbers, the oldest first.
async fn five_faxes(ada: &Customer) -> Vec<FaxId> {
    let letter = ada.letter().await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        let quote = ada.quote(&letter.id, &format!("+1500555900{number}")).await;
        let fax: Fax = ada.create_fax(&quote.id, quote.id.as_str()).await.expect(201).json();
        ids.push(fax.id);
    }
    ids
}

#[tokio::test]
async fn faxes_are_listed_newest_first_and_page_by_page() {
    let app = TestApp::with_endless_calls().await;
    let ada = app.customer().await.with_credit().await;
    let mut sent = five_faxes(&ada).await;
    sent.reverse();
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    for expected in [2, 2, 1] {
        let page: Page<FaxSummary> = ada.get(&format!("/faxes?limit=2&cursor={cursor}")).await.json();
        assert_eq!(page.data.len(), expected);
        listed.extend(page.data.into_iter().map(|fax| fax.id));
        cursor = page.next_cursor.unwrap_or_default();
    }
    assert_eq!((listed, cursor.as_str()), (sent, ""));
    app.end().await;
}

#[tokio::test]
async fn faxes_are_found_by_number_name_status_and_time() {
    let app = TestApp::with_endless_calls().await;
    let ada = app.customer().await.with_credit().await;
    let sent = five_faxes(&ada).await;
    let third = ada.fax(&sent[2]).await.created_at;
    for (query, expected) in [
        ("q=letter", 5),
        ("q=LETTER", 5),
        ("q=%2B1+(500)+555-9002", 1),
        ("q=5559", 5),
        ("q=%25", 0),
        ("q=_etter", 0),
        ("q=invoice", 0),
        ("q='%3B+DROP+TABLE+faxes", 0),
        ("status=delivered", 0),
        ("status=&q=&limit=&cursor=&created_after=&created_before=", 5),
        ("created_before=9999-12-31T23:59:59Z", 5),
        ("created_after=9999-12-31T23:59:59Z", 0),
        (&format!("created_before={third}"), 2),
        (&format!("created_after={third}"), 3),
        ("created_after=2999-01-01T00:00:00Z", 0),
    ] {
        let page: Page<FaxSummary> = ada.get(&format!("/faxes?{query}")).await.json();
        assert_eq!(page.data.len(), expected, "{query}");
    }
    app.end().await;
}
