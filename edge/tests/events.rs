//! Lambda's events, from those that AWS shows in its documentation to what comes back.

use std::path::Path;

use axum::Router;
use faxdroid_edge::{Site, cloudfront, lambda, router};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn pages() -> Router {
    router(Site::new(include_str!("openapi.json"), None))
}

fn example(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

async fn answer(event: &Value) -> Value {
    let event = RawValue::from_string(event.to_string()).unwrap();
    let answer = lambda::answer(&pages(), &event, Default::default()).await.unwrap();
    serde_json::from_str(answer.get()).unwrap()
}

/// The guide's origin-request event, for another request.
fn origin_request(change: impl FnOnce(&mut Value)) -> Value {
    let mut event = example("origin-request.json");
    change(&mut event["Records"][0]["cf"]["request"]);
    event
}

fn header<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer["headers"][name][0]["value"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn the_origin_request_of_the_guide_is_answered_by_the_home_page() {
    let answer = answer(&example("origin-request.json")).await;
    assert_eq!(answer["status"], "200");
    assert_eq!(answer["statusDescription"], "OK");
    assert_eq!(answer["bodyEncoding"], "text");
    assert!(answer["body"].as_str().unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(
        answer["headers"]["content-type"],
        json!([{ "key": "Content-Type", "value": "text/html; charset=utf-8" }])
    );
    assert!(header(&answer, "cache-control").starts_with("public, max-age=300"));
}

#[tokio::test]
async fn requests_for_files_and_the_api_are_passed_on_byte_by_byte() {
    for uri in ["/api/v1/me", "/pkg/faxdroid.1a2b.js", "/favicon.svg", "/share.png"] {
        // An order and a number that nothing of ours would write.
        let request = format!(
            r#"{{"uri":"{uri}", "clientIp":"203.0.113.178","querystring":"a=1&b","method":"GET","later":1.50,"headers":{{"host":[{{"value":"b","key":"Host"}}]}}}}"#
        );
        let event = format!(
            r#"{{"Records":[{{"cf":{{"config":{{"distributionDomainName":"d","distributionId":"E","eventType":"origin-request","requestId":"r"}},"request":{request}}}}}]}}"#
        );
        let event = RawValue::from_string(event).unwrap();
        let answer = lambda::answer(&pages(), &event, Default::default()).await.unwrap();
        assert_eq!(answer.get(), request);
    }
}

#[tokio::test]
async fn every_public_file_is_passed_on() {
    let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public");
    for file in std::fs::read_dir(public).unwrap() {
        let uri = format!("/{}", file.unwrap().file_name().to_str().unwrap());
        let event = origin_request(|request| request["uri"] = json!(uri));
        assert_eq!(answer(&event).await, event["Records"][0]["cf"]["request"], "{uri}");
    }
}

#[tokio::test]
async fn events_of_other_triggers_are_passed_on() {
    let viewer = example("viewer-request.json");
    assert_eq!(answer(&viewer).await, viewer["Records"][0]["cf"]["request"]);
    for name in ["origin-response.json", "viewer-response.json"] {
        let response = example(name);
        assert_eq!(answer(&response).await, response["Records"][0]["cf"]["response"], "{name}");
    }
}

#[tokio::test]
async fn the_second_origin_of_a_group_is_asked_for_the_file_that_stands_for_every_page() {
    let second = |uri: &str| {
        origin_request(|request| {
            request["uri"] = json!(uri);
            request["querystring"] = json!("pages=3");
            request["origin"]["custom"]["customHeaders"] =
                json!({ cloudfront::FALLBACK: [{ "key": "x", "value": "/fallback/index.html" }] });
        })
    };
    let event = second("/pricing");
    let mut expected = event["Records"][0]["cf"]["request"].clone();
    expected["uri"] = json!("/fallback/index.html");
    expected["querystring"] = json!("");
    assert_eq!(answer(&event).await, expected);
    let file = second("/favicon.svg");
    assert_eq!(answer(&file).await, file["Records"][0]["cf"]["request"]);
}

#[tokio::test]
async fn a_query_comes_as_the_browser_wrote_it_and_leaves_the_cache_alone() {
    let event = origin_request(|request| {
        request["uri"] = json!("/sign-in");
        // CloudFront hands over ISO 8859-1 as UTF-8, and what is percent-encoded as it is.
        request["querystring"] = json!("utm_source=a&email=jos%C3%A9%2Bfax@example.com&next=/send?to=é");
    });
    let answer = answer(&event).await;
    assert_eq!(answer["status"], "200");
    assert!(answer["body"].as_str().unwrap().contains("value=\"josé+fax@example.com\""));
    assert_eq!(header(&answer, "cache-control"), "no-store");
}

#[tokio::test]
async fn a_body_that_is_cut_off_or_misspelled_is_refused_and_never_taken_for_the_whole() {
    let with_body = |truncated: bool, data: &str| {
        origin_request(|request| {
            request["method"] = json!("POST");
            request["body"] = json!({ "inputTruncated": truncated, "action": "read-only", "encoding": "base64", "data": data });
        })
    };
    assert_eq!(answer(&with_body(true, "YWJj")).await["status"], "413");
    assert_eq!(answer(&with_body(false, "not base64")).await["status"], "400");
    let whole = answer(&with_body(false, "YWJj")).await;
    assert_eq!((whole["status"].as_str(), header(&whole, "allow")), (Some("405"), "GET, HEAD"));
}

#[tokio::test]
async fn no_answer_has_a_header_that_cloudfront_refuses() {
    for (uri, method) in [
        ("/", "GET"),
        ("/", "HEAD"),
        ("/", "POST"),
        ("/login", "GET"),
        ("/no/such/page", "GET"),
        ("/robots.txt", "GET"),
    ] {
        let event = origin_request(|request| {
            request["uri"] = json!(uri);
            request["method"] = json!(method);
            request["headers"]["accept-encoding"] = json!([{ "key": "Accept-Encoding", "value": "br,gzip" }]);
        });
        let answer = answer(&event).await;
        for (name, values) in answer["headers"].as_object().unwrap() {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert!(
                !["content-length", "transfer-encoding", "connection", "via"].contains(&name.as_str()),
                "{name}"
            );
            for value in values.as_array().unwrap() {
                assert!(value["key"].as_str().unwrap().eq_ignore_ascii_case(name), "{value}");
            }
        }
        assert!(answer["status"].is_string() && !answer["statusDescription"].as_str().unwrap().is_empty());
    }
}

#[test]
fn every_field_of_the_guide_is_read() {
    let event = example("origin-request-custom.json").to_string();
    let event: cloudfront::Event<'_> = serde_json::from_str(&event).unwrap();
    let cf = &event.records.0.cf;
    assert_eq!(cf.config.event_type, cloudfront::EventType::OriginRequest);
    assert_eq!(cf.config.distribution_id, "EDFDVBD6EXAMPLE");
    let request: cloudfront::event::Request = serde_json::from_str(cf.request.get()).unwrap();
    assert_eq!(request.client_ip, "2001:0db8:85a3:0:0:8a2e:0370:7334");
    assert_eq!(request.custom_header("my-origin-custom-header"), Some("Test"));
    let body = request.body.as_ref().unwrap();
    assert!(!body.input_truncated);
    assert_eq!(body.action, cloudfront::event::BodyAction::ReadOnly);
    let Some(cloudfront::event::Origin::Custom(origin)) = &request.origin else { panic!("another origin") };
    assert_eq!((origin.port, origin.read_timeout, origin.keepalive_timeout), (443, 5, 5));
    assert_eq!(origin.ssl_protocols, ["TLSv1", "TLSv1.1"]);
    let http = request.to_http().unwrap();
    assert_eq!(http.uri(), "/picture.jpg?size=large");
    assert_eq!(http.headers()["user-agent"], "curl/7.51.0");
}

#[tokio::test]
async fn the_account_configures_the_site_by_custom_headers_of_the_origin() {
    let event = origin_request(|request| {
        request["uri"] = json!("/robots.txt");
        request["origin"]["custom"]["customHeaders"] = json!({ cloudfront::PUBLIC_URL: [{ "key": "X-FaxDroid-Public-Url", "value": "https://www.example.com" }] });
    });
    assert!(
        answer(&event).await["body"]
            .as_str()
            .unwrap()
            .contains("Sitemap: https://www.example.com/sitemap.xml")
    );
    let event = origin_request(|request| {
        request["uri"] = json!("/robots.txt");
        request["origin"]["custom"]["customHeaders"] =
            json!({ cloudfront::ROBOTS: [{ "key": "x", "value": "noindex" }] });
    });
    assert_eq!(answer(&event).await["body"], "User-agent: *\nDisallow: /\n");
}

#[tokio::test]
async fn a_visitor_cannot_configure_the_site() {
    let event = origin_request(|request| {
        request["headers"][cloudfront::PUBLIC_URL] = json!([{ "key": "x", "value": "https://evil.example" }]);
        request["headers"]["x-forwarded-host"] = json!([{ "key": "x", "value": "evil.example" }]);
    });
    let answer = answer(&event).await;
    assert_eq!(answer["status"], "200");
    assert!(!answer.to_string().contains("evil.example"));
}

#[tokio::test]
async fn a_compressed_page_is_base64_of_what_the_browser_accepts() {
    let event = origin_request(|request| {
        request["headers"]["accept-encoding"] = json!([{ "key": "Accept-Encoding", "value": "br,gzip" }]);
    });
    let answer = answer(&event).await;
    assert_eq!(header(&answer, "content-encoding"), "br");
    assert_eq!(answer["bodyEncoding"], "base64");
    assert!(answer["headers"].get("content-length").is_none());
}

#[tokio::test]
async fn the_condition_of_the_browser_holds_at_the_edge() {
    let first = answer(&example("origin-request.json")).await;
    let event = origin_request(|request| {
        request["headers"]["if-none-match"] =
            json!([{ "key": "If-None-Match", "value": header(&first, "etag") }]);
    });
    let again = answer(&event).await;
    assert_eq!(again["status"], "304");
    assert!(again.get("body").is_none());
}

#[tokio::test]
async fn odd_addresses_are_pages_that_are_not_there_and_never_errors() {
    for uri in [
        "/größe",
        "/a b",
        "/wp-login.php",
        "/.env",
        "/%",
        "/%ff",
        "/<script>",
        "/a?b",
        "/a#b",
        "/\u{1f4e0}",
        "//",
        "/..",
        "",
    ] {
        let event = origin_request(|request| request["uri"] = json!(uri));
        let answer = answer(&event).await;
        let status = answer["status"].as_str();
        let passed_on = answer.get("uri").is_some();
        assert!(passed_on || matches!(status, Some("404" | "308" | "400")), "{uri}: {status:?}");
    }
}

#[tokio::test]
async fn no_page_comes_near_the_limit_of_a_generated_response() {
    for page in &faxdroid_app::routes::PAGES {
        let id = match page.path {
            "/pay/{id}" => "chk_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
            "/inbox/{id}" => "rcv_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
            _ => "fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
        };
        let uri = page.path.replace("{id}", id);
        let answer = answer(&origin_request(|request| request["uri"] = json!(uri))).await;
        assert!(answer.to_string().len() < cloudfront::response::MAX_BYTES / 2, "{uri}");
    }
}

#[tokio::test]
async fn an_event_of_another_service_is_an_error() {
    let event =
        RawValue::from_string(r#"{"Records":[{"eventSource":"aws:sqs","body":"x"}]}"#.to_owned()).unwrap();
    assert!(lambda::answer(&pages(), &event, Default::default()).await.is_err());
}

#[tokio::test]
async fn a_load_balancer_gets_what_it_expects() {
    let mut event = example("alb-request.json");
    let missing = answer(&event).await;
    assert_eq!(missing["statusCode"], 404);
    assert_eq!(missing["statusDescription"], "404 Not Found");
    assert_eq!(missing["headers"]["content-encoding"], "gzip");
    assert_eq!(missing["isBase64Encoded"], true);

    event["path"] = json!("/");
    event["headers"].as_object_mut().unwrap().remove("accept-encoding");
    let home = answer(&event).await;
    assert_eq!(home["statusCode"], 200);
    assert_eq!(home["statusDescription"], "200 OK");
    assert_eq!(home["isBase64Encoded"], false);
    assert!(home["body"].as_str().unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(home["headers"]["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn a_load_balancer_that_sends_headers_as_lists_gets_lists() {
    let answer = answer(&example("alb-multi-value-request.json")).await;
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(answer["multiValueHeaders"]["content-type"], json!(["text/html; charset=utf-8"]));
    assert_eq!(answer["multiValueHeaders"]["x-content-type-options"], json!(["nosniff"]));
}

#[tokio::test]
async fn an_http_api_and_a_function_url_get_what_they_expect() {
    // The examples ask for a page that is not there; API Gateway's posts to it.
    for (name, expected) in [("api-gateway-v2-request.json", 405), ("function-url-request.json", 404)] {
        let mut event = example(name);
        assert_eq!(answer(&event).await["statusCode"], expected, "{name}");

        event["rawPath"] = json!("/pricing");
        event["requestContext"]["http"]["path"] = json!("/pricing");
        event["requestContext"]["http"]["method"] = json!("GET");
        let page = answer(&event).await;
        assert_eq!(page["statusCode"], 200, "{name}");
        assert_eq!(page["isBase64Encoded"], false, "{name}");
        assert!(page["body"].as_str().unwrap().starts_with("<!DOCTYPE html>"), "{name}");
        assert_eq!(page["headers"]["x-content-type-options"], "nosniff", "{name}");

        event["headers"]["accept-encoding"] = json!("gzip, deflate, br");
        let compressed = answer(&event).await;
        assert_eq!(compressed["headers"]["content-encoding"], "br", "{name}");
        assert_eq!(compressed["isBase64Encoded"], true, "{name}");
    }
}
