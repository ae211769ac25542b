//! Requests that may be repeated: one key, one fax, one charge, whatever happens in between.

use std::time::Duration;

use faxdroid_contract::faxes::{Fax, FaxSummary};
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::ProblemCode;
use faxdroid_server::store::idempotency::{self, IdempotencyKey};
use futures::future::join_all;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, IntoActiveModel, Set};
use serde_json::json;

use crate::support::{Customer, TestApp};

const DELIVERS: &str = "+15005550001";
/// With the regular package.
const CREDIT: i64 = 2_100;
/// Three pages to the United States.
const PRICE: i64 = 30;

#[tokio::test]
async fn a_repeated_request_sends_one_fax() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let (quote, other) = (ada.letter_quote(DELIVERS).await, ada.letter_quote(DELIVERS).await);
    let first: Fax = ada.create_fax(&quote.id, "order 7").await.expect(201).json();
    let again: Fax = ada.create_fax(&quote.id, "order 7").await.expect(201).json();
    assert_eq!(again, first);
    ada.create_fax(&other.id, "order 7").await.problem(ProblemCode::IdempotencyKeyReuse);
    // A quote is sent once, whatever the key.
    let same: Fax = ada.create_fax(&quote.id, "order 8").await.expect(201).json();
    assert_eq!(same.id, first.id);
    ada.resend(&first.id, "order 7").await.problem(ProblemCode::IdempotencyKeyReuse);
    // Somebody else's key is another key.
    let eve = app.customer().await.with_credit().await;
    let theirs = eve.letter_quote(DELIVERS).await;
    let theirs: Fax = eve.create_fax(&theirs.id, "order 7").await.expect(201).json();
    assert_ne!(theirs.id, first.id);
    ada.finished(&first.id).await;
    eve.finished(&theirs.id).await;
    assert_eq!((ada.balance().await, eve.balance().await), (CREDIT - PRICE, CREDIT - PRICE));
    app.end().await;
}

#[tokio::test]
async fn requests_that_race_under_one_key_send_one_fax() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let quote = ada.letter_quote(DELIVERS).await;
    let answers = join_all((0..10).map(|_| ada.create_fax(&quote.id, "race"))).await;
    let mut accepted = 0;
    for answer in answers {
        match answer.status.as_u16() {
            201 => accepted += 1,
            _ => _ = answer.problem(ProblemCode::IdempotencyKeyInProgress),
        }
    }
    assert!(accepted >= 1);
    let list: Page<FaxSummary> = ada.get("/faxes").await.json();
    assert_eq!(list.data.len(), 1);
    ada.finished(&list.data[0].id).await;
    assert_eq!(ada.balance().await, CREDIT - PRICE);
    app.end().await;
}

#[tokio::test]
async fn a_key_whose_request_is_still_running_waits() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let quote = ada.letter_quote(DELIVERS).await;
    let fax: Fax = ada.create_fax(&quote.id, "first").await.expect(201).json();
    // The same request under another key, as a server leaves it that is still at work.
    let (db, account) = (app.app().store.connection(), ada.me().await.id);
    let answered = idempotency::find(db, account.as_str(), "first").await.unwrap().unwrap();
    let running =
        IdempotencyKey { key: "second".to_owned(), response_status: None, response_body: None, ..answered };
    idempotency::insert(db, running).await.unwrap();
    ada.create_fax(&quote.id, "second").await.problem(ProblemCode::IdempotencyKeyInProgress);
    ada.finished(&fax.id).await;
    app.end().await;
}

/// Leaves the key as a server does that dies after the commit and before it stores the answer, `ago` before now.
async fn lose_the_answer(app: &TestApp, customer: &Customer, key: &str, ago: Duration) {
    let (db, account) = (app.app().store.connection(), customer.me().await.id);
    let stored = idempotency::find(db, account.as_str(), key).await.unwrap().unwrap();
    let mut lost = stored.clone().into_active_model();
    lost.response_status = Set(None);
    lost.response_body = Set(None);
    lost.created_at = Set(stored.created_at - i64::try_from(ago.as_millis()).unwrap());
    lost.claimed_until = Set(stored.claimed_until - i64::try_from(ago.as_millis()).unwrap());
    lost.update(db).await.unwrap();
}

