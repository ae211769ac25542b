//! Documents: uploaded files become pages, pages are shown and sent, and go when they are no longer needed.
//!
//! The row is written after the file and names it; a file whose row cannot be written is deleted again.

pub mod office;
pub mod render_pool;
pub mod uploads;

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use faxdroid_contract::documents::{Document, MAX_BYTES, MAX_FILES, MAX_IMAGE_SIDE, MAX_PAGES, Resolution};
use faxdroid_contract::ids::{AccountId, DocumentId};
use faxdroid_document::{
    ConvertedPage, CoverPage, DocumentError, FaxDocument, HeaderLine, Limits, OfficeFile, with_header_line,
};
use futures::TryStreamExt;
use jiff::Timestamp;
use office::{Office, OfficeError};
use render_pool::{RenderError, RenderPool};
use uploads::{UploadedFile, Uploads};

use crate::clock::{Clock, after};
use crate::config::Config;
use crate::digest::sha256_hex;
use crate::files::{Files, FilesError};
use crate::store::documents::DocumentRow;
use crate::store::faxes::FaxRow;
use crate::store::{self, Store, StoreError, Try};
use crate::telemetry::CONVERSION_SECONDS;
use crate::workers::place_calls::{Pages, PagesError};

const LIMITS: Limits = Limits {
    max_bytes: MAX_BYTES,
    max_pages: MAX_PAGES,
    max_files: MAX_FILES as u32,
    max_image_side: MAX_IMAGE_SIDE,
    max_image_pixels: 120_000_000,
};
/// An office document may become a PDF that is larger than it, because of its fonts.
const LIMITS_OF_PDF: Limits = Limits { max_bytes: 4 * MAX_BYTES, ..LIMITS };
/// Nobody is asked before a fax comes in. Pages that no call could bring over in its time are no fax.
const RECEIVED_LIMITS: Limits = Limits { max_pages: 1_000, ..LIMITS };
/// Changes when the same files become other pages than before.
const PAGES_MADE_AS: &str = "4";
const NAME_MAX: usize = 200;
const EXPIRED_AT_ONCE: u64 = 50;
/// A file is written before its row; by then the row is there or will never be (milliseconds).
const ORPHAN_AGE: i64 = 60 * 60 * 1000;
const ORPHANS_AT_ONCE: usize = 200;

