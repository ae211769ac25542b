//! `/api/v1/faxes`: send, follow, cancel, send again.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use faxdroid_contract::faxes::{Attempt, CreateFax, Fax, FaxStatus, FaxSummary};
use faxdroid_contract::ids::FaxId;
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::{Problem, ProblemCode};
use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use serde::Deserialize;

use super::answer::Answer;
use super::auth::SignedIn;
use super::envelope::Form;
use super::idempotency;
use super::input::{Id, Input};
use super::paging::{Paging, Parameters, empty_is_absent, next_page};
use super::plain;
use super::problem::ApiProblem;
use crate::app::App;
use crate::fax::{self, FaxFilter};

/// Longer than any number and any document's name.
const LONGEST_SEARCH: usize = 200;

/// Accepts a fax: its price is set aside and the first call follows at once. The price is that of the quote; the whole of
/// it comes back if the fax is not delivered.
#[utoipa::path(post, path = "/api/v1/faxes", tag = "faxes", request_body = CreateFax,
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable characters; the same key sends one fax")),
    responses(
        (status = 201, description = "The fax", body = Fax),
        (status = 400, description = "`idempotency_key_missing`, `idempotency_key_invalid`", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 402, description = "`credit_insufficient`", body = Problem),
        (status = 403, description = "`email_unconfirmed`", body = Problem),
        (status = 404, description = "`not_found`: no such quote", body = Problem),
        (status = 409, description = "`quote_expired`, `idempotency_key_reuse`, `idempotency_key_in_progress`", body = Problem),
    )
)]
pub(crate) async fn create(
    State(app): State<App>,
    customer: SignedIn,
    headers: HeaderMap,
    form: Option<axum::Extension<Form>>,
    input: Input<CreateFax>,
) -> Result<Answer, ApiProblem> {
    let quote = input.body.quote_id;
    // A plain form has no key of its own; a quote is sent once.
    let key = idempotency::key(&headers, form.map(|_| quote.as_str()))?;
    let request = format!("create {quote}");
    let (faxes, account) = (app.faxes.clone(), customer.id.clone());
    // The quote, which is used once, finds its fax again.
    let work = |_| async move { Ok(fax::create(&faxes, &account, &quote).await?) };
    let (answer, fax) = idempotency::once(&app, &customer, &key, &request, work).await?;
    Ok(answer.then(page_of(&fax)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FaxesQuery {
    /// Only faxes in this state.
    status: Option<String>,
    /// Part of the number or of the document's name.
    q: Option<String>,
    /// RFC 3339: from this moment on.
    created_after: Option<String>,
    /// RFC 3339: until just before this moment.
    created_before: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 20 when absent.
    #[serde(default, deserialize_with = "empty_is_absent")]
    limit: Option<u32>,
}

impl FaxesQuery {
    fn filter(&self) -> Result<FaxFilter, ApiProblem> {
        let invalid = |name: &str| {
            ApiProblem::of(ProblemCode::ParameterInvalid).with_detail(format!("{name} is not valid."))
        };
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let q = given(&self.q);
        if q.as_ref().is_some_and(|q| q.chars().count() > LONGEST_SEARCH || q.contains('\0')) {
            return Err(invalid("q"));
        }
        let status = given(&self.status)
            .map(|status| FaxStatus::parse(&status).ok_or_else(|| invalid("status")))
            .transpose()?;
        let moment = |value: &Option<String>, name: &str| {
            given(value).map(|text| parse_moment(&text).ok_or_else(|| invalid(name))).transpose()
        };
        Ok(FaxFilter {
            status,
            q,
            created_after: moment(&self.created_after, "created_after")?,
            created_before: moment(&self.created_before, "created_before")?,
        })
    }
}

/// RFC 3339 has a day more at either end than jiff, which leaves room for every time zone. No fax is of that day, so the
/// first or last moment that jiff knows stands for it.
fn parse_moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let pieces = Pieces::parse(text).ok()?;
        pieces.time().zip(pieces.to_numeric_offset())?;
        Some(if pieces.date().year() > 0 { Timestamp::MAX } else { Timestamp::MIN })
    })
}

