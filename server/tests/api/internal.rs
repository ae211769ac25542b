//! The private listener, and that it is private.

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestApp;

async fn ask(method: Method, url: String) -> (StatusCode, String) {
    let client = Client::builder().no_proxy().build().unwrap();
    let answer = client.request(method, url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// As they are written, so that a new one is among them.
fn routes() -> Vec<String> {
    let source = include_str!("../../src/internal.rs");
    let paths = source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    paths.map(|path| path.replace("{fax_id}", "fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2")).collect()
}

#[tokio::test]
async fn nothing_of_the_private_listener_is_reachable_on_the_public_one() {
    let app = TestApp::start().await;
    let routes = routes();
    assert!(routes.len() >= 5, "{routes:?}");
    for path in &routes {
        let mut answered = false;
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let (status, _) = ask(method.clone(), app.public(path)).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}");
            let (status, _) = ask(method, app.private(path)).await;
            answered |= status != StatusCode::NOT_FOUND && status != StatusCode::METHOD_NOT_ALLOWED;
        }
        assert!(answered, "{path} is there");
    }
    // As a proxy might pass them on, and a server might read them.
    for path in [
        "//internal/v1/health",
        "/api/../internal/v1/health",
        "/api/%2e%2e/internal/v1/health",
        "/INTERNAL/v1/health",
    ] {
        assert_eq!(status_as_written(&app, path).await, "404", "{path}");
    }
    app.end().await;
}

/// A client would tidy the path up before it sends it.
async fn status_as_written(app: &TestApp, path: &str) -> String {
    let address = app.public("").split_off("http://".len());
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn nothing_of_the_public_listener_is_reachable_on_the_private_one() {
    let app = TestApp::start().await;
    let (_, description) = ask(Method::GET, app.public("/api/openapi.json")).await;
    let description: Value = serde_json::from_str(&description).unwrap();
    let mut walked = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = path.replace(['{', '}'], "");
            let (status, _) = ask(method.clone(), app.private(&path)).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}");
            walked += 1;
        }
    }
    assert!(walked > 25, "{walked}");
    app.end().await;
}

#[tokio::test]
async fn metrics_tell_of_requests_attempts_queues_and_connections_and_of_nobody() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550001").await;
    ada.finished(&fax.id).await;
    let (status, metrics) = ask(Method::GET, app.private("/metrics")).await;
    assert_eq!(status, StatusCode::OK);
    for expected in [
        r#"faxdroid_request_seconds_bucket{method="POST",route="/api/v1/faxes",status="201","#,
        r#"faxdroid_conversion_seconds_count{result="converted"}"#,
        r#"faxdroid_attempts_total{outcome="delivered"}"#,
        "faxdroid_calls ",
        r#"faxdroid_queue_age_seconds{status="queued"}"#,
        "faxdroid_outbox_age_seconds ",
        "faxdroid_mail_tries ",
        r#"faxdroid_database_connections{pool="writer",state="open"}"#,
    ] {
        assert!(metrics.contains(expected), "{expected} in\n{metrics}");
    }
    for private in [ada.email.as_str(), fax.id.as_str(), "5005550001"] {
        assert!(!metrics.contains(private), "{private}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_server_that_is_about_to_end_is_alive_and_not_ready() {
    let app = TestApp::start().await;
    let ready = |app: &TestApp| [app.private("/internal/v1/health"), app.public("/api/v1/health")];
    for url in ready(&app) {
        assert_eq!(ask(Method::GET, url).await.0, StatusCode::OK);
    }
    app.app().draining.cancel();
    let [private, public] = ready(&app);
    assert_eq!(ask(Method::GET, private).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask(Method::GET, public).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(ask(Method::GET, app.private("/internal/v1/live")).await.0, StatusCode::OK);
    app.end().await;
}
