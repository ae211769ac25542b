//! Opening an account, confirming its address, setting passwords.

use faxdroid_contract::accounts::Me;
use faxdroid_contract::problem::ProblemCode;
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

const NEW_PASSWORD: &str = "another fax of one's own";

#[tokio::test]
async fn signing_up_opens_an_account_signs_in_and_mails_a_link() {
    let app = TestApp::start().await;
    let mut ada = app.visitor();
    let answer = ada.post("/accounts", &json!({ "email": " Ada@Example.ORG ", "password": PASSWORD })).await;
    ada.keep_session(&answer);
    let me: Me = answer.expect(201).json();
    assert_eq!((me.email.as_str(), me.email_confirmed), ("ada@example.org", false));
    assert_eq!(me.balance.amount_minor, 0);
    assert_eq!(ada.me().await, me);
    assert_eq!(app.mails_to("ada@example.org").await, 1);
    app.end().await;
}

#[tokio::test]
async fn everything_wrong_with_a_sign_up_is_said_at_once() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    let long = "a".repeat(129);
    let long_email = format!("{}@example.org", "a".repeat(250));
    for (email, password, wrong) in [
        ("nobody", "short", ["/email email_invalid", "/password password_too_short"]),
        ("", "", ["/email required", "/password required"]),
        (&long_email, &long, ["/email too_long", "/password too_long"]),
        ("\"a b\"@example.org", "seven77", ["/email email_invalid", "/password password_too_short"]),
        ("Ada <ada@example.org>", "Password123", ["/email email_invalid", "/password password_too_common"]),
        (
            "ada@example.org\r\nBcc: eve@example.org",
            "seven77",
            ["/email email_invalid", "/password password_too_short"],
        ),
    ] {
        let answer = visitor.post("/accounts", &json!({ "email": email, "password": password })).await;
        answer.problem_of(ProblemCode::ValidationFailed, &wrong);
    }
    app.end().await;
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_written() {
    let app = TestApp::start().await;
    let ada = app.newcomer().await;
    let again = json!({ "email": ada.email.to_uppercase(), "password": PASSWORD });
    app.visitor()
        .post("/accounts", &again)
        .await
        .problem_of(ProblemCode::EmailTaken, &["/email email_taken"]);
    assert_eq!(app.mails_to(&ada.email).await, 1);
    app.end().await;
}

#[tokio::test]
async fn the_link_in_the_mail_confirms_the_address_once() {
    let app = TestApp::start().await;
    let ada = app.newcomer().await;
    let token = json!({ "token": app.mailed_token(&ada.email, "/confirm-email").await });
    // Whoever opens the link need not be signed in.
    let visitor = app.visitor();
    visitor.post("/accounts/confirm-email", &token).await.expect(204);
    assert!(ada.me().await.email_confirmed);
    visitor.post("/accounts/confirm-email", &token).await.problem(ProblemCode::TokenInvalid);
    for token in ["", "no token", &"A".repeat(43), &"A".repeat(10_000)] {
        let answer = visitor.post("/accounts/confirm-email", &json!({ "token": token })).await;
        answer.problem(ProblemCode::TokenInvalid);
    }
    app.end().await;
}

#[tokio::test]
async fn a_link_that_is_too_old_confirms_nothing() {
    let app = TestApp::with(|config| config.accounts.token_lifetime = std::time::Duration::ZERO).await;
    let ada = app.newcomer().await;
    let token = json!({ "token": app.mailed_token(&ada.email, "/confirm-email").await });
    ada.post("/accounts/confirm-email", &token).await.problem(ProblemCode::TokenInvalid);
    assert!(!ada.me().await.email_confirmed);
    app.end().await;
}

#[tokio::test]
async fn the_link_is_mailed_again_until_the_address_is_confirmed() {
    let app = TestApp::start().await;
    let ada = app.newcomer().await;
    ada.post("/me/resend-confirmation", &json!({})).await.expect(202);
    assert_eq!(app.mails_to(&ada.email).await, 2);
    let token = json!({ "token": app.mailed_token(&ada.email, "/confirm-email").await });
    ada.post("/accounts/confirm-email", &token).await.expect(204);
    ada.post("/me/resend-confirmation", &json!({})).await.expect(202);
    assert_eq!(app.mails_to(&ada.email).await, 2);
    app.end().await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_every_session_ends() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    ada.post("/accounts/request-password-reset", &json!({ "email": ada.email })).await.expect(202);
    let token = app.mailed_token(&ada.email, "/reset-password").await;
    // A password that is refused does not use the link up.
    let short = json!({ "token": token, "password": "short" });
    let refused = ada.post("/accounts/reset-password", &short).await;
    refused.problem_of(ProblemCode::ValidationFailed, &["/password password_too_short"]);

    let reset = json!({ "token": token, "password": NEW_PASSWORD });
    ada.post("/accounts/reset-password", &reset).await.expect(204);
    ada.get("/me").await.problem(ProblemCode::Unauthenticated);
    ada.sign_in(PASSWORD).await.problem(ProblemCode::CredentialsInvalid);
    ada.sign_in(NEW_PASSWORD).await.expect(201);
    ada.post("/accounts/reset-password", &reset).await.problem(ProblemCode::TokenInvalid);
    app.end().await;
}

