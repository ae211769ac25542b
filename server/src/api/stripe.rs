//! `/api/v1/stripe`: paying by card on Stripe's pages. There only where Stripe takes the money (`payments.kind`).

use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use faxdroid_contract::credits::{CheckoutStatus, package};
use faxdroid_contract::ids::CheckoutId;
use faxdroid_contract::problem::{Problem, ProblemCode};
use serde::Deserialize;
use url::form_urlencoded;

use super::auth::SignedIn;
use super::checkouts::{and_then, find};
use super::envelope::with_query;
use super::input::{Id, is_local};
use super::paging::Parameters;
use super::problem::ApiProblem;
use crate::app::App;
use crate::payments::stripe::{ComeBack, Stripe};
use crate::payments::{self, Payments};
use crate::store;
use crate::store::checkouts::CheckoutRow;

const CREDITS: &str = "/credits";

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Onwards {
    /// The page of this site to go on with.
    next: Option<String>,
}

impl Onwards {
    fn page(&self) -> Option<&str> {
        self.next.as_deref().filter(|page| is_local(page))
    }
}

/// The customer in a browser that follows a link: whoever is not signed in does that first, and comes back.
pub(crate) struct Browser(SignedIn);

impl FromRequestParts<App> for Browser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match SignedIn::from_request_parts(parts, app).await {
            Ok(customer) => Ok(Self(customer)),
            Err(problem) if problem.code == ProblemCode::Unauthenticated => {
                Err(sign_in_first(&parts.uri).into_response())
            }
            Err(problem) => Err(problem.into_response()),
        }
    }
}

/// Leads a browser to the page of Stripe on which the purchase is paid, or back to the credits with what is wrong.
#[utoipa::path(get, path = "/api/v1/stripe/checkouts/{id}/pay", tag = "credits",
    params(("id" = CheckoutId, Path), Onwards),
    responses(
        (status = 303, description = "To Stripe, or to a page of ours that says what is wrong"),
        (status = 404, description = "`not_found`: no such purchase, or Stripe takes no money here", body = Problem),
    )
)]
pub(crate) async fn pay(
    State(app): State<App>,
    Browser(customer): Browser,
    Id(id): Id<CheckoutId>,
    Parameters(onwards): Parameters<Onwards>,
) -> Result<Redirect, ApiProblem> {
    let checkout = find(&app, &customer, &id).await?;
    Ok(lead(payment_page(&app, stripe(&app)?, &customer, &checkout, onwards.page()).await))
}

/// Where a browser comes back to from Stripe: the credits are booked, unless Stripe's event was first.
#[utoipa::path(get, path = "/api/v1/stripe/checkouts/{id}/return", tag = "credits",
    params(("id" = CheckoutId, Path), Onwards),
    responses(
        (status = 303, description = "To the page to go on with"),
        (status = 404, description = "`not_found`: no such purchase, or Stripe takes no money here", body = Problem),
    )
)]
pub(crate) async fn come_back(
    State(app): State<App>,
    Browser(customer): Browser,
    Id(id): Id<CheckoutId>,
    Parameters(onwards): Parameters<Onwards>,
) -> Result<Redirect, ApiProblem> {
    let checkout = find(&app, &customer, &id).await?;
    let notice = match is_paid(&app, stripe(&app)?, &checkout).await {
        Ok(true) => "notice=paid",
        Ok(false) => "notice=payment_noted",
        // Stripe tells by an event as well.
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                checkout_id = checkout.id,
                "payment_not_asked"
            );
            "notice=payment_noted"
        }
    };
    Ok(Redirect::to(&with_query(onwards.page().unwrap_or(CREDITS), notice)))
}

/// What Stripe tells, signed by it: a payment that was made, a payment that is disputed. Everything else is taken note of.
#[utoipa::path(post, path = "/api/v1/stripe/events", tag = "credits", request_body = serde_json::Value, responses(
    (status = 204, description = "Taken note of"),
    (status = 400, description = "`signature_invalid`", body = Problem),
    (status = 404, description = "`not_found`: Stripe takes no money here", body = Problem),
    (status = 500, description = "`payment_unavailable`, `unavailable`: to be sent again", body = Problem),
))]
pub(crate) async fn event(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiProblem> {
    let stripe = stripe(&app)?;
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let event = stripe
        .event(signature, &body, app.clock.now())
        .map_err(|_| ApiProblem::of(ProblemCode::SignatureInvalid))?;
    payments::handle(&app.store, app.clock.as_ref(), stripe, event).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn stripe(app: &App) -> Result<&Stripe, ApiProblem> {
    match &*app.payments {
        Payments::Stripe(stripe) => Ok(stripe),
        Payments::Sandbox => Err(ApiProblem::not_found()),
    }
}

/// The open session of the purchase, a new one where there is none yet.
async fn payment_page(
    app: &App,
    stripe: &Stripe,
    customer: &SignedIn,
    checkout: &CheckoutRow,
    next: Option<&str>,
) -> Result<String, ApiProblem> {
    let not_payable = || ApiProblem::of(ProblemCode::CheckoutNotPayable);
    if checkout.status != CheckoutStatus::Open.as_str() {
        return Err(not_payable());
    }
    let session = match &checkout.provider_reference {
        Some(session) => stripe.session(session).await.map_err(payments::PaymentError::from)?,
        None => {
            let paid = and_then(&format!("/api/v1/stripe/checkouts/{}/return", checkout.id), next);
            let (paid, canceled) = (app.config.public(&paid), app.config.public(&and_then(CREDITS, next)));
            let come_back = ComeBack { paid: &paid, canceled: &canceled };
            let name = package(&checkout.package).map_or("Credits", |package| package.name);
            let name = format!("FaxDroid credits: {name}");
            let opened = stripe.open(checkout, &name, &customer.account.email, come_back).await;
            let session = opened.map_err(payments::PaymentError::from)?;
            let connection = app.store.connection();
            store::checkouts::set_provider_reference(connection, &checkout.id, &session.id).await?;
            session
        }
    };
    session.url.clone().filter(|_| session.is_open()).ok_or_else(not_payable)
}

async fn is_paid(app: &App, stripe: &Stripe, checkout: &CheckoutRow) -> Result<bool, payments::PaymentError> {
    let Some(session) = &checkout.provider_reference else { return Ok(false) };
    let session = stripe.session(session).await?;
    payments::learn(&app.store, app.clock.as_ref(), checkout, &session).await
}

/// A browser that follows a link is answered by pages.
fn lead(page: Result<String, ApiProblem>) -> Redirect {
    match page {
        Ok(page) => Redirect::to(&page),
        Err(problem) => Redirect::to(&format!("{CREDITS}?error=:{}", problem.code.as_str())),
    }
}

fn sign_in_first(uri: &Uri) -> Redirect {
    let next = uri.path_and_query().map_or("/", |page| page.as_str());
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    Redirect::to(&format!("/sign-in?{query}"))
}
