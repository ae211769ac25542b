//! Purchases of credits in the sandbox: what each test card does, and that credits are booked once.

use std::time::Duration;

use faxdroid_contract::credits::{Checkout, CheckoutStatus, TransactionKind};
use faxdroid_contract::problem::ProblemCode;
use faxdroid_server::workers::housekeeping;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Customer, TestApp, kinds};

const SUCCEEDS: &str = "4242424242424242";
const DECLINED: &str = "4000000000000002";
const REQUIRES_ACTION: &str = "4000002500003155";
const DISPUTED_LATER: &str = "4000000000000259";

async fn status(customer: &Customer, checkout: &Checkout) -> CheckoutStatus {
    let again: Checkout = customer.get(&format!("/checkouts/{}", checkout.id)).await.json();
    again.status
}

async fn confirm(customer: &Customer, checkout: &Checkout, answer: &str) -> Answer {
    let path = format!("/sandbox/checkouts/{}/confirm", checkout.id);
    customer.post(&path, &json!({ "answer": answer })).await
}

/// A server whose disputes are due at once and applied when the test says so.
async fn with_disputes_by_hand() -> TestApp {
    TestApp::with(|config| {
        config.payments.dispute_after = Duration::ZERO;
        config.workers.sweep = Duration::from_secs(3_600);
    })
    .await
}

#[tokio::test]
async fn every_package_is_credited_with_its_bonus() {
    let app = TestApp::start().await;
    let packages: Vec<Value> = app.visitor().get("/credits/packages").await.json();
    assert_eq!(packages.len(), 4);
    for package in packages {
        let ada = app.customer().await;
        let checkout = ada.checkout(package["id"].as_str().unwrap()).await;
        assert_eq!(checkout.status, CheckoutStatus::Open);
        assert_eq!(checkout.payment_url, format!("/pay/{}", checkout.id));
        assert_eq!(package["price"]["amount_minor"], checkout.price.amount_minor);
        assert_eq!(ada.balance().await, 0);
        let paid: Checkout = ada.pay(&checkout, SUCCEEDS).await.expect(200).json();
        assert_eq!(paid, Checkout { status: CheckoutStatus::Succeeded, ..checkout.clone() });
        assert_eq!(status(&ada, &checkout).await, CheckoutStatus::Succeeded);
        assert_eq!(package["credits"]["amount_minor"], ada.balance().await);
    }
    app.end().await;
}

#[tokio::test]
async fn only_what_is_sold_can_be_bought() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for package in ["", "Regular", "gigantic", "regular "] {
        let answer = ada.post("/checkouts", &json!({ "package": package })).await;
        answer.problem_of(ProblemCode::PackageUnknown, &["/package package_unknown"]);
    }
    let priced = ada.post("/checkouts", &json!({ "package": "clinic", "price": 1 })).await;
    priced.problem_of(ProblemCode::FieldUnknown, &["/price field_unknown"]);
    app.end().await;
}

#[tokio::test]
async fn a_declined_card_costs_nothing_and_another_one_can_be_tried() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    for _ in 0..2 {
        let declined = ada.pay(&checkout, DECLINED).await;
        declined.problem_of(ProblemCode::CardDeclined, &["/card_number card_declined"]);
        assert_eq!(status(&ada, &checkout).await, CheckoutStatus::Declined);
    }
    assert_eq!(ada.balance().await, 0);
    ada.pay(&checkout, SUCCEEDS).await.expect(200);
    assert_eq!(ada.balance().await, 2_100);
    app.end().await;
}

#[tokio::test]
async fn the_sandbox_takes_no_card_but_its_own() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    for card in ["", "5555555555554444", "4242", "4242424242424242 0", "4242\u{a0}4242"] {
        let answer = ada.pay(&checkout, card).await;
        answer.problem_of(ProblemCode::CardInvalid, &["/card_number card_invalid"]);
    }
    assert_eq!(status(&ada, &checkout).await, CheckoutStatus::Open);
    ada.pay(&checkout, "4242 4242 4242 4242").await.expect(200);
    app.end().await;
}

#[tokio::test]
async fn a_bank_that_asks_decides_by_the_customers_answer() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    confirm(&ada, &checkout, "approve").await.problem(ProblemCode::CheckoutNotPayable);

    let waiting: Checkout = ada.pay(&checkout, REQUIRES_ACTION).await.expect(200).json();
    assert_eq!(waiting.status, CheckoutStatus::RequiresAction);
    assert_eq!(ada.balance().await, 0);
    ada.pay(&checkout, SUCCEEDS).await.problem(ProblemCode::CheckoutNotPayable);

    confirm(&ada, &checkout, "reject").await.problem(ProblemCode::CardDeclined);
    assert_eq!((status(&ada, &checkout).await, ada.balance().await), (CheckoutStatus::Declined, 0));

    ada.pay(&checkout, REQUIRES_ACTION).await.expect(200);
    let paid: Checkout = confirm(&ada, &checkout, "approve").await.expect(200).json();
    assert_eq!((paid.status, ada.balance().await), (CheckoutStatus::Succeeded, 2_100));
    confirm(&ada, &checkout, "approve").await.problem(ProblemCode::CheckoutNotPayable);
    assert_eq!(ada.balance().await, 2_100);
    app.end().await;
}