#[tokio::test]
async fn asking_for_a_new_password_does_not_tell_who_has_an_account() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let known =
        ada.post("/accounts/request-password-reset", &json!({ "email": ada.email })).await.expect(202);
    let nobody = json!({ "email": "nobody@example.org" });
    let unknown = ada.post("/accounts/request-password-reset", &nobody).await.expect(202);
    assert_eq!(known.body, unknown.body);
    assert_eq!(app.mails_to("nobody@example.org").await, 0);
    let invalid = ada.post("/accounts/request-password-reset", &json!({ "email": "nobody" })).await;
    invalid.problem_of(ProblemCode::ValidationFailed, &["/email email_invalid"]);
    app.end().await;
}

#[tokio::test]
async fn a_link_that_confirms_an_address_sets_no_password() {
    let app = TestApp::start().await;
    let ada = app.newcomer().await;
    let token = app.mailed_token(&ada.email, "/confirm-email").await;
    let reset = json!({ "token": token, "password": NEW_PASSWORD });
    ada.post("/accounts/reset-password", &reset).await.problem(ProblemCode::TokenInvalid);
    ada.sign_in(PASSWORD).await.expect(201);
    app.end().await;
}

#[tokio::test]
async fn changing_the_password_ends_every_other_session() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let mut elsewhere = ada.clone();
    elsewhere.session = None;
    let signed_in = elsewhere.sign_in(PASSWORD).await;
    elsewhere.keep_session(&signed_in);

    let wrong = json!({ "current_password": "not my password", "new_password": NEW_PASSWORD });
    let answer = ada.post("/me/change-password", &wrong).await;
    answer.problem_of(ProblemCode::PasswordWrong, &["/current_password password_wrong"]);
    let common = json!({ "current_password": PASSWORD, "new_password": "12345678" });
    let answer = ada.post("/me/change-password", &common).await;
    answer.problem_of(ProblemCode::ValidationFailed, &["/new_password password_too_common"]);

    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    ada.post("/me/change-password", &change).await.expect(204);
    ada.get("/me").await.expect(200);
    elsewhere.get("/me").await.problem(ProblemCode::Unauthenticated);
    ada.sign_in(PASSWORD).await.problem(ProblemCode::CredentialsInvalid);
    ada.sign_in(NEW_PASSWORD).await.expect(201);
    app.end().await;
}

#[tokio::test]
async fn the_sender_of_the_header_line_is_set_and_taken_away() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let sender = json!({ "sender_name": "  Lakeside \n Clinic ", "sender_number": "+1 (212) 555-0100" });
    let me: Me = ada.post("/me", &sender).await.json();
    assert_eq!((me.sender_name.as_str(), me.sender_number.as_str()), ("Lakeside Clinic", "+12125550100"));
    assert_eq!(ada.me().await, me);

    let wrong = json!({ "sender_name": "x".repeat(51), "sender_number": "212 555 0100" });
    let expected = ["/sender_name too_long", "/sender_number number_no_country"];
    ada.post("/me", &wrong).await.problem_of(ProblemCode::ValidationFailed, &expected);
    assert_eq!(ada.me().await, me);

    for name in ["Ada\0", "\u{1b}[31mAda", "A\u{7f}da", "Ada\u{85}B\u{9b}"] {
        let unprintable = json!({ "sender_name": name, "sender_number": "" });
        let expected = ["/sender_name character_invalid"];
        ada.post("/me", &unprintable).await.problem_of(ProblemCode::ValidationFailed, &expected);
    }
    let none = json!({ "sender_name": "", "sender_number": "" });
    let me: Me = ada.post("/me", &none).await.json();
    assert_eq!((me.sender_name.as_str(), me.sender_number.as_str()), ("", ""));
    app.end().await;
}
