//! Plain HTML forms: each is answered by a redirect, to the page to go on with or back to its own page with what is
//! wrong and the harmless part of what was typed.

use std::time::Duration;

use faxdroid_contract::ids::QuoteId;
use faxdroid_contract::problem::ProblemCode;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::Value;
use url::form_urlencoded;

use crate::support::files::LETTER;
use crate::support::{Answer, Customer, PASSWORD, TestApp, parts};

async fn upload(customer: &Customer, uploads: &[(&str, &[u8])]) -> Answer {
    let request = customer.request(Method::POST, "/documents").header(ACCEPT, "text/html");
    customer.send(request.multipart(parts(uploads))).await
}

/// The value of `name` in the query of a page.
fn parameter<'a>(page: &'a str, name: &str) -> &'a str {
    let query = page.split_once('?').unwrap().1;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap()
}

#[tokio::test]
async fn the_whole_way_to_a_delivered_fax_needs_no_script() {
    let app = TestApp::start().await;
    let mut ada = app.visitor();
    let email = ada.email.clone();
    let signed_up = ada.form("/accounts", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!(signed_up.page(), "/send?notice=signed_up");
    ada.keep_session(&signed_up);
    let token = app.mailed_token(&email, "/confirm-email").await;
    let confirmed = ada.form("/accounts/confirm-email", &[("token", &token)]).await;
    assert_eq!(confirmed.page(), "/send?notice=email_confirmed");

    let bought = ada.form("/checkouts", &[("package", "starter")]).await;
    let checkout = bought.page().strip_prefix("/pay/").unwrap().to_owned();
    let pay = format!("/sandbox/checkouts/{checkout}/pay");
    let paid = ada.form(&pay, &[("card_number", "4242 4242 4242 4242")]).await;
    assert_eq!(paid.page(), "/credits?notice=paid");

    let uploaded = upload(&ada, &[("letter.pdf", LETTER)]).await;
    let document = parameter(uploaded.page(), "document").to_owned();
    assert_eq!(uploaded.page(), format!("/send?document={document}"));
    let fields = [("document_id", document.as_str()), ("to", "+1 500 555 0001"), ("resolution", "standard")];
    let quoted = ada.form("/quotes", &fields).await;
    let chosen = format!("document={document}&to=%2B1+500+555+0001&resolution=standard");
    assert!(quoted.page().starts_with(&format!("/send?{chosen}&quote=quo_")), "{}", quoted.page());
    let quote = parameter(quoted.page(), "quote").to_owned();

    let sent = ada.form("/faxes", &[("quote_id", &quote)]).await;
    let (fax, notice) = sent.page().strip_prefix("/faxes/").unwrap().split_once('?').unwrap();
    assert_eq!(notice, "notice=fax_created");
    // The button pressed twice sends one fax.
    assert_eq!(ada.form("/faxes", &[("quote_id", &quote)]).await.page(), sent.page());
    ada.finished(&fax.parse().unwrap()).await;
    assert_eq!(ada.balance().await, 470);

    let again = ada.form(&format!("/faxes/{fax}/resend"), &[]).await;
    let second = again.page().strip_prefix("/faxes/").unwrap().split_once('?').unwrap().0;
    assert_ne!(second, fax);
    ada.finished(&second.parse().unwrap()).await;

    let out = ada.form("/sessions/current/end", &[]).await;
    assert_eq!(out.page(), "/?notice=signed_out");
    ada.get("/me").await.problem(ProblemCode::Unauthenticated);
    app.end().await;
}

#[tokio::test]
async fn a_form_with_mistakes_comes_back_with_what_was_typed_but_no_password() {
    let app = TestApp::start().await;
    let ada = app.newcomer().await;
    for (path, fields, page) in [
        (
            "/accounts",
            vec![("email", "nobody"), ("password", "secret")],
            "/sign-up?email=nobody&error=email%3Aemail_invalid&error=password%3Apassword_too_short",
        ),
        (
            "/sessions",
            vec![("email", "a@example.org"), ("password", "secret")],
            "/sign-in?email=a%40example.org&error=%3Acredentials_invalid",
        ),
        (
            "/sessions",
            vec![("email", "a@example.org")],
            "/sign-in?email=a%40example.org&error=password%3Afield_missing",
        ),
        (
            "/accounts/request-password-reset",
            vec![("email", "x y")],
            "/forgot-password?email=x+y&error=email%3Aemail_invalid",
        ),
        (
            "/me",
            vec![("sender_name", "Ada & Co"), ("sender_number", "1")],
            "/account?sender_name=Ada+%26+Co&sender_number=1&error=sender_number%3Anumber_short",
        ),
        (
            "/me/change-password",
            vec![("current_password", "secret"), ("new_password", "secret too")],
            "/account?error=current_password%3Apassword_wrong",
        ),
        ("/checkouts", vec![("package", "free")], "/credits?error=package%3Apackage_unknown"),
    ] {
        let answer = ada.form(path, &fields).await;
        assert_eq!(answer.page(), page);
    }
    app.end().await;
}

#[tokio::test]
async fn every_form_that_succeeds_goes_on_to_its_page() {
    let app = TestApp::start().await;
    let mut ada = app.newcomer().await;
    let email = ada.email.clone();
    for (path, fields, page) in [
        ("/me/resend-confirmation", vec![], "/account?notice=confirmation_sent"),
        ("/me", vec![("sender_name", "Ada"), ("sender_number", "")], "/account?notice=sender_saved"),
        (
            "/me/change-password",
            vec![("current_password", PASSWORD), ("new_password", "a newer password")],
            "/account?notice=password_changed",
        ),
        (
            "/accounts/request-password-reset",
            vec![("email", email.as_str())],
            "/forgot-password?notice=reset_sent",
        ),
    ] {
        assert_eq!(ada.form(path, &fields).await.page(), page);
    }
    let token = app.mailed_token(&email, "/reset-password").await;
    let reset = ada.form("/accounts/reset-password", &[("token", &token), ("password", PASSWORD)]).await;
    assert_eq!(reset.page(), "/sign-in?notice=password_reset");

    let credentials = [("email", email.as_str()), ("password", PASSWORD)];
    let signed_in = ada.form("/sessions", &credentials).await;
    assert_eq!(signed_in.page(), "/faxes");
    ada.keep_session(&signed_in);
    ada.get("/me").await.expect(200);
    for (next, page) in [("/credits?notice=paid", "/credits?notice=paid"), ("//evil.example", "/faxes")] {
        let fields = [credentials.as_slice(), &[("next", next)]].concat();
        assert_eq!(ada.form("/sessions", &fields).await.page(), page);
    }
    app.end().await;
}

#[tokio::test]
async fn a_payment_goes_on_where_the_card_decides() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let checkout = ada.checkout("starter").await.id;
    let (pay, confirm) =
        (format!("/sandbox/checkouts/{checkout}/pay"), format!("/sandbox/checkouts/{checkout}/confirm"));
    for (path, field, value, page) in [
        (&pay, "card_number", "1", format!("/pay/{checkout}?error=card_number%3Acard_invalid")),
        (
            &pay,
            "card_number",
            "4000000000000002",
            format!("/pay/{checkout}?error=card_number%3Acard_declined"),
        ),
        (&pay, "card_number", "4000002500003155", format!("/pay/{checkout}?step=confirm")),
        (&confirm, "answer", "approve", "/credits?notice=paid".to_owned()),
        (&pay, "card_number", "4242424242424242", format!("/pay/{checkout}?error=%3Acheckout_not_payable")),
    ] {
        assert_eq!(ada.form(path, &[(field, value)]).await.page(), page);
    }
    assert_eq!(ada.balance().await, 500);
    app.end().await;
}

