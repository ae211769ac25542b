//! `/api/v1/transactions`: the statement of account.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use faxdroid_contract::credits::Transaction;
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::Problem;
use serde::Deserialize;

use super::auth::SignedIn;
use super::paging::{Paging, Parameters, empty_is_absent, next_page};
use super::plain;
use super::problem::ApiProblem;
use crate::app::App;
use crate::ledger;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TransactionsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 20 when absent.
    #[serde(default, deserialize_with = "empty_is_absent")]
    limit: Option<u32>,
}

/// The statement of account, newest first.
#[utoipa::path(get, path = "/api/v1/transactions", tag = "credits", params(TransactionsQuery), responses(
    (status = 200, description = "A page of the statement", body = Page<Transaction>),
    (status = 400, description = "`cursor_invalid`, `parameter_invalid`", body = Problem),
    (status = 401, description = "`unauthenticated`", body = Problem),
))]
pub(crate) async fn list(
    State(app): State<App>,
    customer: SignedIn,
    Parameters(query): Parameters<TransactionsQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let paging = Paging::new(query.cursor, query.limit);
    let page =
        ledger::statement(&app.store, &customer.id, paging.cursor()?.as_ref(), paging.limit()?).await?;
    let balance = ledger::balance(app.store.connection(), &customer.id).await?;
    Ok(plain::negotiated(&headers, &page, |page| {
        let older = page.next_cursor.as_deref().map(|cursor| next_page(&uri, cursor));
        plain::transactions(page, balance, older)
    }))
}
