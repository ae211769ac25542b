//! What a customer sees when something of ours is down.

use faxdroid_contract::problem::ProblemCode;
use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn a_server_without_its_database_says_so_and_tells_nothing_else() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let healthy: Value = ada.get("/health").await.json();
    assert_eq!(healthy, json!({ "status": "ok" }));

    app.app().store.connection().clone().close().await.unwrap();
    app.visitor().get("/health").await.problem(ProblemCode::Unavailable);
    let problem = ada.get("/me").await.problem(ProblemCode::Internal);
    assert_eq!(problem.detail, ProblemCode::Internal.title(), "causes are logged, not told");
    app.end_unchecked();
}
