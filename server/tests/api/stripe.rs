//! Purchases of credits that Stripe takes the money for: the way there and back, its events, and its bad days.

use std::time::Duration;

use faxdroid_contract::credits::{Checkout, CheckoutStatus, TransactionKind};
use faxdroid_contract::problem::ProblemCode;
use faxdroid_server::workers::housekeeping;
use serde_json::{Value, json};

use crate::support::{Customer, StripeStandIn, TestApp, kinds};

const COMPLETED: &str = "checkout.session.completed";
const DISPUTED: &str = "charge.dispute.created";

async fn start() -> (TestApp, StripeStandIn) {
    let stripe = StripeStandIn::start().await;
    let app = TestApp::with(|config| {
        stripe.configure(config);
        // Disputes are booked when the test says so.
        config.workers.sweep = Duration::from_secs(3_600);
    })
    .await;
    (app, stripe)
}

/// Where following the purchase's address leads.
async fn payment_page(customer: &Customer, checkout: &Checkout) -> String {
    customer.get(&checkout.payment_url).await.expect(303).header("location").to_owned()
}

async fn come_back(customer: &Customer, stripe: &StripeStandIn) -> String {
    let address = stripe.session()["success_url"].as_str().unwrap().to_owned();
    let path = address.strip_prefix("http://127.0.0.1:3000").unwrap();
    customer.get(path).await.expect(303).header("location").to_owned()
}

async fn status(customer: &Customer, checkout: &Checkout) -> CheckoutStatus {
    customer.get(&format!("/checkouts/{}", checkout.id)).await.json::<Checkout>().status
}

#[tokio::test]
async fn a_customer_pays_at_stripe_and_comes_back_with_credits() {
    let (app, stripe) = start().await;
    let ada = app.customer().await;
    let bought = ada.form("/checkouts", &[("package", "regular"), ("next", "/send?quote=quo_1")]).await;
    let address = bought.expect(303).header("location").to_owned();
    assert!(address.starts_with("/api/v1/stripe/checkouts/chk_"), "{address}");

    let page = ada.get(&address).await.expect(303).header("location").to_owned();
    assert!(page.starts_with("https://checkout.stripe.com/c/pay/cs_test_1"), "{page}");
    let session = stripe.session();
    assert_eq!(session["amount_total"], 2_000);
    assert_eq!(session["currency"], "usd");
    assert_eq!(session["customer_email"], ada.email);
    assert_eq!(session["cancel_url"], "http://127.0.0.1:3000/credits?next=%2Fsend%3Fquote%3Dquo_1");
    assert_eq!(ada.balance().await, 0);

    stripe.pay();
    assert_eq!(come_back(&ada, &stripe).await, "/send?quote=quo_1&notice=paid");
    assert_eq!(ada.balance().await, 2_100);
    app.end().await;
}

#[tokio::test]
async fn a_payment_is_booked_once_however_often_and_by_whomever_it_is_told() {
    let (app, stripe) = start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    payment_page(&ada, &checkout).await;
    let paid = stripe.pay();
    let visitor = app.visitor();
    let told = tokio::join!(
        stripe.tell(&visitor, COMPLETED, &paid),
        stripe.tell(&visitor, COMPLETED, &paid),
        come_back(&ada, &stripe),
        stripe.tell(&visitor, COMPLETED, &paid),
    );
    assert_eq!([told.0.status, told.1.status, told.3.status].map(|status| status.as_u16()), [204; 3]);
    assert_eq!(told.2, "/credits?notice=paid");
    assert_eq!(status(&ada, &checkout).await, CheckoutStatus::Succeeded);
    assert_eq!(ada.balance().await, 2_100);
    app.end().await;
}

#[tokio::test]
async fn going_to_the_payment_page_again_leads_to_the_same_one() {
    let (app, stripe) = start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    let first = payment_page(&ada, &checkout).await;
    assert_eq!(payment_page(&ada, &checkout).await, first);
    stripe.session();
    stripe.expire();
    assert_eq!(payment_page(&ada, &checkout).await, "/credits?error=:checkout_not_payable");
    app.end().await;
}

#[tokio::test]
async fn coming_back_without_having_paid_gives_nothing() {
    let (app, stripe) = start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    payment_page(&ada, &checkout).await;
    assert_eq!(come_back(&ada, &stripe).await, "/credits?notice=payment_noted");
    stripe.tell(&ada, COMPLETED, &stripe.session()).await.expect(204);
    assert_eq!((status(&ada, &checkout).await, ada.balance().await), (CheckoutStatus::Open, 0));
    app.end().await;
}