#[tokio::test]
async fn a_bad_file_or_number_leads_back_to_the_page_to_send_from() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    assert_eq!(upload(&ada, &[("empty.pdf", b"")]).await.page(), "/send?error=files%3Adocument_empty");
    let letter = ada.letter().await.id;
    let refused =
        ada.form("/quotes", &[("document_id", letter.as_str()), ("to", "911"), ("resolution", "fine")]).await;
    assert_eq!(
        refused.page(),
        format!("/send?document={letter}&to=911&resolution=fine&error=to%3Anumber_emergency")
    );
    app.end().await;
}

#[tokio::test]
async fn a_fax_that_is_not_accepted_says_what_to_do_first() {
    let app = TestApp::start().await;
    let newcomer = app.newcomer().await;
    let quote = newcomer.letter_quote("+15005550001").await.id;
    let refused = newcomer.form("/faxes", &[("quote_id", quote.as_str())]).await;
    assert_eq!(refused.page(), format!("/send?quote={quote}&error=%3Aemail_unconfirmed"));
    let poor = app.customer().await;
    let quote: QuoteId = poor.letter_quote("+15005550001").await.id;
    let refused = poor.form("/faxes", &[("quote_id", quote.as_str()), ("draft", "to=%2B1")]).await;
    let next = format!("/send?quote={quote}&to=%2B1");
    let encoded: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    assert_eq!(refused.page(), format!("/credits?next={encoded}&error=%3Acredit_insufficient"));

    // With credits he is led back to his fax, by way of a bank that asks.
    let bought = poor.form("/checkouts", &[("package", "starter"), ("next", &next)]).await;
    let (pay, query) = bought.page().split_once('?').unwrap();
    assert_eq!(query, format!("next={encoded}"));
    let sandbox = format!("/sandbox/checkouts{}", pay.strip_prefix("/pay").unwrap());
    let declined = [("card_number", "4000000000000002"), ("next", next.as_str())];
    let page = format!("{pay}?next={encoded}&error=card_number%3Acard_declined");
    assert_eq!(poor.form(&format!("{sandbox}/pay"), &declined).await.page(), page);
    let asked = [("card_number", "4000002500003155"), ("next", next.as_str())];
    let page = format!("{pay}?step=confirm&next={encoded}");
    assert_eq!(poor.form(&format!("{sandbox}/pay"), &asked).await.page(), page);
    let approved = [("answer", "approve"), ("next", next.as_str())];
    let paid = poor.form(&format!("{sandbox}/confirm"), &approved).await;
    assert_eq!(paid.page(), format!("{next}&notice=paid"));
    app.end().await;
}

