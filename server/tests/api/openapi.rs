//! The description of the API, made of its handlers.

use std::collections::BTreeSet;

use faxdroid_contract::problem::ProblemCode;
use serde_json::Value;

use crate::support::TestApp;

/// Every operation there is. A line that goes or changes breaks customers' programs.
const OPERATIONS: [&str; 42] = [
    "delete /api/v1/documents/{id}",
    "delete /api/v1/received-faxes/{id}",
    "delete /api/v1/sessions/current",
    "get /api/v1/checkouts/{id}",
    "get /api/v1/credits/packages",
    "get /api/v1/documents/{id}",
    "get /api/v1/documents/{id}/pages/{page}",
    "get /api/v1/faxes",
    "get /api/v1/faxes/{id}",
    "get /api/v1/faxes/{id}/attempts",
    "get /api/v1/faxes/{id}/events",
    "get /api/v1/health",
    "get /api/v1/me",
    "get /api/v1/numbers",
    "get /api/v1/prices",
    "get /api/v1/quotes/{id}",
    "get /api/v1/received-faxes",
    "get /api/v1/received-faxes/{id}",
    "get /api/v1/received-faxes/{id}/file.pdf",
    "get /api/v1/received-faxes/{id}/pages/{page}",
    "get /api/v1/stripe/checkouts/{id}/pay",
    "get /api/v1/stripe/checkouts/{id}/return",
    "get /api/v1/transactions",
    "post /api/v1/accounts",
    "post /api/v1/accounts/confirm-email",
    "post /api/v1/accounts/request-password-reset",
    "post /api/v1/accounts/reset-password",
    "post /api/v1/checkouts",
    "post /api/v1/documents",
    "post /api/v1/faxes",
    "post /api/v1/faxes/{id}/cancel",
    "post /api/v1/faxes/{id}/resend",
    "post /api/v1/me",
    "post /api/v1/me/change-password",
    "post /api/v1/me/resend-confirmation",
    "post /api/v1/quotes",
    "post /api/v1/received-faxes/{id}/delete",
    "post /api/v1/sandbox/checkouts/{id}/confirm",
    "post /api/v1/sandbox/checkouts/{id}/pay",
    "post /api/v1/sessions",
    "post /api/v1/sessions/current/end",
    "post /api/v1/stripe/events",
];

/// Every operation with what it says of itself.
async fn operations(app: &TestApp) -> Vec<(String, Value)> {
    let description: Value = app.visitor().get("/api/openapi.json").await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = description["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation.clone()))
    });
    operations.collect()
}

#[tokio::test]
async fn every_operation_is_described() {
    let app = TestApp::start().await;
    let described: BTreeSet<_> = operations(&app).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(described, OPERATIONS.map(str::to_owned).into_iter().collect());
    app.end().await;
}

#[tokio::test]
async fn every_operation_says_what_it_does_and_which_codes_it_may_answer_with() {
    let app = TestApp::start().await;
    for (name, operation) in operations(&app).await {
        assert!(operation["summary"].is_string(), "{name} has no summary");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let text = response["description"].as_str().unwrap();
            if status.starts_with(['2', '3']) {
                assert!(!text.is_empty(), "{name} {status}");
                continue;
            }
            let codes: Vec<_> = text.split('`').skip(1).step_by(2).collect();
            assert!(!codes.is_empty(), "{name} {status} names no code");
            for code in codes {
                let known = ProblemCode::parse(code).unwrap_or_else(|| panic!("{name}: {code} is no code"));
                assert_eq!(known.status().to_string(), *status, "{name}: {code}");
            }
        }
    }
    app.end().await;
}

#[tokio::test]
async fn whatever_asks_who_is_there_says_that_it_does() {
    let app = TestApp::start().await;
    // Those of Stripe ask whoever is not signed in to sign in first, as pages do.
    let open = [
        "/api/v1/accounts",
        "/api/v1/credits",
        "/api/v1/health",
        "/api/v1/prices",
        "/api/v1/sessions",
        "/api/v1/stripe",
    ];
    for (name, operation) in operations(&app).await {
        let is_open = open.iter().any(|path| name.contains(path)) && !name.starts_with("delete");
        assert_eq!(
            operation["responses"].get("401").is_none() || name == "post /api/v1/sessions",
            is_open,
            "{name}"
        );
    }
    app.end().await;
}