#[tokio::test]
async fn a_payment_of_another_amount_currency_or_purchase_gives_nothing() {
    let (app, stripe) = start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("clinic").await;
    payment_page(&ada, &checkout).await;
    let paid = stripe.pay();
    for (name, value) in [
        ("amount_total", json!(500)),
        ("amount_total", json!(null)),
        ("currency", json!("jpy")),
        ("client_reference_id", json!("chk_01KAT5W8Z3M4Q6R7S8T9V0W1X2")),
        ("client_reference_id", json!(null)),
        ("payment_status", json!("unpaid")),
    ] {
        let mut other = paid.clone();
        other[name] = value;
        stripe.tell(&ada, COMPLETED, &other).await.expect(204);
    }
    assert_eq!((status(&ada, &checkout).await, ada.balance().await), (CheckoutStatus::Open, 0));
    app.end().await;
}

#[tokio::test]
async fn an_event_that_stripe_did_not_sign_is_refused() {
    let (app, stripe) = start().await;
    let ada = app.customer().await;
    payment_page(&ada, &ada.checkout("regular").await).await;
    let paid = stripe.pay();
    let now = jiff::Timestamp::now().as_second();
    for (at, secret) in [(now, "whsec_guessed"), (now - 400, "whsec_of_the_tests"), (now, "")] {
        let answer = stripe.tell_signed(&ada, COMPLETED, &paid, at, secret).await;
        answer.problem(ProblemCode::SignatureInvalid);
    }
    let unsigned =
        ada.post("/stripe/events", &json!({ "type": COMPLETED, "data": { "object": paid } })).await;
    unsigned.problem(ProblemCode::SignatureInvalid);
    assert_eq!(ada.balance().await, 0);
    app.end().await;
}

#[tokio::test]
async fn a_dispute_takes_the_credits_back_once() {
    let (app, stripe) = start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    payment_page(&ada, &checkout).await;
    stripe.pay();
    let dispute = json!({ "id": "du_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1" });
    // The dispute may be told before the payment.
    for _ in 0..2 {
        stripe.tell(&ada, DISPUTED, &dispute).await.expect(204);
        housekeeping::once(app.app()).await.unwrap();
    }
    assert_eq!(status(&ada, &checkout).await, CheckoutStatus::Disputed);
    assert_eq!(kinds(&ada).await, [TransactionKind::Dispute, TransactionKind::Purchase]);
    assert_eq!(ada.balance().await, 0);
    for strange in [json!({ "payment_intent": "pi_of_another_shop" }), json!({ "payment_intent": null })] {
        stripe.tell(&ada, DISPUTED, &strange).await.expect(204);
    }
    app.end().await;
}

#[tokio::test]
async fn a_moment_without_stripe_is_not_noticed_and_a_longer_one_is_said() {
    let (app, stripe) = start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    stripe.fail(2);
    assert!(payment_page(&ada, &checkout).await.starts_with("https://checkout.stripe.com/"));
    assert_eq!(stripe.requests(), 3);

    stripe.fail(3);
    assert_eq!(payment_page(&ada, &checkout).await, "/credits?error=:payment_unavailable");
    stripe.pay();
    stripe.fail(3);
    assert_eq!(come_back(&ada, &stripe).await, "/credits?notice=payment_noted");
    // Stripe sends its event again until it is taken.
    stripe.fail(3);
    let dispute = json!({ "payment_intent": "pi_1" });
    stripe.tell(&ada, DISPUTED, &dispute).await.problem(ProblemCode::PaymentUnavailable);
    stripe.tell(&ada, COMPLETED, &stripe.session()).await.expect(204);
    assert_eq!(ada.balance().await, 2_100);
    app.end().await;
}

#[tokio::test]
async fn where_money_moves_no_test_card_pays() {
    let (app, _stripe) = start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    ada.pay(&checkout, "4242424242424242").await.problem(ProblemCode::NotFound);
    let answer = json!({ "answer": "approve" });
    let confirm = ada.post(&format!("/sandbox/checkouts/{}/confirm", checkout.id), &answer).await;
    confirm.problem(ProblemCode::NotFound);
    assert_eq!(ada.balance().await, 0);
    app.end().await;
}

#[tokio::test]
async fn in_the_sandbox_nobody_speaks_to_stripe() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    for path in ["pay", "return"] {
        let answer = ada.get(&format!("/stripe/checkouts/{}/{path}", checkout.id)).await;
        answer.problem(ProblemCode::NotFound);
    }
    ada.post("/stripe/events", &Value::Null).await.problem(ProblemCode::NotFound);
    app.end().await;
}

#[tokio::test]
async fn whoever_is_signed_out_signs_in_on_the_way_and_nobody_pays_for_somebody_else() {
    let (app, _stripe) = start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("regular").await;
    let way = payment_page(&app.visitor(), &checkout).await;
    assert_eq!(way, format!("/sign-in?next=%2Fapi%2Fv1%2Fstripe%2Fcheckouts%2F{}%2Fpay", checkout.id));
    let eve = app.customer().await;
    eve.get(&checkout.payment_url).await.problem(ProblemCode::NotFound);
    app.end().await;
}
