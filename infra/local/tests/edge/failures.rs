use std::time::Duration;

use serde_json::json;

use crate::support::{Renders, SHELL, World};

#[tokio::test]
async fn while_the_renderer_fails_every_page_is_the_shell() {
    let world = World::start().await;
    world.renderer.now(Renders::Fails);
    for page in ["/", "/pricing", "/faxes/fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2"] {
        let answer = world.get(page).send().await;
        assert_eq!((answer.status, answer.text()), (503, SHELL), "{page}");
    }
}

#[tokio::test]
async fn answers_that_cloudfront_would_refuse_are_failures_too() {
    let world = World::start().await;
    for answer in [
        json!({ "status": "200", "headers": { "connection": [{ "value": "close" }] } }),
        json!({ "status": "200", "body": "x".repeat(1_100_000) }),
        json!("nothing"),
    ] {
        world.renderer.now(Renders::Exactly(answer));
        world.clock.turn_forward(Duration::from_secs(5));
        let answer = world.get("/").send().await;
        assert_eq!((answer.status, answer.text()), (503, SHELL));
    }
}

#[tokio::test]
async fn once_the_renderer_is_back_so_are_the_pages() {
    let world = World::start().await;
    world.renderer.now(Renders::Fails);
    assert_eq!(world.get("/").send().await.status, 503);
    world.renderer.now(Renders::Pages);
    world.clock.turn_forward(Duration::from_secs(2));
    assert_eq!(world.get("/").send().await.status, 200);
}

#[tokio::test]
async fn a_page_that_was_kept_is_shown_while_the_renderer_fails() {
    let world = World::start().await;
    let page = world.get("/pricing").send().await;
    world.renderer.now(Renders::Fails);
    world.clock.turn_forward(Duration::from_secs(86_400 + 300));
    let stale = world.get("/pricing").send().await;
    assert_eq!((stale.status, &stale.body), (200, &page.body));
    world.clock.turn_forward(Duration::from_secs(600));
    assert_eq!(world.get("/pricing").send().await.status, 503, "beyond stale-if-error");
}

#[tokio::test]
async fn a_shell_that_is_missing_leaves_the_error() {
    let world = World::start().await;
    world.bucket.remove("/fallback/index.html");
    world.renderer.now(Renders::Fails);
    let answer = world.get("/").send().await;
    assert_eq!((answer.status, answer.cache()), (503, "Error"));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_forbidden_as_s3_says_it() {
    let world = World::start().await;
    assert_eq!(world.get("/pkg/none.js").send().await.status, 403);
}

#[tokio::test]
async fn while_no_server_answers_the_api_is_unavailable() {
    let world = World::start().await;
    world.api.answers(502, &[], "");
    assert_eq!(world.get("/api/v1/health").send().await.status, 503);
    world.api.answers(200, &[], "{}");
    world.clock.turn_forward(Duration::from_secs(2));
    assert_eq!(world.get("/api/v1/health").send().await.status, 200);
}
