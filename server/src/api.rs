//! The REST API, `/api/v1`: the only way in, for the site as for customers' programs.
//!
//! Handlers parse, call the domain and answer. What is the same for all of them happens around them: the request's
//! identifier, the refusal of requests from other sites, errors as problem details, and redirects for plain forms.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::IntoResponse;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

mod accounts;
mod answer;
mod auth;
mod checkouts;
mod client;
mod credits;
mod cross_origin;
mod documents;
mod envelope;
mod events;
mod faxes;
mod health;
mod idempotency;
mod input;
mod me;
mod numbers;
mod paging;
mod plain;
mod prices;
mod problem;
mod quotes;
mod rate_limit;
mod received_faxes;
mod sessions;
mod stripe;
mod transactions;

use problem::ApiProblem;
pub use rate_limit::RateLimits;

/// Larger than any body but an upload.
const MAX_BODY: usize = 64 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "FaxDroid API",
        version = "1",
        description = "Send faxes: upload a document, ask for a price, send, follow. Errors are RFC 9457 problem \
                       details with a stable code; lists are read with cursors, newest first; amounts are in minor \
                       units; times are RFC 3339 in UTC."
    ),
    components(schemas(faxdroid_contract::problem::Problem)),
    tags(
        (name = "accounts", description = "Sign up, confirm an address, set passwords"),
        (name = "sessions", description = "Sign in and out"),
        (name = "documents", description = "Files made into fax pages"),
        (name = "quotes", description = "What a fax costs"),
        (name = "faxes", description = "Send, follow, cancel, send again"),
        (name = "received faxes", description = "Numbers of your own, and the faxes that come in on them"),
        (name = "credits", description = "Buy credits and read the statement"),
        (name = "service", description = "Prices and health"),
    )
)]
struct Description;

fn operations() -> OpenApiRouter<App> {
    let uploads = OpenApiRouter::new()
        .routes(routes!(documents::upload))
        // Counted while it is read, so that the limit is said as a problem of the document.
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(accounts::sign_up))
        .routes(routes!(accounts::confirm_email))
        .routes(routes!(accounts::request_password_reset))
        .routes(routes!(accounts::reset_password))
        .routes(routes!(sessions::sign_in))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(sessions::end))
        .routes(routes!(me::show, me::update_sender))
        .routes(routes!(me::change_password))
        .routes(routes!(me::resend_confirmation))
        .routes(routes!(documents::show, documents::delete))
        .routes(routes!(documents::page))
        .routes(routes!(quotes::create))
        .routes(routes!(quotes::show))
        .routes(routes!(faxes::create, faxes::list))
        .routes(routes!(faxes::show))
        .routes(routes!(faxes::cancel))
        .routes(routes!(faxes::resend))
        .routes(routes!(faxes::attempts))
        .routes(routes!(events::follow))
        .routes(routes!(numbers::list))
        .routes(routes!(received_faxes::list))
        .routes(routes!(received_faxes::show, received_faxes::delete))
        .routes(routes!(received_faxes::delete_by_form))
        .routes(routes!(received_faxes::page))
        .routes(routes!(received_faxes::pdf))
        .routes(routes!(credits::packages))
        .routes(routes!(checkouts::create))
        .routes(routes!(checkouts::show))
        .routes(routes!(checkouts::pay))
        .routes(routes!(checkouts::confirm))
        .routes(routes!(stripe::pay))
        .routes(routes!(stripe::come_back))
        .routes(routes!(stripe::event))
        .routes(routes!(transactions::list))
        .routes(routes!(prices::show))
        .routes(routes!(health::show))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(uploads)
}

/// The API with everything around it.
pub fn router(app: App) -> Router {
    let (operations, description) = operations().split_for_parts();
    let description = description.to_json().unwrap_or_default();
    let described = axum::routing::get(async move || ([("content-type", "application/json")], description));
    let unknown = || async { ApiProblem::not_found() };
    let api = operations
        .route("/api/openapi.json", described)
        .route("/api", axum::routing::any(unknown))
        .route("/api/{*path}", axum::routing::any(unknown))
        .method_not_allowed_fallback(async || {
            ApiProblem::of(faxdroid_contract::problem::ProblemCode::MethodNotAllowed)
        })
        .layer(CatchPanicLayer::custom(|_panic: Box<dyn std::any::Any + Send>| {
            tracing::error!("handler_panicked");
            let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
            response.extensions_mut().insert(ApiProblem::internal());
            response
        }))
        .layer(middleware::from_fn_with_state(app.clone(), cross_origin::refuse))
        .layer(middleware::from_fn_with_state(app.clone(), envelope::wrap));
    api.with_state(app)
}

/// The OpenAPI document, as it is served at `/api/openapi.json`.
pub fn openapi_json() -> anyhow::Result<String> {
    Ok(operations().into_openapi().to_pretty_json()?)
}
