use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use crate::support::{Renders, World};

const HASHED: [(&str, &str); 2] =
    [("content-type", "text/css"), ("cache-control", "public, max-age=31536000, immutable")];

#[tokio::test]
async fn a_page_is_rendered_once_and_then_comes_from_the_cache() {
    let world = World::start().await;
    let first = world.get("/pricing").send().await;
    assert_eq!((first.status, first.cache()), (200, "LambdaGeneratedResponse"));
    assert_eq!(first.header("age"), "");
    world.clock.turn_forward(Duration::from_secs(42));
    let second = world.get("/pricing").send().await;
    assert_eq!((second.cache(), second.header("age")), ("Hit", "42"));
    assert_eq!(second.body, first.body);
    assert_eq!(world.renderer.count(), 1);
}

#[tokio::test]
async fn no_cookie_reaches_the_renderer_or_tells_two_visitors_apart() {
    let world = World::start().await;
    world.get("/").header("cookie", "session=secret").header("authorization", "Bearer secret").send().await;
    let other = world.get("/").header("cookie", "session=other").send().await;
    assert_eq!(other.cache(), "Hit");
    assert!(!format!("{:?}", world.renderer.events.lock().unwrap()).contains("secret"));
}

#[tokio::test]
async fn queries_that_no_page_reads_do_not_fill_the_cache() {
    let world = World::start().await;
    let first = world.get("/pricing?utm_source=mail&country=MX&gclid=1").send().await;
    assert!(first.text().starts_with("/pricing?country=MX render 1"), "{}", first.text());
    let same = world.get("/pricing?fbclid=2&country=MX").send().await;
    assert_eq!(same.cache(), "Hit");
    assert_ne!(world.get("/pricing?country=US").send().await.cache(), "Hit");
}

#[tokio::test]
async fn the_apex_is_told_from_www() {
    let world = World::start().await;
    world.get("/").send().await;
    world.get("/").header("host", "faxdroid.example").send().await;
    let events = world.renderer.events.lock().unwrap();
    let hosts: Vec<_> = events
        .iter()
        .map(|event| {
            event.pointer("/Records/0/cf/request/headers/x-forwarded-host/0/value").unwrap().as_str().unwrap()
        })
        .collect();
    assert_eq!(hosts, ["www.faxdroid.example", "faxdroid.example"]);
}

#[tokio::test]
async fn a_stale_page_is_shown_while_the_new_one_is_rendered() {
    let world = World::start().await;
    world.renderer.now(page("s-maxage=60, stale-while-revalidate=30", "before"));
    world.get("/faq").send().await;
    world.renderer.now(page("s-maxage=60, stale-while-revalidate=30", "after"));
    world.clock.turn_forward(Duration::from_secs(61));
    let stale = world.get("/faq").send().await;
    assert_eq!((stale.cache(), stale.text()), ("Hit", "before"), "nobody waits for the renderer");
    let renewed = async {
        while world.get("/faq").send().await.text() != "after" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), renewed).await.expect("the next visitor has the new page");
    world.clock.turn_forward(Duration::from_secs(60 + 30 + 1));
    world.renderer.now(page("s-maxage=60", "last"));
    assert_eq!(world.get("/faq").send().await.text(), "last", "beyond that time it is waited for");
}

#[tokio::test]
async fn a_page_is_kept_no_longer_than_the_policy_allows() {
    let world = World::start().await;
    world.renderer.now(page("s-maxage=999999, stale-while-revalidate=999999", "before"));
    world.get("/faq").send().await;
    world.renderer.now(page("s-maxage=60", "after"));
    world.clock.turn_forward(Duration::from_secs(86_400 - 1));
    assert_eq!(world.get("/faq").send().await.cache(), "Hit");
    world.clock.turn_forward(Duration::from_secs(2));
    assert_eq!(world.get("/faq").send().await.text(), "after");
}

