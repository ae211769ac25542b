//! `/api/v1/prices`: the price table.

use axum::Json;
use faxdroid_contract::prices::{PRICE_TABLE, PriceTable};

/// What a page costs, by destination.
#[utoipa::path(get, path = "/api/v1/prices", tag = "service", responses(
    (status = 200, description = "The price table", body = PriceTable),
))]
pub(crate) async fn show() -> Json<PriceTable> {
    Json(PRICE_TABLE)
}
