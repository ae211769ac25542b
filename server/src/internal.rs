//! The private listener: what the poller asks of a server. It is reachable from inside the network only, and every
//! request may be repeated.

use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use faxdroid_contract::faxes::FaxStatus;
use faxdroid_contract::ids::FaxId;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::fax::Faxes;
use crate::fax::life::{self, Handled};
use crate::store::{self, StoreError};
use crate::telemetry::{self, CONNECTIONS, MAIL_TRIES, OUTBOX_AGE, QUEUE_AGE};

pub fn router(faxes: Faxes, draining: CancellationToken) -> Router {
    Router::new()
        .route("/internal/v1/faxes/{fax_id}/retry", post(retry))
        .route("/internal/v1/refunds", post(refund))
        .route("/internal/v1/health", get(health))
        .route("/internal/v1/live", get(live))
        .route("/metrics", get(metrics))
        .layer(Extension(draining))
        .layer(middleware::from_fn(log))
        .with_state(faxes)
}

/// The next attempt of a fax is due.
async fn retry(State(faxes): State<Faxes>, Path(fax): Path<FaxId>) -> Response {
    let handled = life::retry(&faxes, &fax).await;
    answer(&faxes, handled)
}

#[derive(Debug, Deserialize)]
struct RefundDue {
    fax_id: FaxId,
}

/// A fax failed and its charge has to go back.
async fn refund(State(faxes): State<Faxes>, Json(due): Json<RefundDue>) -> Response {
    let handled = life::refund(&faxes, &due.fax_id).await;
    answer(&faxes, handled)
}

/// Readiness: whether this server reaches its database and is not about to end.
async fn health(State(faxes): State<Faxes>, Extension(draining): Extension<CancellationToken>) -> Response {
    if draining.is_cancelled() {
        let body = Json(json!({ "status": "draining" }));
        return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    }
    match faxes.store.is_reachable().await {
        Ok(()) => Json(json!({ "status": "ok" })).into_response(),
        Err(error) => failed(&error),
    }
}

/// Liveness: whether this process still answers. A database that is away is no reason to replace it.
async fn live() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// What Prometheus collects: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
async fn metrics(State(faxes): State<Faxes>) -> Response {
    if let Err(error) = look(&faxes).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "queues_not_measured");
    }
    for (pool, connection) in [("writer", faxes.store.connection()), ("reader", faxes.store.replica())] {
        let (open, idle) = connection.usage();
        metrics::gauge!(CONNECTIONS, "pool" => pool, "state" => "open").set(open);
        metrics::gauge!(CONNECTIONS, "pool" => pool, "state" => "idle").set(idle as f64);
    }
    let handle = telemetry::metrics();
    handle.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
}

/// How long what waits has waited, as of now.
async fn look(faxes: &Faxes) -> Result<(), StoreError> {
    let db = faxes.store.replica();
    let now = faxes.clock.now().as_millisecond();
    let seconds = |since: Option<i64>| since.map_or(0.0, |since| (now - since).max(0) as f64 / 1000.0);
    for status in [FaxStatus::Queued, FaxStatus::Retrying, FaxStatus::Failed] {
        let since = store::faxes::due_since(db, status.as_str()).await?;
        metrics::gauge!(QUEUE_AGE, "status" => status.as_str()).set(seconds(since));
    }
    let first = store::outbox::oldest(db, 1).await?.into_iter().next();
    metrics::gauge!(OUTBOX_AGE).set(seconds(first.map(|message| message.created_at)));
    metrics::gauge!(MAIL_TRIES).set(store::outgoing_mail::most_tries(db).await?);
    Ok(())
}

/// Everything that a request causes is logged with the identifier that its sender has given it.
async fn log(request: Request, next: Next) -> Response {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!("internal_request", request_id = id, path = request.uri().path());
    let asks_for_something = request.method() == Method::POST;
    let response = next.run(request).instrument(span.clone()).await;
    if asks_for_something {
        span.in_scope(|| tracing::info!(status = response.status().as_u16(), "internal_request"));
    }
    response
}

/// A message is done with on 200; on any other answer it comes again, on 409 when it is due.
fn answer(faxes: &Faxes, handled: Result<Handled, StoreError>) -> Response {
    match handled {
        Ok(Handled::Done) => Json(json!({ "handled": "done" })).into_response(),
        Ok(Handled::NothingToDo) => Json(json!({ "handled": "nothing_to_do" })).into_response(),
        Ok(Handled::TooEarly { due_at }) => {
            let wait = (due_at - faxes.clock.now().as_millisecond()).max(0);
            let body = json!({ "handled": "too_early", "due_in_seconds": wait.saturating_add(999) / 1000 });
            (StatusCode::CONFLICT, Json(body)).into_response()
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "internal_request_failed");
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable" }))).into_response()
}