fn page(cache_control: &str, body: &str) -> Renders {
    Renders::Exactly(json!({
        "status": "200",
        "headers": {
            "content-type": [{ "value": "text/html; charset=utf-8" }],
            "cache-control": [{ "value": cache_control }],
        },
        "body": body,
    }))
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let world = World::start().await;
    let page = world.get("/").send().await;
    let again = world.get("/").header("if-none-match", page.header("etag")).send().await;
    assert_eq!((again.status, again.body.len(), again.cache()), (304, 0, "Hit"));
    let changed = world.get("/").header("if-none-match", "\"another\"").send().await;
    assert_eq!(changed.status, 200);
}

#[tokio::test]
async fn head_is_answered_by_what_get_has_brought() {
    let world = World::start().await;
    let page = world.get("/").send().await;
    let head = world.ask(Method::HEAD, "/").send().await;
    assert_eq!((head.status, head.cache(), head.body.len()), (200, "Hit", 0));
    assert_eq!(head.header("content-length"), page.body.len().to_string());
}

#[tokio::test]
async fn files_come_from_the_bucket_and_stay_for_as_long_as_they_say() {
    let world = World::start().await;
    let style = "main { color: black }\n".repeat(200);
    world.bucket.put("/pkg/faxdroid.1a2b3c4d.css", &HASHED, style.clone());
    let first = world.get("/pkg/faxdroid.1a2b3c4d.css?v=1").send().await;
    assert_eq!((first.status, first.cache()), (200, "Miss"));
    assert_eq!(first.text(), style);
    world.clock.turn_forward(Duration::from_secs(30_000_000));
    assert_eq!(world.get("/pkg/faxdroid.1a2b3c4d.css?v=2").send().await.cache(), "Hit");
    assert_eq!(world.renderer.count(), 0, "no function runs for files");
    assert_eq!(world.bucket.asked(), ["/static/pkg/faxdroid.1a2b3c4d.css"]);
}

#[tokio::test]
async fn text_is_compressed_at_the_edge_and_each_coding_is_kept_apart() {
    let world = World::start().await;
    let style = "main { color: black }\n".repeat(200);
    world.bucket.put("/pkg/a.css", &HASHED, style.clone());
    let brotli = world.get("/pkg/a.css").header("accept-encoding", "gzip, deflate, br").send().await;
    assert_eq!(brotli.header("content-encoding"), "br");
    assert!(brotli.body.len() < style.len() / 4);
    let plain = world.get("/pkg/a.css").send().await;
    assert_eq!((plain.header("content-encoding"), plain.cache()), ("", "Miss"));
    let again = world.get("/pkg/a.css").header("accept-encoding", "br, gzip").send().await;
    assert_eq!((again.cache(), again.header("content-encoding")), ("Hit", "br"));
}

#[tokio::test]
async fn the_renderer_is_told_which_codings_the_visitor_takes() {
    let world = World::start().await;
    world.get("/").header("accept-encoding", "gzip, deflate, br, zstd").send().await;
    let events = world.renderer.events.lock().unwrap();
    let told = events[0].pointer("/Records/0/cf/request/headers/accept-encoding/0/value").unwrap();
    assert_eq!(told, "br,gzip");
}

#[tokio::test]
async fn nothing_of_the_api_is_kept_not_even_its_errors() {
    let world = World::start().await;
    for (status, headers) in [
        (200, &[("cache-control", "public, max-age=600")][..]),
        (404, &[("cache-control", "no-store")]),
        (500, &[("cache-control", "no-store")]),
        (403, &[]),
    ] {
        world.api.answers(status, headers, "{}");
        let before = world.api.count();
        for _ in 0..3 {
            let answer = world.get("/api/v1/faxes").send().await;
            assert_eq!(answer.status, status);
            assert_ne!(answer.cache(), "Hit", "{status}");
        }
        assert_eq!(world.api.count() - before, 3, "{status}");
    }
}