#[tokio::test]
async fn a_payment_that_is_sent_many_times_at_once_is_credited_once() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    let answers = join_all((0..8).map(|_| ada.pay(&checkout, SUCCEEDS))).await;
    let (paid, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!((paid.len(), refused.len()), (1, 7));
    for answer in refused {
        answer.problem(ProblemCode::CheckoutNotPayable);
    }
    assert_eq!(ada.balance().await, 2_100);
    assert_eq!(kinds(&ada).await, [TransactionKind::Purchase]);
    app.end().await;
}

#[tokio::test]
async fn a_dispute_takes_the_credits_back_once() {
    let app = with_disputes_by_hand().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    ada.pay(&checkout, DISPUTED_LATER).await.expect(200);
    assert_eq!((status(&ada, &checkout).await, ada.balance().await), (CheckoutStatus::Succeeded, 2_100));
    for _ in 0..2 {
        housekeeping::once(app.app()).await.unwrap();
        assert_eq!((status(&ada, &checkout).await, ada.balance().await), (CheckoutStatus::Disputed, 0));
    }
    assert_eq!(kinds(&ada).await, [TransactionKind::Dispute, TransactionKind::Purchase]);
    ada.pay(&checkout, SUCCEEDS).await.problem(ProblemCode::CheckoutNotPayable);
    app.end().await;
}

#[tokio::test]
async fn a_dispute_is_not_applied_before_it_is_due() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    ada.pay(&checkout, DISPUTED_LATER).await.expect(200);
    housekeeping::once(app.app()).await.unwrap();
    assert_eq!((status(&ada, &checkout).await, ada.balance().await), (CheckoutStatus::Succeeded, 2_100));
    app.end().await;
}

#[tokio::test]
async fn a_dispute_of_credits_that_are_spent_leaves_a_debt_and_no_fax_is_sent_on_it() {
    let app = with_disputes_by_hand().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("starter").await;
    ada.pay(&checkout, DISPUTED_LATER).await.expect(200);
    let fax = ada.fax_letter("+15005550001").await;
    let price = fax.price.amount_minor;
    assert_eq!(ada.balance().await, 500 - price);
    housekeeping::once(app.app()).await.unwrap();
    assert_eq!(ada.balance().await, -price);
    let quote = ada.letter_quote("+15005550001").await;
    ada.create_fax(&quote.id, "on credit").await.problem(ProblemCode::CreditInsufficient);
    assert!(ada.finished(&fax.id).await.status.is_final());
    assert_eq!(ada.balance().await, -price);
    app.end().await;
}

#[tokio::test]
async fn forms_go_from_page_to_page_and_no_card_stands_in_an_address() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let bought = ada.form("/checkouts", &[("package", "regular")]).await;
    let page = bought.page().to_owned();
    let id = page.strip_prefix("/pay/").expect("the page of payment");
    let pay = format!("/sandbox/checkouts/{id}/pay");

    let declined = ada.form(&pay, &[("card_number", DECLINED)]).await;
    assert_eq!(declined.page(), format!("{page}?error=card_number%3Acard_declined"));
    let invalid = ada.form(&pay, &[("card_number", "5555555555554444")]).await;
    assert_eq!(invalid.page(), format!("{page}?error=card_number%3Acard_invalid"));
    let asked = ada.form(&pay, &[("card_number", REQUIRES_ACTION)]).await;
    assert_eq!(asked.page(), format!("{page}?step=confirm"));
    let confirmed = ada.form(&format!("/sandbox/checkouts/{id}/confirm"), &[("answer", "approve")]).await;
    assert_eq!(confirmed.page(), "/credits?notice=paid");
    assert_eq!(ada.balance().await, 2_100);

    let unknown = ada.form("/checkouts", &[("package", "gigantic")]).await;
    assert_eq!(unknown.page(), "/credits?error=package%3Apackage_unknown");
    let visitor = app.visitor().form("/checkouts", &[("package", "regular")]).await;
    assert!(visitor.page().starts_with("/sign-in?next=%2Fcredits"), "{}", visitor.page());
    app.end().await;
}

#[tokio::test]
async fn a_browser_without_scripts_reads_the_purchase_and_the_packages() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    let purchase = ada.get_html(&format!("/checkouts/{}", checkout.id)).await.expect(200);
    assert!(purchase.header("content-type").starts_with("text/html"));
    assert!(purchase.header("content-security-policy").contains("frame-ancestors 'self'"));
    for text in ["$20.00", "$21.00", "open"] {
        assert!(purchase.text().contains(text), "{text}");
    }
    let packages = ada.get_html("/credits/packages").await.expect(200).text();
    for text in ["Starter", "Regular", "Office", "Clinic"] {
        assert!(packages.contains(text), "{text}");
    }
    app.end().await;
}
