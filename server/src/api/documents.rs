//! `/api/v1/documents`: uploads, previews.

use axum::body::Bytes;
use axum::extract::multipart::{Field, Multipart, MultipartRejection};
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use faxdroid_contract::documents::{Document, MAX_BYTES, MAX_FILES, Resolution};
use faxdroid_contract::ids::DocumentId;
use faxdroid_contract::problem::{Problem, ProblemCode};
use serde::Deserialize;

use super::answer::Answer;
use super::auth::SignedIn;
use super::input::Id;
use super::plain;
use super::problem::ApiProblem;
use crate::app::App;
use crate::documents::{UploadedFile, shown};
use crate::store;
use crate::store::documents::DocumentRow;

/// The parts of an upload.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form; the parts are read one by one")]
pub(crate) struct Upload {
    /// One or several files, sent as one fax in this order: PDF, PNG, JPEG, TIFF or plain text.
    #[schema(content_media_type = "application/octet-stream")]
    files: Vec<String>,
}

/// Uploads files and makes fax pages of them.
#[utoipa::path(post, path = "/api/v1/documents", tag = "documents",
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The document", body = Document),
        (status = 400, description = "`body_malformed`", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 413, description = "`document_too_large`", body = Problem),
        (status = 422, description = "`document_empty`, `document_no_pages`, `document_unreadable`, `document_encrypted`, `document_type_unsupported`, `document_too_many_pages`, `document_too_many_files`, `document_image_too_large`", body = Problem),
    )
)]
pub(crate) async fn upload(
    State(app): State<App>,
    customer: SignedIn,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Answer, ApiProblem> {
    let mut parts = parts.map_err(|_| ApiProblem::of(ProblemCode::ContentTypeUnsupported))?;
    let malformed = |_| ApiProblem::of(ProblemCode::BodyMalformed);
    let mut uploads = Vec::new();
    let mut left = MAX_BYTES;
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        if part.name() != Some("files") {
            continue;
        }
        if uploads.len() == MAX_FILES {
            return Err(ApiProblem::field("/files", ProblemCode::DocumentTooManyFiles));
        }
        let name = part.file_name().unwrap_or_default().to_owned();
        let bytes = read(part, left).await?;
        left -= bytes.len() as u64;
        // A browser sends a nameless part where no file was chosen.
        if !(name.is_empty() && bytes.is_empty()) {
            uploads.push(UploadedFile { name, bytes });
        }
    }
    if uploads.is_empty() {
        return Err(ApiProblem::field("/files", ProblemCode::Required));
    }
    let (documents, account) = (app.documents.clone(), customer.id.clone());
    // A client that goes away must not leave a file without its row.
    let upload = tokio::spawn(async move { documents.upload(&account, uploads).await });
    let document = upload.await.map_err(|_panicked| ApiProblem::internal())??;
    let page = format!("/send?document={}&pages={}", document.id, document.pages);
    Ok(Answer::json(StatusCode::CREATED, &present(&document)?).then(page))
}

/// At most `limit` bytes; a larger file is not read to its end.
async fn read(mut part: Field<'_>, limit: u64) -> Result<Bytes, ApiProblem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| ApiProblem::of(ProblemCode::BodyMalformed))? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(ApiProblem::field("/files", ProblemCode::DocumentTooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// A document.
#[utoipa::path(get, path = "/api/v1/documents/{id}", tag = "documents", params(("id" = DocumentId, Path)), responses(
    (status = 200, description = "The document", body = Document),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(crate) async fn show(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<DocumentId>,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let document = find(&app, &customer, &id).await?;
    Ok(plain::negotiated(&headers, &present(&document)?, plain::document))
}

/// Deletes a document that no fax under way needs.
#[utoipa::path(delete, path = "/api/v1/documents/{id}", tag = "documents", params(("id" = DocumentId, Path)), responses(
    (status = 204, description = "The document and its pages are deleted"),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 404, description = "`not_found`", body = Problem),
    (status = 409, description = "`document_in_use`", body = Problem),
))]
pub(crate) async fn delete(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<DocumentId>,
) -> Result<Answer, ApiProblem> {
    let document = find(&app, &customer, &id).await?;
    if store::documents::is_needed(app.store.connection(), id.as_str()).await? {
        return Err(ApiProblem::of(ProblemCode::DocumentInUse));
    }
    app.documents.delete(&document).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT).then("/send?notice=document_deleted"))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(crate) struct PreviewQuery {
    #[serde(default)]
    #[param(inline)]
    resolution: Resolution,
}

/// A page as the far machine will print it, without the header line.
#[utoipa::path(get, path = "/api/v1/documents/{id}/pages/{page}", tag = "documents",
    params(("id" = DocumentId, Path), ("page" = String, Path, description = "Number of the page from 1, and `.png`", example = "1.png"), PreviewQuery),
    responses(
        (status = 200, description = "PNG of one bit a pixel, the bitmap that is sent", content_type = "image/png"),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
    )
)]
pub(crate) async fn page(
    State(app): State<App>,
    customer: SignedIn,
    Id((id, page)): Id<(DocumentId, String)>,
    query: Result<Query<PreviewQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiProblem> {
    let Query(query) = query.map_err(|_| ApiProblem::of(ProblemCode::ParameterInvalid))?;
    let number =
        page.strip_suffix(".png").and_then(|number| number.parse().ok()).ok_or_else(ApiProblem::not_found)?;
    let document = find(&app, &customer, &id).await?;
    let png = app
        .documents
        .preview(&document, number, query.resolution)
        .await?
        .ok_or_else(ApiProblem::not_found)?;
    // A document never changes; only its owner's browser keeps it.
    Ok(([(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "private, max-age=3600, immutable")], png)
        .into_response())
}

pub(super) async fn find(app: &App, customer: &SignedIn, id: &DocumentId) -> Result<DocumentRow, ApiProblem> {
    let found = store::documents::find(app.store.connection(), customer.id.as_str(), id.as_str()).await?;
    found.ok_or_else(ApiProblem::not_found)
}

fn present(document: &DocumentRow) -> Result<Document, ApiProblem> {
    shown(document).ok_or_else(ApiProblem::internal)
}
