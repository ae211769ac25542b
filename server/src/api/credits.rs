//! `/api/v1/credits`: what is sold.

use axum::http::HeaderMap;
use axum::response::Response;
use faxdroid_contract::credits::{CreditPackage, PACKAGES};

use super::plain;

/// The packages of credits that can be bought.
#[utoipa::path(get, path = "/api/v1/credits/packages", tag = "credits", responses(
    (status = 200, description = "The packages", body = Vec<CreditPackage>),
))]
pub(crate) async fn packages(headers: HeaderMap) -> Response {
    plain::negotiated(&headers, &PACKAGES, |packages| plain::packages(packages))
}
