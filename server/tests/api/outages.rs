//! What a customer sees when something of ours is down.

use faxdroid_contract::faxes::FaxStatus;
use faxdroid_contract::problem::ProblemCode;
use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn a_server_without_its_database_says_so_and_tells_nothing_else() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let healthy: Value = ada.get("/health").await.json();
    assert_eq!(healthy, json!({ "status": "ok" }));

    app.app().store.connection().close().await.unwrap();
    app.visitor().get("/health").await.problem(ProblemCode::Unavailable);
    let problem = ada.get("/me").await.problem(ProblemCode::Unavailable);
    assert_eq!(problem.detail, ProblemCode::Unavailable.title(), "causes are logged, not told");
    app.end_unchecked();
}

#[tokio::test]
async fn faxes_and_payments_go_on_without_locks() {
    let nowhere = serde_json::from_value(json!("redis://127.0.0.1:9")).unwrap();
    let app = TestApp::with(|config| config.locks.url = Some(nowhere)).await;
    let ada = app.customer().await.with_credit().await;
    let delivered = ada.fax_letter("+15005550001").await;
    let refunded = ada.fax_letter("+15005550002").await;
    assert_eq!(ada.finished(&delivered.id).await.status, FaxStatus::Delivered);
    assert_eq!(ada.finished(&refunded.id).await.status, FaxStatus::Refunded);
    app.end().await;
}
