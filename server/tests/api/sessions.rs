//! Signing in and out, and the cookies.

use faxdroid_contract::accounts::Me;
use faxdroid_contract::problem::ProblemCode;
use faxdroid_server::store::entities::sessions;
use reqwest::Method;
use reqwest::header::SET_COOKIE;
use sea_orm::EntityTrait;
use serde_json::json;

use crate::support::{Answer, Customer, PASSWORD, TestApp};

/// The attributes of the cookie `name`, sorted, with its value first.
fn cookie(answer: &Answer, name: &str) -> Vec<String> {
    let cookies = answer.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.filter_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('=')).next().unwrap();
    let mut attributes: Vec<_> = cookie.split("; ").map(str::to_owned).collect();
    attributes[1..].sort();
    attributes
}

#[tokio::test]
async fn a_session_is_a_cookie_that_no_script_reads_and_a_sign_beside_it() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let answer = ada.sign_in(PASSWORD).await.expect(201);
    let session = cookie(&answer, "faxdroid_session");
    assert_eq!(session[0].len(), 43, "256 bits in base64");
    assert_eq!(session[1..], ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax", "Secure"]);
    let sign = cookie(&answer, "faxdroid_signed_in");
    assert_eq!(sign, ["1", "Max-Age=2592000", "Path=/", "SameSite=Lax", "Secure"]);
    assert_eq!(answer.json::<Me>().email, ada.email);
    app.end().await;
}

#[tokio::test]
async fn the_database_holds_no_token_that_would_open_a_session() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let stored = sessions::Entity::find().all(app.app().store.connection()).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].token_hash.len(), 64);
    assert_ne!(ada.session.as_deref(), Some(stored[0].token_hash.as_str()));
    let mut thief = ada.clone();
    thief.session = Some(stored[0].token_hash.clone());
    thief.get("/me").await.problem(ProblemCode::Unauthenticated);
    app.end().await;
}

#[tokio::test]
async fn signing_in_begins_another_session_and_ends_the_one_before() {
    let app = TestApp::start().await;
    let before = app.customer().await;
    let mut ada = before.clone();
    let answer = ada.sign_in(PASSWORD).await.expect(201);
    ada.keep_session(&answer);
    assert_ne!(ada.session, before.session);
    ada.get("/me").await.expect(200);
    before.get("/me").await.problem(ProblemCode::Unauthenticated);
    app.end().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_both_cookies_away() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let answer = ada.delete("/sessions/current").await.expect(204);
    for name in ["faxdroid_session", "faxdroid_signed_in"] {
        let gone = cookie(&answer, name);
        assert_eq!((gone[0].as_str(), gone.contains(&"Max-Age=0".to_owned())), ("", true), "{gone:?}");
    }
    ada.get("/me").await.problem(ProblemCode::Unauthenticated);
    ada.delete("/sessions/current").await.problem(ProblemCode::Unauthenticated);
    // The form's way is calm about it: who presses the button wants to be signed out, and is.
    ada.post("/sessions/current/end", &json!({})).await.expect(204);
    app.end().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_refused_in_the_same_words() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let wrong = ada.sign_in("not my password").await.problem(ProblemCode::CredentialsInvalid);
    let unknown = app.visitor().sign_in(PASSWORD).await.problem(ProblemCode::CredentialsInvalid);
    assert_eq!((wrong.detail, wrong.errors), (unknown.detail, unknown.errors));
    let empty = ada.post("/sessions", &json!({ "email": " ", "password": "" })).await;
    empty.problem_of(ProblemCode::ValidationFailed, &["/email required", "/password required"]);
    app.end().await;
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_and_another_account_is_not() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.customer().await, app.customer().await);
    for _ in 0..20 {
        ada.sign_in("not my password").await.problem(ProblemCode::CredentialsInvalid);
    }
    ada.sign_in(PASSWORD).await.problem(ProblemCode::RateLimited);
    eve.sign_in(PASSWORD).await.expect(201);
    app.end().await;
}

#[tokio::test]
async fn a_stranger_who_guesses_does_not_lock_the_customer_out() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let stranger = ada.calling_from([127, 0, 0, 66]);
    for _ in 0..20 {
        stranger.sign_in("not my password").await.problem(ProblemCode::CredentialsInvalid);
    }
    stranger.sign_in(PASSWORD).await.problem(ProblemCode::RateLimited);
    ada.sign_in(PASSWORD).await.expect(201);
    app.end().await;
}

#[tokio::test]
async fn one_caller_does_not_try_many_accounts() {
    let app = TestApp::start().await;
    for _ in 0..10 {
        let customer = app.newcomer().await.calling_from([127, 0, 0, 66]);
        for _ in 0..20 {
            customer.sign_in("not my password").await.problem(ProblemCode::CredentialsInvalid);
        }
    }
    let eleventh = app.newcomer().await;
    eleventh.calling_from([127, 0, 0, 66]).sign_in(PASSWORD).await.problem(ProblemCode::RateLimited);
    eleventh.sign_in(PASSWORD).await.expect(201);
    app.end().await;
}

#[tokio::test]
async fn many_callers_together_do_not_guess_for_ever() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for caller in 1..=25 {
        let stranger = ada.calling_from([127, 0, 1, caller]);
        for _ in 0..20 {
            stranger.sign_in("not my password").await.problem(ProblemCode::CredentialsInvalid);
        }
    }
    let another = ada.calling_from([127, 0, 1, 26]);
    another.sign_in("not my password").await.problem(ProblemCode::RateLimited);
    app.end().await;
}

/// Tries a wrong password, with an `X-Forwarded-For` as the proxies in front would hand it on.
async fn guess(customer: &Customer, forwarded_for: &str) -> Answer {
    let request = customer.request(Method::POST, "/sessions").header("x-forwarded-for", forwarded_for);
    customer.send(request.json(&json!({ "email": customer.email, "password": "a guess" }))).await
}

#[tokio::test]
async fn an_invented_address_does_not_help_who_guesses() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for invented in 0..20 {
        guess(&ada, &format!("192.0.2.{invented}")).await.problem(ProblemCode::CredentialsInvalid);
    }
    guess(&ada, "192.0.2.20").await.problem(ProblemCode::RateLimited);
    app.end().await;

    let app = TestApp::with(|config| config.trusted_proxies = 1).await;
    let ada = app.customer().await;
    for invented in 0..20 {
        let forwarded_for = format!("192.0.2.{invented}, 203.0.113.7");
        guess(&ada, &forwarded_for).await.problem(ProblemCode::CredentialsInvalid);
    }
    guess(&ada, "192.0.2.20, 203.0.113.7").await.problem(ProblemCode::RateLimited);
    guess(&ada, "203.0.113.7, 203.0.113.8").await.problem(ProblemCode::CredentialsInvalid);
    app.end().await;
}

#[tokio::test]
async fn a_session_ends_in_time() {
    let app = TestApp::with(|config| config.accounts.session_lifetime = std::time::Duration::ZERO).await;
    let ada = app.newcomer().await;
    ada.get("/me").await.problem(ProblemCode::Unauthenticated);
    app.end().await;
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_signs_nobody_in() {
    let app = TestApp::start().await;
    let mut stranger = app.visitor();
    for session in ["", "x", &"A".repeat(43), &"A".repeat(5_000), "a=b; c", "%00"] {
        stranger.session = Some(session.to_owned());
        stranger.get("/me").await.problem(ProblemCode::Unauthenticated);
    }
    app.end().await;
}
