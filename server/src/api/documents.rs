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
use faxdroid_document::CoverPage;
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer};
use tracing::Instrument;

use super::answer::Answer;
use super::auth::SignedIn;
use super::input::Id;
use super::plain;
use super::problem::ApiProblem;
use crate::app::App;
use crate::documents::uploads::UploadedFile;
use crate::documents::{Deleted, UploadError, shown};
use crate::store;
use crate::store::documents::DocumentRow;

/// Characters of a line, and of the message, of a cover page; what is longer would not fit on it.
const COVER_LINE_MAX: usize = 200;
const COVER_MESSAGE_MAX: usize = 2000;

/// The parts of an upload.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form; the parts are read one by one")]
pub(crate) struct Upload {
    /// One or several files, sent as one fax in this order: PDF, PNG, JPEG, TIFF, plain text, or an office document (DOCX, XLSX,
    /// PPTX, ODT, ODS, ODP, RTF, DOC, XLS, PPT).
    #[schema(content_media_type = "application/octet-stream")]
    files: Vec<String>,
    /// A cover page is put before the pages when one of these four is given. For whom the fax is.
    #[schema(max_length = 200)]
    cover_to: Option<String>,
    /// From whom it is.
    #[schema(max_length = 200)]
    cover_from: Option<String>,
    #[schema(max_length = 200)]
    cover_subject: Option<String>,
    #[schema(max_length = 2000)]
    cover_message: Option<String>,
}

/// Uploads files and makes fax pages of them. The same files again are not converted again.
#[utoipa::path(post, path = "/api/v1/documents", tag = "documents",
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The document", body = Document),
        (status = 400, description = "`body_malformed`", body = Problem),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 413, description = "`document_too_large`", body = Problem),
        (status = 422, description = "`document_empty`, `document_no_pages`, `document_unreadable`, `document_encrypted`, `document_type_unsupported`, `document_type_unavailable`, `document_too_many_pages`, `document_too_many_files`, `document_image_too_large`, `document_too_complex`, `too_long`", body = Problem),
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
    let mut cover = CoverPage::default();
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        match part.name() {
            Some("files") => {}
            Some("cover_to") => {
                cover.to = line(part, "/cover_to", COVER_LINE_MAX).await?;
                continue;
            }
            Some("cover_from") => {
                cover.from = line(part, "/cover_from", COVER_LINE_MAX).await?;
                continue;
            }
            Some("cover_subject") => {
                cover.subject = line(part, "/cover_subject", COVER_LINE_MAX).await?;
                continue;
            }
            Some("cover_message") => {
                cover.message = line(part, "/cover_message", COVER_MESSAGE_MAX).await?;
                continue;
            }
            _ => continue,
        }
        if uploads.len() == MAX_FILES {
            return Err(ApiProblem::field("/files", ProblemCode::DocumentTooManyFiles));
        }
        let name = part.file_name().unwrap_or_default().to_owned();
        let mut file = app.documents.receive(name).await?;
        receive(part, &mut file, left).await?;
        left -= file.bytes();
        // A browser sends a nameless part where no file was chosen.
        if !(file.name.is_empty() && file.bytes() == 0) {
            uploads.push(file);
        }
    }
    if uploads.is_empty() {
        return Err(ApiProblem::field("/files", ProblemCode::Required));
    }
    let cover = (cover != CoverPage::default()).then_some(cover);
    let (documents, account) = (app.documents.clone(), customer.id.clone());
    // A client that goes away must not leave a file without its row.
    let upload = async move { documents.upload(&account, uploads, cover).await };
    let upload = tokio::spawn(upload.in_current_span());
    let document = upload.await.map_err(|_panicked| ApiProblem::internal())??;
    let page = format!("/send?document={}", document.id);
    Ok(Answer::json(StatusCode::CREATED, &present(&document)?).then(page))
}

/// A field of the cover page, of at most `limit` characters.
async fn line(mut part: Field<'_>, pointer: &'static str, limit: usize) -> Result<String, ApiProblem> {
    let mut text = Vec::new();
    while let Some(chunk) = next_chunk(&mut part).await? {
        // No character has more than four bytes.
        if text.len() + chunk.len() > limit * 4 {
            return Err(ApiProblem::field(pointer, ProblemCode::TooLong));
        }
        text.extend_from_slice(&chunk);
    }
    let text = std::str::from_utf8(&text).map_err(|_| ApiProblem::of(ProblemCode::BodyMalformed))?.trim();
    if text.chars().count() > limit {
        return Err(ApiProblem::field(pointer, ProblemCode::TooLong));
    }
    Ok(text.to_owned())
}

/// At most `limit` bytes; a larger file is not read to its end.
async fn receive(mut part: Field<'_>, file: &mut UploadedFile, limit: u64) -> Result<(), ApiProblem> {
    while let Some(chunk) = next_chunk(&mut part).await? {
        if file.bytes() + chunk.len() as u64 > limit {
            return Err(ApiProblem::field("/files", ProblemCode::DocumentTooLarge));
        }
        file.append(&chunk).await.map_err(UploadError::from)?;
    }
    Ok(())
}

async fn next_chunk(part: &mut Field<'_>) -> Result<Option<Bytes>, ApiProblem> {
    part.chunk().await.map_err(|_| ApiProblem::of(ProblemCode::BodyMalformed))
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
    if app.documents.delete(&document).await? == Deleted::InUse {
        return Err(ApiProblem::of(ProblemCode::DocumentInUse));
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT).then("/send?notice=document_deleted"))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(crate) struct PreviewQuery {
    #[serde(default, deserialize_with = "empty_is_default")]
    #[param(inline)]
    resolution: Resolution,
}

/// As in every query, an empty parameter is absent.
fn empty_is_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Resolution, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        Ok(Resolution::default())
    } else {
        Resolution::deserialize(text.into_deserializer())
    }
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
        .preview(&document.storage_key, number, query.resolution)
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