/// The customer's faxes, newest first.
#[utoipa::path(get, path = "/api/v1/faxes", tag = "faxes", params(FaxesQuery), responses(
    (status = 200, description = "A page of the list", body = Page<FaxSummary>),
    (status = 400, description = "`cursor_invalid`, `parameter_invalid`", body = Problem),
    (status = 401, description = "`unauthenticated`", body = Problem),
))]
pub(crate) async fn list(
    State(app): State<App>,
    customer: SignedIn,
    Parameters(query): Parameters<FaxesQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let filter = query.filter()?;
    let paging = Paging::new(query.cursor.clone(), query.limit);
    let page =
        fax::list(&app.faxes, &customer.id, &filter, paging.cursor()?.as_ref(), paging.limit()?).await?;
    let (q, status) = (query.q.unwrap_or_default(), query.status.unwrap_or_default());
    Ok(plain::negotiated(&headers, &page, |page| {
        let older = page.next_cursor.as_deref().map(|cursor| next_page(&uri, cursor));
        plain::faxes(page, &q, &status, older)
    }))
}

/// A fax with its attempts.
#[utoipa::path(get, path = "/api/v1/faxes/{id}", tag = "faxes", params(("id" = FaxId, Path)), responses(
    (status = 200, description = "The fax", body = Fax),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(crate) async fn show(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<FaxId>,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let fax = find(&app, &customer, &id).await?;
    Ok(plain::negotiated(&headers, &fax, plain::fax))
}

/// Cancels a fax that is not being sent at this moment; the whole price comes back at once.
#[utoipa::path(post, path = "/api/v1/faxes/{id}/cancel", tag = "faxes", params(("id" = FaxId, Path)), responses(
    (status = 200, description = "The fax, canceled", body = Fax),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`fax_not_cancelable`", body = Problem),
))]
pub(crate) async fn cancel(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<FaxId>,
) -> Result<Answer, ApiProblem> {
    let fax = fax::cancel(&app.faxes, &customer.id, &id).await?;
    Ok(Answer::json(StatusCode::OK, &fax).then(format!("/faxes/{id}?notice=fax_canceled")))
}

/// Sends the same document to the same number again, as a new fax at today's price.
#[utoipa::path(post, path = "/api/v1/faxes/{id}/resend", tag = "faxes",
    params(("id" = FaxId, Path), ("Idempotency-Key" = String, Header, description = "1 to 255 printable characters; the same key sends one fax")),
    responses(
        (status = 201, description = "The new fax", body = Fax),
        (status = 400, description = "`idempotency_key_missing`, `idempotency_key_invalid`", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 402, description = "`credit_insufficient`", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
        (status = 409, description = "`fax_not_finished`, `idempotency_key_reuse`, `idempotency_key_in_progress`", body = Problem),
        (status = 422, description = "`destination_unsupported`", body = Problem),
    )
)]
pub(crate) async fn resend(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<FaxId>,
    request: Request,
) -> Result<Answer, ApiProblem> {
    // A form on a page that many may see carries no key; pressing its button again is meant.
    let form_key = request.extensions().get::<Form>().map(|_| app.clock.new_ulid());
    let key = idempotency::key(request.headers(), form_key.as_deref())?;
    let request = format!("resend {id}");
    let (faxes, account) = (app.faxes.clone(), customer.id.clone());
    let work = |again| async move { Ok(fax::resend(&faxes, &account, &id, &again).await?) };
    let (answer, fax) = idempotency::once(&app, &customer, &key, &request, work).await?;
    Ok(answer.then(page_of(&fax)))
}

/// The attempts of a fax.
#[utoipa::path(get, path = "/api/v1/faxes/{id}/attempts", tag = "faxes", params(("id" = FaxId, Path)), responses(
    (status = 200, description = "The attempts, the first one first", body = Vec<Attempt>),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(crate) async fn attempts(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<FaxId>,
) -> Result<Json<Vec<Attempt>>, ApiProblem> {
    Ok(Json(find(&app, &customer, &id).await?.attempts))
}

pub(super) async fn find(app: &App, customer: &SignedIn, id: &FaxId) -> Result<Fax, ApiProblem> {
    fax::get(&app.faxes, &customer.id, id).await?.ok_or_else(ApiProblem::not_found)
}

fn page_of(fax: &serde_json::Value) -> String {
    format!("/faxes/{}?notice=fax_created", fax["id"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_of_rfc_3339_is_one() {
        let noon = "2026-11-23T12:00:00Z";
        assert_eq!(parse_moment(noon), noon.parse().ok());
        assert_eq!(parse_moment("9999-12-31T23:59:59Z"), Some(Timestamp::MAX));
        assert_eq!(parse_moment("9999-12-31T23:59:59+00:00"), Some(Timestamp::MAX));
        assert!(
            parse_moment("0000-01-01T00:00:00+14:00").is_some_and(|moment| moment < Timestamp::UNIX_EPOCH)
        );
        for text in ["", "9999-12-31", "9999-12-31T23:59:59", "9999-13-01T00:00:00Z", "10000-01-01T00:00:00Z"]
        {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }
}