#[tokio::test]
async fn a_server_that_dies_between_the_charge_and_the_answer_charges_once() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let quote = ada.letter_quote(DELIVERS).await;
    let first: Fax = ada.create_fax(&quote.id, "send").await.expect(201).json();
    ada.finished(&first.id).await;
    let second: Fax = ada.resend(&first.id, "again").await.expect(201).json();
    ada.finished(&second.id).await;

    lose_the_answer(&app, &ada, "again", Duration::ZERO).await;
    ada.resend(&first.id, "again").await.problem(ProblemCode::IdempotencyKeyInProgress);
    for (key, fax) in [("send", &first), ("again", &second)] {
        lose_the_answer(&app, &ada, key, Duration::from_secs(61)).await;
        // The first one finds what was done, the second one its answer.
        for _ in 0..2 {
            let answer = match key {
                "send" => ada.create_fax(&quote.id, key).await,
                _ => ada.resend(&first.id, key).await,
            };
            assert_eq!(answer.expect(201).json::<Fax>().id, fax.id, "{key}");
        }
    }
    ada.create_fax(&quote.id, "again").await.problem(ProblemCode::IdempotencyKeyReuse);
    let list: Page<FaxSummary> = ada.get("/faxes").await.json();
    assert_eq!(list.data.len(), 2);
    assert_eq!(ada.balance().await, CREDIT - 2 * PRICE);
    app.end().await;
}

#[tokio::test]
async fn requests_that_race_for_an_abandoned_key_send_one_fax() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter(DELIVERS).await;
    let first = ada.finished(&accepted.id).await.id;
    let again: Fax = ada.resend(&first, "race").await.expect(201).json();
    ada.finished(&again.id).await;
    lose_the_answer(&app, &ada, "race", Duration::from_secs(61)).await;
    for answer in join_all((0..10).map(|_| ada.resend(&first, "race"))).await {
        match answer.status.as_u16() {
            201 => assert_eq!(answer.json::<Fax>().id, again.id),
            _ => _ = answer.problem(ProblemCode::IdempotencyKeyInProgress),
        }
    }
    assert_eq!(ada.balance().await, CREDIT - 2 * PRICE);
    app.end().await;
}

#[tokio::test]
async fn a_request_that_failed_on_our_side_may_be_repeated_at_once() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter(DELIVERS).await;
    let first = ada.finished(&accepted.id).await.id;
    // The ledger refuses every charge for a while.
    let db = app.app().store.connection();
    let refuse = match db.get_database_backend() {
        DbBackend::MySql => "FOR EACH ROW SIGNAL SQLSTATE '45000'",
        _ => "BEGIN SELECT RAISE(ABORT, 'broken'); END",
    };
    let broken = &format!("CREATE TRIGGER broken BEFORE INSERT ON ledger_entries {refuse}");
    db.execute_unprepared(broken).await.unwrap();
    ada.resend(&first, "once").await.problem(ProblemCode::Internal);
    db.execute_unprepared("DROP TRIGGER broken").await.unwrap();
    let again: Fax = ada.resend(&first, "once").await.expect(201).json();
    ada.finished(&again.id).await;
    assert_eq!(ada.balance().await, CREDIT - 2 * PRICE);
    app.end().await;
}

#[tokio::test]
async fn a_client_that_goes_away_and_comes_back_is_charged_once() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let accepted = ada.fax_letter(DELIVERS).await;
    let first = ada.finished(&accepted.id).await.id;
    for patience in 0..20 {
        let hasty = ada.resend(&first, "impatient");
        let _ = tokio::time::timeout(Duration::from_micros(300 * patience), hasty).await;
    }
    let again: Fax = loop {
        let answer = ada.resend(&first, "impatient").await;
        if answer.status == 201 {
            break answer.json();
        }
        answer.problem(ProblemCode::IdempotencyKeyInProgress);
    };
    ada.finished(&again.id).await;
    assert_eq!(ada.balance().await, CREDIT - 2 * PRICE);
    app.end().await;
}

#[tokio::test]
async fn a_key_has_to_be_there_and_to_be_printable() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let quote = ada.letter_quote(DELIVERS).await;
    let body = json!({ "quote_id": quote.id });
    ada.post("/faxes", &body).await.problem(ProblemCode::IdempotencyKeyMissing);
    for key in [" ", "", "caf\u{e9}", "tab\there", &"k".repeat(256)] {
        ada.create_fax(&quote.id, key).await.problem(ProblemCode::IdempotencyKeyInvalid);
    }
    let fax: Fax = ada.create_fax(&quote.id, &"k".repeat(255)).await.expect(201).json();
    ada.finished(&fax.id).await;
    app.end().await;
}
