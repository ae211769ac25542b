//! `/api/v1/health`: whether this server can do its work.

use axum::Json;
use axum::extract::State;
use faxdroid_contract::problem::{Problem, ProblemCode};
use serde::Serialize;

use super::problem::ApiProblem;
use crate::app::App;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// `ok`
    status: &'static str,
}

/// Whether this server reaches its database and is not about to end.
#[utoipa::path(get, path = "/api/v1/health", tag = "service", responses(
    (status = 200, description = "It does", body = Health),
    (status = 500, description = "`unavailable`", body = Problem),
))]
pub(crate) async fn show(State(app): State<App>) -> Result<Json<Health>, ApiProblem> {
    if app.draining.is_cancelled() {
        return Err(ApiProblem::of(ProblemCode::Unavailable));
    }
    match app.store.is_reachable().await {
        Ok(()) => Ok(Json(Health { status: "ok" })),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "database_unreachable");
            Err(ApiProblem::of(ProblemCode::Unavailable))
        }
    }
}
