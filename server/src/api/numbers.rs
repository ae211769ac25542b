//! `/api/v1/numbers`: the numbers on which a customer receives faxes. They are assigned by the operator.

use axum::Json;
use axum::extract::State;
use faxdroid_contract::problem::Problem;
use faxdroid_contract::received_faxes::Number;

use super::auth::SignedIn;
use super::problem::ApiProblem;
use crate::app::App;
use crate::inbox;

/// The customer's own numbers.
#[utoipa::path(get, path = "/api/v1/numbers", tag = "received faxes", responses(
    (status = 200, description = "The numbers", body = Vec<Number>),
    (status = 401, description = "`unauthenticated`", body = Problem),
))]
pub(crate) async fn list(
    State(app): State<App>,
    customer: SignedIn,
) -> Result<Json<Vec<Number>>, ApiProblem> {
    Ok(Json(inbox::numbers(&app.store, &customer.id).await?))
}
