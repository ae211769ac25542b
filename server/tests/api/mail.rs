//! Mail by SMTP, to a real mail server.

use faxdroid_server::config::{Config, MailKind};
use faxdroid_server::store;
use faxdroid_testbed::{MailServer, free_port};
use serde_json::json;

use crate::support::TestApp;

fn by_smtp(config: &mut Config, url: &str) {
    config.mail.kind = MailKind::Smtp;
    config.mail.url = Some(serde_json::from_value(json!(url)).unwrap());
}

async fn waiting(app: &TestApp) -> u64 {
    store::outgoing_mail::count(app.app().store.connection()).await.unwrap()
}

async fn until_sent(app: &TestApp) {
    while waiting(app).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_link_arrives_in_the_mailbox_and_works() {
    let folder = tempfile::tempdir().unwrap();
    let mails = MailServer::start(folder.path(), free_port());
    let app = TestApp::with(|config| by_smtp(config, &mails.url())).await;
    let ada = app.newcomer().await;
    until_sent(&app).await;
    let [mail] = mails.mails().try_into().unwrap();
    assert!(mail.contains("From: FaxDroid <no-reply@faxdroid.com>"), "{mail}");
    assert!(mail.contains(&format!("To: {}", ada.email)), "{mail}");
    assert!(mail.contains("Subject: Confirm your e-mail address"), "{mail}");
    // Long lines are folded on the way (RFC 2045, section 6.7).
    let text = mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    let token = text.split_once("/confirm-email?token=").unwrap().1.split_whitespace().next().unwrap();
    ada.post("/accounts/confirm-email", &json!({ "token": token })).await.expect(204);
    app.end().await;
}

#[tokio::test]
async fn a_mail_server_that_is_away_costs_no_request_and_no_mail() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let app = TestApp::with(|config| by_smtp(config, &format!("smtp://127.0.0.1:{port}"))).await;
    let ada = app.newcomer().await;
    ada.get("/me").await.expect(200);
    assert_eq!(waiting(&app).await, 1);

    let mails = MailServer::start(folder.path(), port);
    // The next try is some seconds away.
    let db = app.app().store.connection();
    loop {
        let later = i64::MAX;
        for row in store::outgoing_mail::due(db, later, 10).await.unwrap() {
            store::outgoing_mail::postpone(db, &row.id, 0).await.unwrap();
        }
        if waiting(&app).await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(!mails.mails().is_empty());
    app.end().await;
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let mails = MailServer::start(folder.path(), free_port());
    let app = TestApp::with(|config| {
        by_smtp(config, &mails.url());
        // Longer than what the server takes.
        config.mail.from = format!("\"{}\" <no-reply@faxdroid.com>", "Fax ".repeat(600));
    })
    .await;
    app.newcomer().await;
    until_sent(&app).await;
    assert_eq!(mails.mails(), Vec::<String>::new());
    app.end().await;
}
