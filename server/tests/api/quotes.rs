//! What a fax costs, and numbers that cannot be faxed.

use faxdroid_contract::faxes::{Fax, FaxStatus};
use faxdroid_contract::problem::ProblemCode;
use faxdroid_contract::quotes::Quote;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_quote_says_where_the_number_is_and_what_the_pages_cost_there() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = ada.letter().await;
    let body = json!({ "document_id": letter.id, "to": "+86 (10) 6552-9988", "resolution": "standard" });
    let quote: Quote = ada.post("/quotes", &body).await.expect(201).json();
    assert_eq!((quote.to.as_str(), quote.to_display.as_str()), ("+861065529988", "+86 10 6552 9988"));
    assert_eq!((quote.destination.country.as_str(), quote.destination.page_multiplier), ("CN", 2));
    assert_eq!((quote.pages, quote.billable_pages, quote.price.amount_minor), (3, 6, 60));
    let again: Quote = ada.get(&format!("/quotes/{}", quote.id)).await.json();
    assert_eq!(again, quote);
    app.end().await;
}

#[tokio::test]
async fn fine_pages_take_longer_on_the_line_and_cost_the_same() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = ada.letter().await;
    let fine = ada.quote(&letter.id, "+15005550001").await;
    let body = json!({ "document_id": letter.id, "to": "+15005550001", "resolution": "standard" });
    let standard: Quote = ada.post("/quotes", &body).await.expect(201).json();
    assert!(fine.estimated_seconds > standard.estimated_seconds && standard.estimated_seconds > 0);
    assert_eq!(fine.price, standard.price);
    app.end().await;
}

#[tokio::test]
async fn calling_hours_are_kept_by_quote_and_fax_and_the_first_call_waits_for_them() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let letter = ada.letter().await;
    // From an hour ahead on, for an hour, by the clock in New York.
    let new_york = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let hour = |ahead: i64| {
        let moment = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(ahead)).unwrap();
        let there = new_york.to_datetime(moment);
        format!("{:02}:{:02}", there.hour(), there.minute())
    };
    let hours = format!("{}-{}", hour(1), hour(2));
    let body = json!({ "document_id": letter.id, "to": "+12125550123", "calling_hours": hours });
    let quote: Quote = ada.post("/quotes", &body).await.expect(201).json();
    assert_eq!(quote.calling_hours.map(String::from), Some(hours.clone()));
    let fax: Fax = ada.create_fax(&quote.id, "later").await.expect(201).json();
    assert_eq!((fax.status, fax.calling_hours), (FaxStatus::Queued, quote.calling_hours));
    let due: jiff::Timestamp = fax.next_attempt_at.unwrap().parse().unwrap();
    let wait = due.duration_since(jiff::Timestamp::now()).as_mins();
    assert!((44..=75).contains(&wait), "{wait} minutes");
    assert!(ada.get_html(&format!("/faxes/{}", fax.id)).await.text().contains(&hours));
    app.end().await;
}

#[tokio::test]
async fn what_is_no_calling_hours_is_refused_and_none_is_any_hour() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = ada.letter().await;
    for hours in ["8-18", "08:00-08:00", "25:00-26:00", "always"] {
        let body = json!({ "document_id": letter.id, "to": "+15005550001", "calling_hours": hours });
        ada.post("/quotes", &body).await.problem_of(ProblemCode::FieldType, &["/calling_hours field_type"]);
    }
    let body = json!({ "document_id": letter.id, "to": "+15005550001", "calling_hours": "" });
    let quote: Quote = ada.post("/quotes", &body).await.expect(201).json();
    assert_eq!(quote.calling_hours, None);
    app.end().await;
}

#[tokio::test]
async fn a_number_that_cannot_be_faxed_is_refused_with_its_own_code() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = ada.letter().await;
    let long = format!("+1{}", "2".repeat(5_000));
    for (to, code) in [
        ("", ProblemCode::Required),
        (" \t ", ProblemCode::Required),
        ("fax me", ProblemCode::NumberInvalid),
        ("+1 800 FLOWERS", ProblemCode::NumberInvalid),
        ("+\u{0}", ProblemCode::NumberInvalid),
        (&long, ProblemCode::NumberInvalid),
        ("212 555 0100", ProblemCode::NumberNoCountry),
        ("+1 212 555 0100 ext. 12", ProblemCode::NumberExtension),
        ("911", ProblemCode::NumberEmergency),
        ("+49 112", ProblemCode::NumberEmergency),
        ("80888", ProblemCode::NumberShort),
        ("+1 900 555 1212", ProblemCode::NumberPremium),
        ("+1 212 555 0199", ProblemCode::NumberOwn),
        ("+53 7 830 0000", ProblemCode::DestinationUnsupported),
    ] {
        let answer = ada.post("/quotes", &json!({ "document_id": letter.id, "to": to })).await;
        answer.problem_of(code, &[&format!("/to {}", code.as_str())]);
    }
    app.end().await;
}

#[tokio::test]
async fn a_resolution_that_does_not_exist_is_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = ada.letter().await;
    let body = json!({ "document_id": letter.id, "to": "+15005550001", "resolution": "superb" });
    ada.post("/quotes", &body).await.problem_of(ProblemCode::FieldType, &["/resolution field_type"]);
    app.end().await;
}

#[tokio::test]
async fn there_is_no_quote_for_a_document_that_does_not_exist() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for document in ["doc_01KAT5W8Z3M4Q6R7S8T9V0W1X2", "doc_1", "quo_01KAT5W8Z3M4Q6R7S8T9V0W1X2", ""] {
        let answer = ada.post("/quotes", &json!({ "document_id": document, "to": "+15005550001" })).await;
        answer.problem(ProblemCode::NotFound);
    }
    app.end().await;
}
