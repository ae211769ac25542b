//! Private resources as HTML documents, for browsers without scripts.

use crate::support::TestApp;

#[tokio::test]
async fn a_browser_is_shown_a_document_and_a_program_gets_json() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let quote = ada.letter_quote("+15005550001").await;
    let fax = ada.fax_letter("+15005550001").await;
    ada.finished(&fax.id).await;
    let checkout = ada.checkout("starter").await;
    for (path, says) in [
        ("/me".to_owned(), ada.email.as_str()),
        (format!("/documents/{}", quote.document_id), "Page 3 as it will be faxed"),
        (format!("/quotes/{}", quote.id), "$0.30"),
        (format!("/faxes/{}", fax.id), "Every page arrived."),
        ("/faxes".to_owned(), "letter.pdf"),
        ("/transactions".to_owned(), "Credits bought"),
        ("/credits/packages".to_owned(), "Regular"),
        (format!("/checkouts/{}", checkout.id), "$5.00"),
    ] {
        let view = ada.get_html(&path).await.expect(200);
        assert_eq!(view.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(view.header("vary"), "accept");
        assert_eq!(view.header("cache-control"), "no-store");
        let policy = view.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'self'") && !policy.contains("unsafe"), "{policy}");
        let html = view.text();
        assert!(html.contains(r#"<html lang="en">"#) && html.contains("<title>"), "{html}");
        assert!(html.contains(says), "{path}: {html}");
        assert_eq!(ada.get(&path).await.header("content-type"), "application/json");
    }
    app.end().await;
}

#[tokio::test]
async fn a_fax_is_shown_anew_until_its_end() {
    let app = TestApp::with_endless_calls().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550001").await;
    let refresh = r#"http-equiv="refresh""#;
    let view = format!("/faxes/{}", fax.id);
    assert!(ada.get_html(&view).await.text().contains(refresh));
    app.end().await;

    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550001").await;
    ada.finished(&fax.id).await;
    assert!(!ada.get_html(&format!("/faxes/{}", fax.id)).await.text().contains(refresh));
    app.end().await;
}

#[tokio::test]
async fn the_next_page_of_a_list_is_asked_for_like_the_one_before() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await.with_credit().await;
    for _ in 0..2 {
        let fax = ada.fax_letter("+15005550001").await;
        ada.finished(&fax.id).await;
    }
    for (list, link) in [
        ("/transactions?limit=1", "/api/v1/transactions?limit=1&amp;cursor="),
        (
            "/faxes?q=letter&status=delivered&limit=1",
            "/api/v1/faxes?q=letter&amp;status=delivered&amp;limit=1&amp;cursor=",
        ),
    ] {
        let html = ada.get_html(list).await.expect(200).text();
        let (_, rest) = html.split_once(&format!("href=\"{link}")).unwrap_or_else(|| panic!("{html}"));
        let cursor = rest.split('"').next().unwrap();
        let next = ada.get_html(&format!("{list}&cursor={cursor}")).await.expect(200).text();
        assert_eq!(next.matches("<tr>").count(), 2, "the heading and one line: {next}");
    }
    app.end().await;
}

#[tokio::test]
async fn what_customers_typed_is_text_and_never_markup() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let evil = "<script>alert(1)</script>";
    let document = ada.upload(&[(evil, b"A page.")]).await.expect(201);
    let id = document.json::<serde_json::Value>()["id"].as_str().unwrap().to_owned();
    for path in [format!("/documents/{id}"), format!("/faxes?q={evil}"), "/faxes?q=\"><img>".to_owned()] {
        let html = ada.get_html(&path).await.expect(200).text();
        assert!(!html.contains("<script") && !html.contains("\"><img>"), "{html}");
    }
    app.end().await;
}

#[tokio::test]
async fn developers_read_the_mail_and_see_what_the_far_end_received() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let mail = ada.get("/dev/mail").await.expect(200).text();
    assert!(
        mail.contains(&ada.email) && mail.contains("<a href=\"http://127.0.0.1:3000/confirm-email?token=")
    );
    let fax = ada.fax_letter("+15005550001").await;
    let attempt = ada.finished(&fax.id).await.attempts[0].id.clone();
    let line = ada.get("/dev/line").await.expect(200).text();
    for (file, kind) in [(format!("{attempt}.tiff"), "image/tiff"), (format!("{attempt}-3.png"), "image/png")]
    {
        assert!(line.contains(&format!("/dev/line/{file}")), "{line}");
        assert_eq!(ada.get(&format!("/dev/line/{file}")).await.expect(200).header("content-type"), kind);
    }
    for nothing in
        ["x.tiff", "..%2f..%2ffaxdroid.sqlite", &format!("{attempt}-4.png"), &format!("{attempt}.json")]
    {
        ada.get(&format!("/dev/line/{nothing}")).await.expect(404);
    }
    app.end().await;
}