#[tokio::test]
async fn a_fax_is_canceled_by_a_button() {
    let app = TestApp::with(|config| config.retry.delays = vec![Duration::from_secs(360_000)]).await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550002").await.id;
    ada.fax_once(&fax, |fax| fax.status.is_cancelable() && !fax.attempts.is_empty()).await;
    let cancel = format!("/faxes/{fax}/cancel");
    assert_eq!(ada.form(&cancel, &[]).await.page(), format!("/faxes/{fax}?notice=fax_canceled"));
    assert_eq!(ada.form(&cancel, &[]).await.page(), format!("/faxes/{fax}?error=%3Afax_not_cancelable"));
    assert_eq!(ada.balance().await, 2_100);
    app.end().await;
}

#[tokio::test]
async fn who_is_not_signed_in_is_asked_to_and_led_back() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    for (path, next) in [("/checkouts", "%2Fcredits"), ("/me", "%2Faccount"), ("/quotes", "%2Fsend")] {
        let page = format!("/sign-in?next={next}&error=%3Aunauthenticated");
        assert_eq!(visitor.form(path, &[("package", "starter")]).await.page(), page);
    }
    app.end().await;
}

#[tokio::test]
async fn a_session_that_ended_in_the_middle_costs_nothing_that_was_typed() {
    let app = TestApp::start().await;
    let fields =
        [("document_id", "doc_1"), ("to", "+1 500"), ("resolution", "standard"), ("draft", "quote=quo_1")];
    let asked = app.visitor().form("/quotes", &fields).await;
    let next = "%2Fsend%3Fdocument%3Ddoc_1%26to%3D%252B1%2B500%26resolution%3Dstandard%26quote%3Dquo_1";
    assert_eq!(asked.page(), format!("/sign-in?next={next}&error=%3Aunauthenticated"));
    let again = app.visitor().form("/sessions", &[("email", "a@b.example"), ("next", "/send?to=1")]).await;
    assert!(again.page().contains("next=%2Fsend%3Fto%3D1"), "{}", again.page());
    app.end().await;
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let request = ada.request(Method::POST, "/checkouts").header("sec-fetch-site", "cross-site");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body("package=starter");
    assert_eq!(ada.send(request).await.page(), "/credits?error=%3Across_origin");
    let statement: Value = ada.get("/transactions").await.json();
    assert_eq!(statement["data"], Value::Array(Vec::new()));
    app.end().await;
}

#[tokio::test]
async fn a_page_to_go_back_to_has_an_address_of_sane_length() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = ada.letter().await.id;
    let long = "2".repeat(50_000);
    let refused = ada.form("/quotes", &[("document_id", letter.as_str()), ("to", &long)]).await;
    assert_eq!(refused.page(), format!("/send?document={letter}&error=to%3Anumber_invalid"));
    let unknown = ada.form("/quotes", &[(&long, "1")]).await;
    assert_eq!(unknown.page(), "/send?error=%3Afield_unknown");
    app.end().await;
}