/// Why an upload did not become a document. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the upload could not be kept until its conversion")]
    Uploads(#[from] std::io::Error),
    #[error("the conversion failed")]
    Render(#[from] RenderError),
    #[error("an office document became no PDF")]
    Office(#[from] OfficeError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a document that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    Gone,
    /// A fax under way needs it.
    InUse,
}

/// Everything that is done with documents.
#[derive(Clone)]
pub struct Documents {
    store: Store,
    files: Files,
    clock: Arc<dyn Clock>,
    expire_after: Duration,
    uploads: Uploads,
    renderers: RenderPool,
    office: Office,
}

impl Documents {
    pub fn new(config: &Config, store: Store, files: Files, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            files,
            clock,
            expire_after: config.documents.expire_after,
            uploads: Uploads::within(&config.data_dir.join("uploads")),
            renderers: RenderPool::new(&config.documents),
            office: Office::new(&config.documents),
        }
    }

    /// Takes a file in, to be made a document with others.
    pub async fn receive(&self, name: String) -> Result<UploadedFile, UploadError> {
        Ok(self.uploads.begin(name).await?)
    }

    /// Makes one document of `uploads`.
    pub async fn upload(
        &self,
        account: &AccountId,
        uploads: Vec<UploadedFile>,
        cover: Option<CoverPage>,
    ) -> Result<DocumentRow, UploadError> {
        let first = uploads.first().map(|file| file.name.as_str()).unwrap_or_default();
        let name: String = first.chars().filter(|letter| !letter.is_control()).take(NAME_MAX).collect();
        let count = i32::try_from(uploads.len()).unwrap_or(i32::MAX);
        let content_hash = content_hash(&uploads, cover.as_ref());
        let converted = match self.converted_before(account, &content_hash).await? {
            Some(converted) => converted,
            None => {
                let begin = Instant::now();
                let converted = self.convert(uploads, cover).await;
                let result = if converted.is_ok() { "converted" } else { "refused" };
                metrics::histogram!(CONVERSION_SECONDS, "result" => result).record(begin.elapsed());
                converted?
            }
        };

        let now = self.clock.now().as_millisecond();
        let id = format!("{}{}", DocumentId::PREFIX, self.clock.new_ulid());
        let row = DocumentRow {
            storage_key: format!("{account}/{id}.tiff"),
            id,
            account_id: account.to_string(),
            name: if name.is_empty() { "document".to_owned() } else { name },
            files: count,
            pages: converted.pages,
            content_hash,
            fine_bytes: converted.fine_bytes,
            standard_bytes: converted.standard_bytes,
            created_at: now,
            expires_at: Some(after(now, self.expire_after)),
        };
        self.files.put(&row.storage_key, converted.tiff).await?;
        if let Err(error) = store::documents::insert(self.store.connection(), row.clone()).await {
            self.files.delete(&row.storage_key).await?;
            return Err(error.into());
        }
        Ok(row)
    }

    /// What the same customer's same files became before. Another customer's count for nothing: how fast an answer comes must
    /// not tell what others have sent.
    async fn converted_before(
        &self,
        account: &AccountId,
        content_hash: &str,
    ) -> Result<Option<Converted>, UploadError> {
        let db = self.store.connection();
        let Some(row) = store::documents::find_by_content(db, account.as_str(), content_hash).await? else {
            return Ok(None);
        };
        // It may be deleted at this very moment.
        let Ok(tiff) = self.files.get(&row.storage_key).await else { return Ok(None) };
        Ok(Some(Converted {
            pages: row.pages,
            tiff,
            fine_bytes: row.fine_bytes,
            standard_bytes: row.standard_bytes,
        }))
    }

    async fn convert(
        &self,
        mut uploads: Vec<UploadedFile>,
        cover: Option<CoverPage>,
    ) -> Result<Converted, UploadError> {
        let cover = cover.as_ref();
        let mut pages = self.renderers.convert(&mut uploads, cover, LIMITS).await;
        if let Err(RenderError::Document(DocumentError::Office { files })) = &pages {
            for OfficeFile { index, format } in files {
                if let Some(upload) = uploads.get_mut(*index as usize) {
                    *upload = self.office.pdf(upload, *format, &self.uploads).await?;
                }
            }
            pages = self.renderers.convert(&mut uploads, cover, LIMITS_OF_PDF).await;
        }
        let pages = pages.map_err(as_upload_error)?;
        Ok(Converted::of(pages)?)
    }

    /// Keeps the pages that a stranger's machine has sent (TIFF) under `key`, and answers how many they are. They are
    /// decoded where uploads are, with as little in reach.
    pub async fn keep_received(&self, key: &str, tiff: &[u8]) -> Result<u32, UploadError> {
        let mut file = self.uploads.begin("fax.tif".to_owned()).await?;
        file.append(tiff).await?;
        let pages =
            self.renderers.convert(&mut [file], None, RECEIVED_LIMITS).await.map_err(as_upload_error)?;
        let document = FaxDocument::from_pages(pages.into_iter().map(|page| page.page).collect());
        self.files.put(key, document.to_tiff(faxdroid_document::Resolution::Fine)?.into()).await?;
        Ok(document.page_count())
    }

    /// Deletes what is kept under `key`.
    pub async fn delete_received(&self, key: &str) -> Result<(), UploadError> {
        Ok(self.files.delete(key).await?)
    }

    /// The pages kept under `key` as a PDF.
    pub async fn pdf(&self, key: &str) -> Result<Vec<u8>, UploadError> {
        let tiff = self.files.get(key).await?;
        Ok(FaxDocument::from_tiff(&tiff)?.to_pdf())
    }

    /// Page `number` (from 1) as a PNG; `None` when there is no such page.
    pub async fn preview(
        &self,
        key: &str,
        number: u32,
        resolution: Resolution,
    ) -> Result<Option<Vec<u8>>, UploadError> {
        let tiff = self.files.get(key).await?;
        let drawing = tokio::task::spawn_blocking(move || {
            let document = FaxDocument::from_tiff(&tiff)?;
            let page = number.checked_sub(1).and_then(|index| document.pages().get(index as usize));
            page.map(|page| page.png(for_pages(resolution))).transpose()
        });
        match drawing.await {
            Ok(png) => Ok(png?),
            Err(_panicked) => Err(DocumentError::Unreadable { file: key.to_owned() }.into()),
        }
    }

    /// Deletes the document and its pages, unless a fax under way needs them.
    pub async fn delete(&self, document: &DocumentRow) -> Result<Deleted, UploadError> {
        let deleted = self.store.patiently(|which| self.try_delete(&document.id, which)).await?;
        if deleted == Deleted::Gone {
            self.files.delete(&document.storage_key).await?;
        }
        Ok(deleted)
    }

    async fn try_delete(&self, id: &str, which: Try) -> Result<Deleted, StoreError> {
        let transaction = self.store.begin().await?;
        store::documents::lock(&transaction, id).await?;
        if !store::documents::delete(&transaction, id).await? {
            let deleted_before =
                which == Try::Again && store::documents::find_by_id(&transaction, id).await?.is_none();
            return Ok(if deleted_before { Deleted::Gone } else { Deleted::InUse });
        }
        transaction.commit().await?;
        Ok(Deleted::Gone)
    }

    /// Deletes files to which no document belongs: those of a server that died between writing the file and the row.
    /// Answers how many.
    pub async fn delete_orphans_as_of(&self, now: Timestamp) -> Result<usize, UploadError> {
        let written_before = now.as_millisecond() - ORPHAN_AGE;
        // A bucket has more files than would fit into memory.
        let old = self.files.list().try_filter(|file| ready(file.written_at < written_before));
        let named = old.try_filter_map(async |file| Ok(document_of(&file.key).map(|id| (id, file.key))));
        let mut named = pin!(named.try_chunks(ORPHANS_AT_ONCE));
        let mut deleted = 0;
        while let Some(some) = named.try_next().await.map_err(|cut_short| cut_short.1)? {
            let ids: Vec<_> = some.iter().map(|(id, _)| id.clone()).collect();
            // The writer's answer: a replica may not yet have a row that was just written.
            let existing = store::documents::existing(self.store.connection(), &ids).await?;
            for (_, key) in some.iter().filter(|(id, _)| !existing.contains(id)) {
                self.files.delete(key).await?;
                tracing::warn!(key, "orphan_deleted");
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Deletes what expired: unsent, or so long after the end of its last fax.
    pub async fn delete_expired(&self) -> Result<(), UploadError> {
        let now = self.clock.now().as_millisecond();
        for document in store::documents::expired(self.store.connection(), now, EXPIRED_AT_ONCE).await? {
            let transaction = self.store.begin().await?;
            store::documents::lock(&transaction, &document.id).await?;
            if store::documents::delete_expired(&transaction, &document.id, now).await? {
                transaction.commit().await.map_err(StoreError::from)?;
                self.files.delete(&document.storage_key).await?;
            }
        }
        Ok(())
    }
}

fn as_upload_error(error: RenderError) -> UploadError {
    match error {
        RenderError::Document(error) => error.into(),
        other => UploadError::Render(other),
    }
}

/// The same for the same files in the same order behind the same cover page, as long as pages are made in the same way.
fn content_hash(uploads: &[UploadedFile], cover: Option<&CoverPage>) -> String {
    let cover = cover.map_or_else(Vec::new, |cover| {
        [&cover.to, &cover.from, &cover.subject, &cover.message].map(|text| sha256_hex([text])).to_vec()
    });
    let parts = cover.into_iter().chain(uploads.iter().map(UploadedFile::digest));
    sha256_hex(std::iter::once(PAGES_MADE_AS.to_owned()).chain(parts))
}

/// The document that `key` would belong to; other things have other names.
fn document_of(key: &str) -> Option<String> {
    let id = key.strip_suffix(".tiff")?.rsplit_once('/')?.1;
    id.parse::<DocumentId>().ok().map(|id| id.to_string())
}

struct Converted {
    pages: i32,
    tiff: Bytes,
    fine_bytes: i64,
    standard_bytes: i64,
}

impl Converted {
    fn of(pages: Vec<ConvertedPage>) -> Result<Self, DocumentError> {
        let standard_bytes = pages.iter().map(|page| i64::from(page.standard_bytes)).sum();
        let document = FaxDocument::from_pages(pages.into_iter().map(|page| page.page).collect());
        Ok(Self {
            pages: i32::try_from(document.page_count()).unwrap_or(i32::MAX),
            tiff: document.to_tiff(faxdroid_document::Resolution::Fine)?.into(),
            fine_bytes: i64::try_from(document.encoded_len()).unwrap_or(i64::MAX),
            standard_bytes,
        })
    }
}

fn for_pages(resolution: Resolution) -> faxdroid_document::Resolution {
    match resolution {
        Resolution::Standard => faxdroid_document::Resolution::Standard,
        Resolution::Fine => faxdroid_document::Resolution::Fine,
    }
}

/// Moments as customers' programs read them.
pub fn rfc3339(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// The row as the API shows it.
pub fn shown(row: &DocumentRow) -> Option<Document> {
    Some(Document {
        id: row.id.parse().ok()?,
        name: row.name.clone(),
        files: u32::try_from(row.files).ok()?,
        pages: u32::try_from(row.pages).ok()?,
        created_at: rfc3339(row.created_at),
        expires_at: row.expires_at.map(rfc3339),
    })
}

/// The pages of a call: those of the preview, with the header line above.
pub struct StoredPages {
    store: Store,
    files: Files,
    clock: Arc<dyn Clock>,
}

impl StoredPages {
    pub fn new(store: Store, files: Files, clock: Arc<dyn Clock>) -> Self {
        Self { store, files, clock }
    }
}

#[async_trait::async_trait]
impl Pages for StoredPages {
    async fn for_call(&self, fax: &FaxRow, first_page: u32) -> Result<Bytes, PagesError> {
        let failed = |error: UploadError| PagesError(Box::new(error));
        let document = store::documents::find_by_id(self.store.connection(), &fax.document_id)
            .await
            .map_err(|error| failed(error.into()))?
            .ok_or_else(|| failed(DocumentError::NoPages.into()))?;
        let tiff = self.files.get(&document.storage_key).await.map_err(|error| failed(error.into()))?;
        let resolution = crate::fax::read::resolution(fax).map_err(|error| failed(error.into()))?;
        let header = HeaderLine {
            sent_at: self.clock.now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
            sender_name: fax.sender_name.clone(),
            sender_number: fax.sender_number.clone(),
        };
        let drawing = tokio::task::spawn_blocking(move || {
            let document = FaxDocument::from_tiff(&tiff)?;
            with_header_line(&document, &header, first_page)?.to_tiff(for_pages(resolution))
        });
        match drawing.await {
            Ok(Ok(tiff)) => Ok(tiff.into()),
            Ok(Err(error)) => Err(failed(error.into())),
            Err(panicked) => Err(PagesError(Box::new(panicked))),
        }
    }
}
