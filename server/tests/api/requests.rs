//! Requests that are wrong in themselves, whatever they ask for.

use faxdroid_contract::problem::ProblemCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said_with_its_field() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    for (body, code, field) in [
        ("", ProblemCode::BodyMalformed, None),
        ("{", ProblemCode::BodyMalformed, None),
        (r#"{"email":"a","password":"b"} more"#, ProblemCode::BodyMalformed, None),
        (r#"{"email":"\ud800","password":"b"}"#, ProblemCode::BodyMalformed, None),
        (r#"{"email":"a"}"#, ProblemCode::FieldMissing, Some("/password field_missing")),
        (
            r#"{"email":"a","password":"b","admin":true}"#,
            ProblemCode::FieldUnknown,
            Some("/admin field_unknown"),
        ),
        (
            r#"{"email":"a","password":"b","email":"c"}"#,
            ProblemCode::FieldDuplicate,
            Some("/email field_duplicate"),
        ),
        (r#"{"email":7,"password":"b"}"#, ProblemCode::FieldType, Some("/email field_type")),
        (r#"{"email":null,"password":"b"}"#, ProblemCode::FieldType, Some("/email field_type")),
    ] {
        let answer = visitor.post_raw("/sessions", "application/json", body).await;
        answer.problem_of(code, field.as_slice());
    }
    for body in ["[]", "null", "7", r#""text""#] {
        let answer = visitor.post_raw("/sessions", "application/json", body).await;
        let problem: Value = serde_json::from_slice(&answer.expect(400).body).unwrap();
        assert!(
            ["field_type", "field_missing", "body_malformed"].contains(&problem["code"].as_str().unwrap())
        );
    }
    app.end().await;
}

#[tokio::test]
async fn a_form_with_a_field_given_twice_is_refused() {
    let app = TestApp::start().await;
    let fields = [("email", "a@example.org"), ("email", "b@example.org"), ("password", PASSWORD)];
    let answer = app.visitor().form("/sessions", &fields).await;
    assert!(answer.page().contains("error=email%3Afield_duplicate"), "{}", answer.page());
    app.end().await;
}

#[tokio::test]
async fn an_empty_parameter_is_an_absent_one() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    ada.get("/faxes?limit=&cursor=&q=&status=&created_after=&created_before=").await.expect(200);
    ada.get("/transactions?limit=&cursor=").await.expect(200);
    let letter = ada.letter().await;
    ada.get(&format!("/documents/{}/pages/1.png?resolution=", letter.id)).await.expect(200);
    app.end().await;
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_refused() {
    let app = TestApp::start().await;
    let body = b"{\"email\":\"\xff\xfe\",\"password\":\"b\"}".to_vec();
    let visitor = app.visitor();
    visitor.post_raw("/sessions", "application/json", body).await.problem(ProblemCode::BodyMalformed);
    app.end().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let app = TestApp::start().await;
    let body = json!({ "email": "a".repeat(100_000), "password": PASSWORD });
    app.visitor().post("/sessions", &body).await.problem(ProblemCode::BodyTooLarge);
    app.end().await;
}

#[tokio::test]
async fn a_deeply_nested_body_harms_nobody() {
    let app = TestApp::start().await;
    let nested = format!(r#"{{"email":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    app.visitor().post_raw("/sessions", "application/json", nested).await.expect(400);
    app.end().await;
}

#[tokio::test]
async fn another_kind_of_body_is_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for kind in ["text/plain", "application/xml", "application/jsonp", "nonsense"] {
        let answer = ada.post_raw("/sessions", kind, "{}").await;
        answer.problem(ProblemCode::ContentTypeUnsupported);
    }
    let json = ada.post("/documents", &json!({})).await;
    json.problem(ProblemCode::ContentTypeUnsupported);
    app.end().await;
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for path in ["/nothing", "/faxes/a/b/c", "/api", "/api/v2/me", "/api/v1", "/documents/x/pages"] {
        ada.get(path).await.problem(ProblemCode::NotFound);
    }
    for (method, path) in [
        (Method::PUT, "/me"),
        (Method::DELETE, "/me"),
        (Method::GET, "/sessions"),
        (Method::PATCH, "/faxes"),
        (Method::POST, "/prices"),
    ] {
        ada.send(ada.request(method, path)).await.problem(ProblemCode::MethodNotAllowed);
    }
    app.end().await;
}

#[tokio::test]
async fn another_sites_page_cannot_act_for_a_customer() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let request = ada.request(Method::POST, "/checkouts").header(name, value);
        let answer = ada.send(request.json(&json!({ "package": "starter" }))).await;
        answer.problem(ProblemCode::CrossOrigin);
        let request = ada.request(Method::DELETE, "/sessions/current").header(name, value);
        ada.send(request).await.problem(ProblemCode::CrossOrigin);
    }
    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:3000")] {
        let request = ada.request(Method::POST, "/checkouts").header(name, value);
        ada.send(request.json(&json!({ "package": "starter" }))).await.expect(201);
    }
    // Reading is no act, and links from elsewhere lead here.
    let link = ada.request(Method::GET, "/me").header("sec-fetch-site", "cross-site");
    ada.send(link).await.expect(200);
    app.end().await;
}

#[tokio::test]
async fn an_answer_is_kept_by_nobody_and_loads_nothing() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let (first, second) = (ada.get("/me").await.expect(200), ada.get("/me").await.expect(200));
    assert_eq!(first.header("cache-control"), "no-store");
    assert_eq!(first.header("x-content-type-options"), "nosniff");
    assert_eq!(first.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert!(first.header("x-request-id").starts_with("req_"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    app.end().await;
}

#[tokio::test]
async fn a_parameter_that_is_not_valid_is_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=many",
        "limit=99999999999999999999",
        "status=lost",
        "q=%00",
        "created_after=yesterday",
        "created_before=2026-13-01T00:00:00Z",
    ] {
        ada.get(&format!("/faxes?{query}")).await.problem(ProblemCode::ParameterInvalid);
    }
    for length in [201, 60_000] {
        let search = format!("/faxes?q={}", "x".repeat(length));
        ada.get(&search).await.problem(ProblemCode::ParameterInvalid);
    }
    ada.get("/transactions?limit=0").await.problem(ProblemCode::ParameterInvalid);
    app.end().await;
}

#[tokio::test]
async fn a_cursor_that_is_not_ours_is_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for list in ["/faxes", "/transactions"] {
        for cursor in ["abc", "!!!", "MTIz", "%ff", "MS4nIE9SIDE9MQ"] {
            let answer = ada.get(&format!("{list}?cursor={cursor}")).await;
            let code = if cursor == "%ff" { answer.status.as_u16() } else { 0 };
            match code {
                // Not even text: the query as a whole is not valid.
                400 if !answer.text().contains("cursor_invalid") => {
                    answer.problem(ProblemCode::ParameterInvalid)
                }
                _ => answer.problem(ProblemCode::CursorInvalid),
            };
        }
    }
    app.end().await;
}
