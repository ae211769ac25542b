//! `/api/v1/checkouts`: buying credits, and the payment page of the sandbox.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use faxdroid_contract::credits::{
    Checkout, CheckoutStatus, CreateCheckout, SandboxConfirmation, SandboxPayment, package,
};
use faxdroid_contract::ids::CheckoutId;
use faxdroid_contract::money::Money;
use faxdroid_contract::problem::{Problem, ProblemCode};
use url::form_urlencoded;

use super::answer::Answer;
use super::auth::SignedIn;
use super::envelope::with_query;
use super::input::{Id, Input};
use super::plain;
use super::problem::ApiProblem;
use crate::app::App;
use crate::documents::rfc3339;
use crate::payments::{Decision, Payments, sandbox, settle};
use crate::store;
use crate::store::checkouts::CheckoutRow;

/// Begins the purchase of a package; the customer pays at `payment_url`.
#[utoipa::path(post, path = "/api/v1/checkouts", tag = "credits", request_body = CreateCheckout, responses(
    (status = 201, description = "The purchase", body = Checkout),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 422, description = "`package_unknown`", body = Problem),
))]
pub(crate) async fn create(
    State(app): State<App>,
    customer: SignedIn,
    input: Input<CreateCheckout>,
) -> Result<Answer, ApiProblem> {
    let package = package(&input.body.package)
        .ok_or_else(|| ApiProblem::field("/package", ProblemCode::PackageUnknown))?;
    let row = CheckoutRow {
        id: format!("{}{}", CheckoutId::PREFIX, app.clock.new_ulid()),
        account_id: customer.id.to_string(),
        package: package.id.to_owned(),
        price_minor: package.price.amount_minor,
        credits_minor: package.credits.amount_minor,
        status: CheckoutStatus::Open.as_str().to_owned(),
        provider_reference: None,
        dispute_due_at: None,
        created_at: app.clock.now().as_millisecond(),
    };
    store::checkouts::insert(app.store.connection(), row.clone()).await?;
    let checkout = present(&app, &row)?;
    let page = and_then(&checkout.payment_url, input.next.as_deref());
    Ok(Answer::json(StatusCode::CREATED, &checkout).then(page))
}

/// A purchase.
#[utoipa::path(get, path = "/api/v1/checkouts/{id}", tag = "credits", params(("id" = CheckoutId, Path)), responses(
    (status = 200, description = "The purchase", body = Checkout),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(crate) async fn show(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<CheckoutId>,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let checkout = present(&app, &find(&app, &customer, &id).await?)?;
    Ok(plain::negotiated(&headers, &checkout, plain::checkout))
}

/// Pays with a test card. Only in the sandbox, where no money moves.
#[utoipa::path(post, path = "/api/v1/sandbox/checkouts/{id}/pay", tag = "credits", request_body = SandboxPayment,
    params(("id" = CheckoutId, Path)),
    responses(
        (status = 200, description = "The purchase, paid or waiting for the bank", body = Checkout),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 402, description = "`card_declined`", body = Problem),
        (status = 404, description = "`not_found`: no such purchase, or no sandbox", body = Problem),
        (status = 409, description = "`checkout_not_payable`", body = Problem),
        (status = 422, description = "`card_invalid`", body = Problem),
    )
)]
pub(crate) async fn pay(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<CheckoutId>,
    input: Input<SandboxPayment>,
) -> Result<Answer, ApiProblem> {
    let checkout = find_in_sandbox(&app, &customer, &id).await?;
    if !matches!(status(&checkout)?, CheckoutStatus::Open | CheckoutStatus::Declined) {
        return Err(ApiProblem::of(ProblemCode::CheckoutNotPayable));
    }
    let decision = sandbox::pay(&input.body.card_number)?;
    decided(&app, checkout, decision, input.next.as_deref()).await
}

/// Answers the bank. Only in the sandbox.
#[utoipa::path(post, path = "/api/v1/sandbox/checkouts/{id}/confirm", tag = "credits", request_body = SandboxConfirmation,
    params(("id" = CheckoutId, Path)),
    responses(
        (status = 200, description = "The purchase, paid", body = Checkout),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 402, description = "`card_declined`", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`checkout_not_payable`", body = Problem),
    )
)]
pub(crate) async fn confirm(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<CheckoutId>,
    input: Input<SandboxConfirmation>,
) -> Result<Answer, ApiProblem> {
    let checkout = find_in_sandbox(&app, &customer, &id).await?;
    if status(&checkout)? != CheckoutStatus::RequiresAction {
        return Err(ApiProblem::of(ProblemCode::CheckoutNotPayable));
    }
    let decision = sandbox::confirm(input.body.answer);
    decided(&app, checkout, decision, input.next.as_deref()).await
}

async fn decided(
    app: &App,
    checkout: CheckoutRow,
    decision: Decision,
    next: Option<&str>,
) -> Result<Answer, ApiProblem> {
    let dispute_after = app.config.payments.dispute_after;
    let status = settle(&app.store, app.clock.as_ref(), &checkout, decision, dispute_after).await?;
    let page = match status {
        CheckoutStatus::Declined => return Err(ApiProblem::field("/card_number", ProblemCode::CardDeclined)),
        CheckoutStatus::RequiresAction => and_then(&format!("/pay/{}?step=confirm", checkout.id), next),
        _ => with_query(next.unwrap_or("/credits"), "notice=paid"),
    };
    let checkout = CheckoutRow { status: status.as_str().to_owned(), ..checkout };
    Ok(Answer::json(StatusCode::OK, &present(app, &checkout)?).then(page))
}

/// `page`, from which the customer goes on to `next`.
pub(super) fn and_then(page: &str, next: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(next.map(|next| ("next", next)));
    with_query(page, &query.finish())
}

/// Where money moves nobody pays with a test card.
async fn find_in_sandbox(app: &App, customer: &SignedIn, id: &CheckoutId) -> Result<CheckoutRow, ApiProblem> {
    match *app.payments {
        Payments::Sandbox => find(app, customer, id).await,
        Payments::Stripe(_) => Err(ApiProblem::not_found()),
    }
}

pub(super) async fn find(app: &App, customer: &SignedIn, id: &CheckoutId) -> Result<CheckoutRow, ApiProblem> {
    let found = store::checkouts::find(app.store.connection(), customer.id.as_str(), id.as_str()).await?;
    found.ok_or_else(ApiProblem::not_found)
}

fn status(checkout: &CheckoutRow) -> Result<CheckoutStatus, ApiProblem> {
    CheckoutStatus::parse(&checkout.status).ok_or_else(ApiProblem::internal)
}

fn present(app: &App, row: &CheckoutRow) -> Result<Checkout, ApiProblem> {
    let id: CheckoutId = row.id.parse().map_err(|_| ApiProblem::internal())?;
    Ok(Checkout {
        status: status(row)?,
        package: row.package.clone(),
        price: Money::usd(row.price_minor),
        credits: Money::usd(row.credits_minor),
        payment_url: app.payments.payment_url(&id),
        created_at: rfc3339(row.created_at),
        id,
    })
}
