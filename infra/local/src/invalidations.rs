//! The part of CloudFront's API that invalidates: a release speaks to it as it does to CloudFront.
//!
//! Shapes follow the CloudFront API reference, `CreateInvalidation` and `GetInvalidation` of 2020-05-31.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::EdgeLocation;

const NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
/// Of paths that end in `*`, at a time ("Quotas").
const MOST_WILDCARDS: usize = 15;
const MOST_PATHS: usize = 3_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InvalidationBatch {
    paths: Paths,
    caller_reference: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Paths {
    quantity: usize,
    #[serde(default)]
    items: Items,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Items {
    #[serde(rename = "Path", default)]
    paths: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Invalidation<'a> {
    #[serde(rename = "@xmlns")]
    namespace: &'a str,
    id: &'a str,
    status: &'a str,
    create_time: &'a str,
    invalidation_batch: &'a InvalidationBatch,
}

#[derive(Debug, Clone)]
struct Ordered {
    batch: InvalidationBatch,
    at: Instant,
    /// RFC 3339, as the API writes times.
    written_at: String,
}

#[derive(Debug, Clone)]
struct Api {
    edge: Arc<EdgeLocation>,
    takes: Duration,
    ordered: Arc<Mutex<BTreeMap<String, Ordered>>>,
}

/// The API for the distribution of `edge`, which says of an invalidation for so long that it is in progress.
pub fn api(edge: Arc<EdgeLocation>, takes: Duration) -> Router {
    Router::new()
        .route("/2020-05-31/distribution/{distribution}/invalidation", post(create))
        .route("/2020-05-31/distribution/{distribution}/invalidation/{id}", get(read))
        .with_state(Api { edge, takes, ordered: Arc::default() })
}

async fn create(State(api): State<Api>, Path(distribution): Path<String>, body: String) -> Response {
    if distribution != api.name() {
        return failure(
            StatusCode::NOT_FOUND,
            "NoSuchDistribution",
            "The specified distribution does not exist.",
        );
    }
    let Ok(batch) = quick_xml::de::from_str::<InvalidationBatch>(&body) else {
        return failure(StatusCode::BAD_REQUEST, "MalformedXML", "The XML document is malformed.");
    };
    let paths = &batch.paths.items.paths;
    if batch.paths.quantity != paths.len() {
        return failure(
            StatusCode::BAD_REQUEST,
            "InconsistentQuantities",
            "Quantity is not the number of items.",
        );
    }
    if paths.is_empty() || paths.iter().any(|path| !path.starts_with('/') || path.contains(' ')) {
        return failure(StatusCode::BAD_REQUEST, "InvalidArgument", "Your request contains an invalid path.");
    }
    let now = api.edge.clock.now();
    let mut ordered = api.ordered.lock().unwrap_or_else(PoisonError::into_inner);
    let running = ordered.values().filter(|earlier| !api.is_over(earlier, now));
    let running: Vec<&String> =
        running.flat_map(|earlier| &earlier.batch.paths.items.paths).chain(paths).collect();
    if running.len() > MOST_PATHS
        || running.iter().filter(|path| path.ends_with('*')).count() > MOST_WILDCARDS
    {
        return failure(
            StatusCode::BAD_REQUEST,
            "TooManyInvalidationsInProgress",
            "Too many invalidations in progress.",
        );
    }
    // The same order again is the same invalidation.
    let earlier =
        ordered.iter().find(|(_, earlier)| earlier.batch.caller_reference == batch.caller_reference);
    let (id, order) = match earlier {
        Some((id, earlier)) if earlier.batch == batch => (id.clone(), earlier.clone()),
        Some(_) => {
            let reason = "There is an invalidation with this CallerReference for other paths.";
            return failure(StatusCode::BAD_REQUEST, "InvalidationBatchAlreadyExists", reason);
        }
        None => {
            let forgotten = api.edge.cache.invalidate(paths);
            tracing::info!(?paths, forgotten, "invalidated");
            let written_at = jiff::Timestamp::now().to_string();
            let order = Ordered { batch, at: now, written_at };
            let id = format!("I{}", Ulid::new());
            ordered.insert(id.clone(), order.clone());
            (id, order)
        }
    };
    drop(ordered);
    let mut response = (StatusCode::CREATED, api.document(&id, &order)).into_response();
    if let Ok(location) =
        HeaderValue::try_from(format!("/2020-05-31/distribution/{distribution}/invalidation/{id}"))
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

async fn read(State(api): State<Api>, Path((distribution, id)): Path<(String, String)>) -> Response {
    let ordered = api.ordered.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
    match ordered {
        Some(order) if distribution == api.name() => api.document(&id, &order).into_response(),
        _ => {
            failure(StatusCode::NOT_FOUND, "NoSuchInvalidation", "The specified invalidation does not exist.")
        }
    }
}

impl Api {
    fn name(&self) -> &str {
        self.edge.distribution.name()
    }

    fn is_over(&self, order: &Ordered, now: Instant) -> bool {
        now.saturating_duration_since(order.at) >= self.takes
    }

    fn document(&self, id: &str, order: &Ordered) -> Response {
        let over = self.is_over(order, self.edge.clock.now());
        xml(&Invalidation {
            namespace: NAMESPACE,
            id,
            status: if over { "Completed" } else { "InProgress" },
            create_time: &order.written_at,
            invalidation_batch: &order.batch,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorResponse<'a> {
    #[serde(rename = "@xmlns")]
    namespace: &'a str,
    error: Failure<'a>,
    request_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failure<'a> {
    r#type: &'a str,
    code: &'a str,
    message: &'a str,
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    let error = Failure { r#type: "Sender", code, message };
    let document = ErrorResponse { namespace: NAMESPACE, error, request_id: Ulid::new().to_string() };
    (status, xml(&document)).into_response()
}

fn xml(document: &impl Serialize) -> Response {
    match quick_xml::se::to_string(document) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/xml")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
