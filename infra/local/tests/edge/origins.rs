use axum::http::Method;

use crate::support::{CUSTOMER, SECRET, World};

#[tokio::test]
async fn a_request_to_the_api_arrives_as_it_was_sent() {
    let world = World::start().await;
    let answer = world
        .ask(Method::POST, "/api/v1/sessions?a=%20b&&c")
        .header("cookie", "session=1; other=2")
        .header("authorization", "Bearer token")
        .header("idempotency-key", "key")
        .header("content-type", "application/json")
        .send()
        .await;
    assert_eq!((answer.status, answer.cache()), (200, "Miss"));
    let (method, target, headers) = world.api.last();
    assert_eq!((method, target.as_str()), (Method::POST, "/api/v1/sessions?a=%20b&&c"));
    assert_eq!(headers["cookie"], "session=1; other=2");
    assert_eq!(headers["authorization"], "Bearer token");
    assert_eq!(headers["idempotency-key"], "key");
    assert!(headers["via"].to_str().unwrap().contains("cloudfront"));
}

#[tokio::test]
async fn the_origin_knows_the_distribution_by_its_secret_and_a_viewer_cannot_send_it() {
    let world = World::start().await;
    world.get("/api/v1/health").header("x-faxdroid-origin", "guessed").send().await;
    let (_, _, headers) = world.api.last();
    assert_eq!(headers.get_all("x-faxdroid-origin").iter().collect::<Vec<_>>(), [SECRET]);
    assert_ne!(headers["host"], "www.faxdroid.example", "the origin has a name of its own");
}

#[tokio::test]
async fn the_address_of_the_viewer_is_the_last_entry_whatever_he_wrote_before() {
    let world = World::start().await;
    world.get("/api/v1/health").header("x-forwarded-for", "6.6.6.6, 7.7.7.7").send().await;
    let (_, _, headers) = world.api.last();
    let address = std::net::Ipv4Addr::from(CUSTOMER);
    assert_eq!(headers["x-forwarded-for"], format!("6.6.6.6, 7.7.7.7, {address}"));
}

#[tokio::test]
async fn http_is_led_to_https_for_pages_and_refused_for_the_api() {
    let world = World::with(&crate::support::stacks(), Some(8443)).await;
    let page = world.get("/pricing?pages=5").over_http().send().await;
    assert_eq!((page.status, page.cache()), (301, "Redirect"));
    assert_eq!(page.header("location"), "https://www.faxdroid.example:8443/pricing?pages=5");
    let api = world.ask(Method::POST, "/api/v1/sessions").over_http().send().await;
    assert_eq!(api.status, 403);
    assert_eq!((world.api.count(), world.renderer.count()), (0, 0));
}

#[tokio::test]
async fn the_renderer_learns_of_its_environment_by_headers_of_the_origin() {
    let world = World::with(&crate::support::stacks(), Some(8443)).await;
    world.get("/").send().await;
    let events = world.renderer.events.lock().unwrap();
    let header = |name: &str| {
        let pointer = format!("/Records/0/cf/request/origin/s3/customHeaders/{name}/0/value");
        events[0].pointer(&pointer).unwrap().as_str().unwrap()
    };
    assert_eq!(header("x-faxdroid-public-url"), "https://www.faxdroid.example:8443");
    assert_eq!(header("x-faxdroid-robots"), "noindex");
}

#[tokio::test]
async fn a_behavior_takes_the_methods_that_it_names_and_no_others() {
    let world = World::start().await;
    for (method, target, status) in [
        (Method::POST, "/", 403),
        (Method::PUT, "/pkg/a.js", 403),
        (Method::OPTIONS, "/pkg/a.js", 403),
        (Method::TRACE, "/", 403),
    ] {
        assert_eq!(world.ask(method.clone(), target).send().await.status, status, "{method} {target}");
    }
    let with_body = world.get("/api/v1/health").header("content-length", "5").send().await;
    assert_eq!(with_body.status, 403);
    assert_eq!((world.api.count(), world.renderer.count()), (0, 0));
}

#[tokio::test]
async fn only_the_sites_own_names_are_answered_and_only_requests_of_a_sound_size() {
    let world = World::start().await;
    assert_eq!(world.get("/").header("host", "evil.example").send().await.status, 403);
    assert_eq!(world.get(&format!("/{}", "a".repeat(8_200))).send().await.status, 413);
    assert_eq!(world.get("/").header("x-large", &"a".repeat(33_000)).send().await.status, 413);
}

#[tokio::test]
async fn security_headers_are_on_every_answer_and_a_page_may_say_more() {
    let world = World::start().await;
    for target in ["/", "/api/v1/health", "/fallback/index.html"] {
        let answer = world.get(target).send().await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{target}");
        assert!(answer.header("strict-transport-security").starts_with("max-age=63072000"), "{target}");
    }
    world.api.answers(200, &[("x-frame-options", "DENY"), ("server", "axum")], "{}");
    let answer = world.get("/api/v1/health").send().await;
    assert_eq!((answer.header("x-frame-options"), answer.header("server")), ("DENY", ""));
}
