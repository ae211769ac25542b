//! `/api/v1/received-faxes`: the inbox.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use faxdroid_contract::documents::Resolution;
use faxdroid_contract::ids::ReceivedFaxId;
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::Problem;
use faxdroid_contract::received_faxes::ReceivedFax;
use serde::Deserialize;

use super::answer::Answer;
use super::auth::SignedIn;
use super::input::Id;
use super::paging::{Paging, Parameters, empty_is_absent, next_page};
use super::plain;
use super::problem::ApiProblem;
use crate::app::App;
use crate::store::received_faxes::ReceivedFaxRow;
use crate::{inbox, store};

/// A received fax never changes; only its owner's browser keeps it.
const KEPT: &str = "private, max-age=3600, immutable";

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReceivedFaxesQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 20 when absent.
    #[serde(default, deserialize_with = "empty_is_absent")]
    limit: Option<u32>,
}

/// The faxes that came in, newest first.
#[utoipa::path(get, path = "/api/v1/received-faxes", tag = "received faxes", params(ReceivedFaxesQuery), responses(
    (status = 200, description = "A page of the list", body = Page<ReceivedFax>),
    (status = 400, description = "`cursor_invalid`, `parameter_invalid`", body = Problem),
    (status = 401, description = "`unauthenticated`", body = Problem),
))]
pub(crate) async fn list(
    State(app): State<App>,
    customer: SignedIn,
    Parameters(query): Parameters<ReceivedFaxesQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let paging = Paging::new(query.cursor, query.limit);
    let page = inbox::list(&app.store, &customer.id, paging.cursor()?.as_ref(), paging.limit()?).await?;
    let numbers = inbox::numbers(&app.store, &customer.id).await?;
    Ok(plain::negotiated(&headers, &page, |page| {
        let older = page.next_cursor.as_deref().map(|cursor| next_page(&uri, cursor));
        plain::inbox::list(page, &numbers, older)
    }))
}

/// A fax that came in.
#[utoipa::path(get, path = "/api/v1/received-faxes/{id}", tag = "received faxes", params(("id" = ReceivedFaxId, Path)), responses(
    (status = 200, description = "The fax", body = ReceivedFax),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(crate) async fn show(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<ReceivedFaxId>,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let fax = inbox::shown(find(&app, &customer, &id).await?)?;
    Ok(plain::negotiated(&headers, &fax, plain::inbox::fax))
}

/// A page as it came in.
#[utoipa::path(get, path = "/api/v1/received-faxes/{id}/pages/{page}", tag = "received faxes",
    params(("id" = ReceivedFaxId, Path), ("page" = String, Path, description = "Number of the page from 1, and `.png`", example = "1.png")),
    responses(
        (status = 200, description = "PNG of one bit a pixel", content_type = "image/png"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
    )
)]
pub(crate) async fn page(
    State(app): State<App>,
    customer: SignedIn,
    Id((id, page)): Id<(ReceivedFaxId, String)>,
) -> Result<Response, ApiProblem> {
    let number =
        page.strip_suffix(".png").and_then(|number| number.parse().ok()).ok_or_else(ApiProblem::not_found)?;
    let key = pages_of(&find(&app, &customer, &id).await?)?;
    let png =
        app.documents.preview(&key, number, Resolution::Fine).await?.ok_or_else(ApiProblem::not_found)?;
    Ok(([(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, KEPT)], png).into_response())
}

/// All pages in one file.
#[utoipa::path(get, path = "/api/v1/received-faxes/{id}/file.pdf", tag = "received faxes",
    params(("id" = ReceivedFaxId, Path)),
    responses(
        (status = 200, description = "PDF with the very pixels that came in", content_type = "application/pdf"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`: there is no such fax, or none of its pages arrived", body = Problem),
    )
)]
pub(crate) async fn pdf(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<ReceivedFaxId>,
) -> Result<Response, ApiProblem> {
    let key = pages_of(&find(&app, &customer, &id).await?)?;
    let pdf = app.documents.pdf(&key).await?;
    let name = format!("attachment; filename=\"{id}.pdf\"");
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CONTENT_DISPOSITION, name),
        (CACHE_CONTROL, KEPT.to_owned()),
    ];
    Ok((headers, pdf).into_response())
}

/// Deletes a fax that came in, with its pages.
#[utoipa::path(delete, path = "/api/v1/received-faxes/{id}", tag = "received faxes", params(("id" = ReceivedFaxId, Path)), responses(
    (status = 204, description = "The fax and its pages are deleted"),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(crate) async fn delete(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<ReceivedFaxId>,
) -> Result<Answer, ApiProblem> {
    remove(&app, &customer, &id).await
}

/// The same, for plain forms.
#[utoipa::path(post, path = "/api/v1/received-faxes/{id}/delete", tag = "received faxes", params(("id" = ReceivedFaxId, Path)), responses(
    (status = 204, description = "The fax and its pages are deleted"),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(crate) async fn delete_by_form(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<ReceivedFaxId>,
) -> Result<Answer, ApiProblem> {
    remove(&app, &customer, &id).await
}

async fn remove(app: &App, customer: &SignedIn, id: &ReceivedFaxId) -> Result<Answer, ApiProblem> {
    let fax = find(app, customer, id).await?;
    // The pages first: while the row is there, they can be found to be deleted.
    if let Some(key) = &fax.storage_key {
        app.documents.delete_received(key).await?;
    }
    store::received_faxes::delete(app.store.connection(), &fax.id).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT).then("/inbox?notice=received_fax_deleted"))
}

async fn find(app: &App, customer: &SignedIn, id: &ReceivedFaxId) -> Result<ReceivedFaxRow, ApiProblem> {
    inbox::find(&app.store, &customer.id, id).await?.ok_or_else(ApiProblem::not_found)
}

/// Where the pages are. A fax of which none arrived has none.
fn pages_of(fax: &ReceivedFaxRow) -> Result<String, ApiProblem> {
    fax.storage_key.clone().ok_or_else(ApiProblem::not_found)
}
