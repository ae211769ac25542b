//! The private listener: what the poller asks of a server. It is reachable from inside the network only, and every
//! request may be repeated.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use faxdroid_contract::ids::FaxId;
use serde_json::json;

use crate::fax::Faxes;
use crate::fax::life::{self, Handled};
use crate::store::StoreError;

pub fn router(faxes: Faxes) -> Router {
    Router::new()
        .route("/internal/v1/retries/{fax_id}", post(retry))
        .route("/internal/v1/refunds/{fax_id}", post(refund))
        .route("/internal/v1/health", get(health))
        .with_state(faxes)
}

/// The next attempt of a fax is due.
async fn retry(State(faxes): State<Faxes>, Path(fax): Path<FaxId>) -> Response {
    answer(life::retry(&faxes, &fax).await)
}

/// A fax failed and its charge has to go back.
async fn refund(State(faxes): State<Faxes>, Path(fax): Path<FaxId>) -> Response {
    answer(life::refund(&faxes, &fax).await)
}

/// Whether this server can do anything at all.
async fn health(State(faxes): State<Faxes>) -> Response {
    match faxes.store.is_reachable().await {
        Ok(()) => Json(json!({ "status": "ok" })).into_response(),
        Err(error) => failed(&error),
    }
}

/// A message is done with on 200; on any other answer it comes again.
fn answer(handled: Result<Handled, StoreError>) -> Response {
    match handled {
        Ok(Handled::Done) => Json(json!({ "handled": "done" })).into_response(),
        Ok(Handled::NothingToDo) => Json(json!({ "handled": "nothing_to_do" })).into_response(),
        Ok(Handled::TooEarly) => {
            (StatusCode::CONFLICT, Json(json!({ "handled": "too_early" }))).into_response()
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "internal_request_failed");
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable" }))).into_response()
}
