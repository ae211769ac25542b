//! `/api/v1/quotes`: what a fax costs.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use faxdroid_contract::documents::Resolution;
use faxdroid_contract::ids::QuoteId;
use faxdroid_contract::money::Money;
use faxdroid_contract::prices::{destination, price};
use faxdroid_contract::problem::{Problem, ProblemCode};
use faxdroid_contract::quotes::{CreateQuote, Quote};
use faxdroid_document::{HEADER_LINE_BYTES, transmission_seconds};
use url::form_urlencoded;

use super::answer::Answer;
use super::auth::SignedIn;
use super::envelope::with_query;
use super::input::{Id, Input};
use super::problem::ApiProblem;
use super::{documents, plain};
use crate::app::App;
use crate::clock::after;
use crate::documents::rfc3339;
use crate::fax::number::{FaxNumber, display};
use crate::store;
use crate::store::quotes::QuoteRow;

/// What most machines agree on (ITU-T V.17).
const BITS_PER_SECOND: u32 = 14_400;

/// Asks what sending a document to a number costs. The price holds until `expires_at`.
#[utoipa::path(post, path = "/api/v1/quotes", tag = "quotes", request_body = CreateQuote, responses(
    (status = 201, description = "The quote", body = Quote),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`: no such document", body = Problem),
    (status = 422, description = "`required`, `number_invalid`, `number_no_country`, `number_extension`, `number_emergency`, `number_short`, `number_premium`, `number_own`, `destination_unsupported`", body = Problem),
))]
pub(crate) async fn create(
    State(app): State<App>,
    customer: SignedIn,
    input: Input<CreateQuote>,
) -> Result<Answer, ApiProblem> {
    let wanted = input.body;
    let document = documents::find(&app, &customer, &wanted.document_id).await?;
    if wanted.to.trim().is_empty() {
        return Err(ApiProblem::field("/to", ProblemCode::Required));
    }
    let number = FaxNumber::parse(&wanted.to, &app.config.own_numbers, app.test_numbers())?;
    if store::numbers::find(app.store.connection(), number.e164()).await?.is_some() {
        return Err(ApiProblem::field("/to", ProblemCode::NumberOwn));
    }
    let destination = number.destination();
    let bytes = match wanted.resolution {
        Resolution::Standard => document.standard_bytes,
        Resolution::Fine => document.fine_bytes,
    };
    let pages = u32::try_from(document.pages).unwrap_or(0);
    let bytes = usize::try_from(bytes).unwrap_or(0) + pages as usize * HEADER_LINE_BYTES;
    let seconds = transmission_seconds(bytes, pages, BITS_PER_SECOND);
    let now = app.clock.now().as_millisecond();
    let row = QuoteRow {
        id: format!("{}{}", QuoteId::PREFIX, app.clock.new_ulid()),
        account_id: customer.id.to_string(),
        document_id: document.id,
        to_e164: number.e164().to_owned(),
        country: destination.country.to_owned(),
        page_multiplier: i32::try_from(destination.page_multiplier).unwrap_or(i32::MAX),
        resolution: wanted.resolution.as_str().to_owned(),
        pages: document.pages,
        price_minor: price(pages, destination.page_multiplier).amount_minor,
        estimated_seconds: seconds.ceil() as i64,
        calling_hours: wanted.calling_hours.map(|hours| hours.to_string()),
        created_at: now,
        expires_at: after(now, app.config.quotes.valid_for),
        fax_id: None,
    };
    store::quotes::insert(app.store.connection(), row.clone()).await?;
    let mut chosen = form_urlencoded::Serializer::new(String::new());
    chosen
        .append_pair("document", &row.document_id)
        .append_pair("to", wanted.to.trim())
        .append_pair("resolution", wanted.resolution.as_str());
    if let Some(hours) = &row.calling_hours {
        chosen.append_pair("calling_hours", hours);
    }
    let chosen = chosen.append_pair("quote", &row.id).finish();
    let page = with_query("/send", &chosen);
    Ok(Answer::json(StatusCode::CREATED, &present(&row)?).then(page))
}

/// A quote.
#[utoipa::path(get, path = "/api/v1/quotes/{id}", tag = "quotes", params(("id" = QuoteId, Path)), responses(
    (status = 200, description = "The quote", body = Quote),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(crate) async fn show(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<QuoteId>,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let found = store::quotes::find(app.store.connection(), customer.id.as_str(), id.as_str()).await?;
    let quote = present(&found.ok_or_else(ApiProblem::not_found)?)?;
    Ok(plain::negotiated(&headers, &quote, plain::quote))
}

fn present(row: &QuoteRow) -> Result<Quote, ApiProblem> {
    shown(row).ok_or_else(ApiProblem::internal)
}

fn shown(row: &QuoteRow) -> Option<Quote> {
    let pages = u32::try_from(row.pages).ok()?;
    let multiplier = u32::try_from(row.page_multiplier).ok()?;
    Some(Quote {
        id: row.id.parse().ok()?,
        document_id: row.document_id.parse().ok()?,
        to: row.to_e164.clone(),
        to_display: display(&row.to_e164),
        destination: destination(&row.country)?.into(),
        resolution: if row.resolution == "standard" { Resolution::Standard } else { Resolution::Fine },
        pages,
        billable_pages: pages * multiplier,
        price: Money::usd(row.price_minor),
        estimated_seconds: u32::try_from(row.estimated_seconds).ok()?,
        calling_hours: row.calling_hours.as_deref().map(str::parse).transpose().ok()?,
        expires_at: rfc3339(row.expires_at),
    })
}
