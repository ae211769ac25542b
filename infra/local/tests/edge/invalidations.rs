use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use faxdroid_local::invalidations;
use tower::ServiceExt;

use crate::support::World;

const TAKES: Duration = Duration::from_secs(30);
const PATH: &str = "/2020-05-31/distribution/Distribution/invalidation";

async fn ask(api: &Router, method: &str, path: &str, body: String) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    let response = api.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn batch(reference: &str, paths: &[&str]) -> String {
    let items: String = paths.iter().map(|path| format!("<Path>{path}</Path>")).collect();
    format!(
        "<?xml version=\"1.0\"?><InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths>\
         <Quantity>{}</Quantity><Items>{items}</Items></Paths><CallerReference>{reference}</CallerReference></InvalidationBatch>",
        paths.len()
    )
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[tokio::test]
async fn a_page_that_is_invalidated_is_rendered_anew_and_its_neighbour_is_not() {
    let world = World::start().await;
    let api = invalidations::api(world.edge.clone(), TAKES);
    for page in ["/pricing", "/faq"] {
        world.get(page).send().await;
    }
    let (status, answer) = ask(&api, "POST", PATH, batch("1", &["/pricing"])).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert!(world.get("/pricing").send().await.text().ends_with("render 3"));
    assert_eq!(world.get("/faq").send().await.cache(), "Hit");
}

#[tokio::test]
async fn it_is_in_progress_for_a_while_and_then_completed() {
    let world = World::start().await;
    let api = invalidations::api(world.edge.clone(), TAKES);
    let (_, answer) = ask(&api, "POST", PATH, batch("1", &["/*"])).await;
    assert_eq!(between(&answer, "<Status>", "<"), "InProgress");
    let id = between(&answer, "<Id>", "<").to_owned();
    world.clock.turn_forward(TAKES);
    let (status, answer) = ask(&api, "GET", &format!("{PATH}/{id}"), String::new()).await;
    assert_eq!((status, between(&answer, "<Status>", "<")), (StatusCode::OK, "Completed"));
    assert!(answer.contains("<Path>/*</Path>"), "{answer}");
    let created = between(&answer, "<CreateTime>", "<");
    created.parse::<jiff::Timestamp>().expect("the API writes times as RFC 3339 does");
}

#[tokio::test]
async fn the_same_order_again_is_the_same_invalidation() {
    let world = World::start().await;
    let api = invalidations::api(world.edge.clone(), TAKES);
    let (_, first) = ask(&api, "POST", PATH, batch("release-1", &["/a"])).await;
    let (status, second) = ask(&api, "POST", PATH, batch("release-1", &["/a"])).await;
    assert_eq!((status, between(&first, "<Id>", "<")), (StatusCode::CREATED, between(&second, "<Id>", "<")));
    let (status, other) = ask(&api, "POST", PATH, batch("release-1", &["/b"])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(other.contains("InvalidationBatchAlreadyExists"));
}

#[tokio::test]
async fn what_cloudfront_would_refuse_is_refused() {
    let world = World::start().await;
    let api = invalidations::api(world.edge.clone(), TAKES);
    let many: Vec<String> = (0..16).map(|n| format!("/{n}/*")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (path, body, code) in [
        ("/2020-05-31/distribution/Other/invalidation", batch("1", &["/a"]), "NoSuchDistribution"),
        (PATH, "no XML".to_owned(), "MalformedXML"),
        (PATH, batch("1", &["pricing"]), "InvalidArgument"),
        (PATH, batch("1", &[]), "InvalidArgument"),
        (PATH, batch("1", &["/a"]).replace("<Quantity>1", "<Quantity>2"), "InconsistentQuantities"),
        (PATH, batch("1", &many), "TooManyInvalidationsInProgress"),
    ] {
        let (status, answer) = ask(&api, "POST", path, body).await;
        assert!(status.is_client_error() && answer.contains(code), "{code}: {status} {answer}");
    }
    let (status, _) = ask(&api, "GET", &format!("{PATH}/I1"), String::new()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
