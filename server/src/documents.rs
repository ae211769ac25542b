//! Documents: uploaded files become pages, pages are shown and sent, and go when they are no longer needed.
//!
//! The row is written after the file and names it; a file whose row cannot be written is deleted again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use faxdroid_contract::documents::{Document, MAX_BYTES, MAX_FILES, MAX_IMAGE_SIDE, MAX_PAGES, Resolution};
use faxdroid_contract::ids::{AccountId, DocumentId};
use faxdroid_document::{
    DocumentError, FaxDocument, HeaderLine, Limits, SourceFile, convert, with_header_line,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::config::Config;
use crate::files::{Files, FilesError};
use crate::store::documents::DocumentRow;
use crate::store::faxes::FaxRow;
use crate::store::{self, Store, StoreError};
use crate::workers::place_calls::{Pages, PagesError};

const LIMITS: Limits = Limits {
    max_bytes: MAX_BYTES,
    max_pages: MAX_PAGES,
    max_files: MAX_FILES,
    max_image_side: MAX_IMAGE_SIDE,
    max_image_pixels: 120_000_000,
};
const NAME_MAX: usize = 200;
const EXPIRED_AT_ONCE: u64 = 50;

/// A file as it came in.
#[derive(Debug, Clone)]
pub struct UploadedFile {
    pub name: String,
    pub bytes: Bytes,
}

/// Why an upload did not become a document. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the conversion took too long")]
    TooSlow,
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything that is done with documents.
#[derive(Clone)]
pub struct Documents {
    store: Store,
    files: Files,
    clock: Arc<dyn Clock>,
    expire_after: Duration,
    time_limit: Duration,
    conversions: Arc<Semaphore>,
}

impl Documents {
    pub fn new(config: &Config, store: Store, files: Files, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            files,
            clock,
            expire_after: config.documents.expire_after,
            time_limit: config.documents.time_limit,
            conversions: Arc::new(Semaphore::new(config.documents.conversions)),
        }
    }

    /// Makes one document of `uploads`.
    pub async fn upload(
        &self,
        account: &AccountId,
        uploads: Vec<UploadedFile>,
    ) -> Result<DocumentRow, UploadError> {
        let name: String =
            uploads.first().map(|file| file.name.chars().take(NAME_MAX).collect()).unwrap_or_default();
        let count = i32::try_from(uploads.len()).unwrap_or(i32::MAX);
        let mut hash = Sha256::new();
        uploads.iter().for_each(|file| hash.update(&file.bytes));
        let content_hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let converted = self.convert(uploads).await?;

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
            expires_at: Some(now + i64::try_from(self.expire_after.as_millis()).unwrap_or(i64::MAX / 2)),
        };
        self.files.put(&row.storage_key, converted.tiff).await?;
        if let Err(error) = store::documents::insert(self.store.connection(), row.clone()).await {
            self.files.delete(&row.storage_key).await?;
            return Err(error.into());
        }
        Ok(row)
    }

    async fn convert(&self, uploads: Vec<UploadedFile>) -> Result<Converted, UploadError> {
        let turn = self.conversions.clone().acquire_owned().await;
        let conversion = tokio::task::spawn_blocking(move || {
            // Held by the conversion itself: one that was given up still takes its core.
            let _turn = turn;
            let files: Vec<_> =
                uploads.iter().map(|file| SourceFile { name: &file.name, bytes: &file.bytes }).collect();
            convert(&files, &LIMITS).map(|document| Converted::of(&document))
        });
        match tokio::time::timeout(self.time_limit, conversion).await {
            Ok(Ok(converted)) => Ok(converted?),
            Ok(Err(_panicked)) => Err(DocumentError::Unreadable { file: String::new() }.into()),
            Err(_elapsed) => Err(UploadError::TooSlow),
        }
    }

    /// Page `number` (from 1) as a PNG; `None` when there is no such page.
    pub async fn preview(
        &self,
        document: &DocumentRow,
        number: u32,
        resolution: Resolution,
    ) -> Result<Option<Vec<u8>>, UploadError> {
        let tiff = self.files.get(&document.storage_key).await?;
        let drawing = tokio::task::spawn_blocking(move || {
            let document = FaxDocument::from_tiff(&tiff)?;
            let page = number.checked_sub(1).and_then(|index| document.pages().get(index as usize));
            Ok::<_, DocumentError>(page.map(|page| page.png(for_pages(resolution))))
        });
        match drawing.await {
            Ok(png) => Ok(png?),
            Err(_panicked) => Err(DocumentError::Unreadable { file: document.name.clone() }.into()),
        }
    }

    /// Deletes the document and its pages.
    pub async fn delete(&self, document: &DocumentRow) -> Result<(), UploadError> {
        store::documents::delete(self.store.connection(), &document.id).await?;
        Ok(self.files.delete(&document.storage_key).await?)
    }

    /// Deletes what expired unsent.
    pub async fn delete_expired(&self) -> Result<(), UploadError> {
        let now = self.clock.now().as_millisecond();
        for document in store::documents::expired(self.store.connection(), now, EXPIRED_AT_ONCE).await? {
            self.delete(&document).await?;
        }
        Ok(())
    }
}

struct Converted {
    pages: i32,
    tiff: Bytes,
    fine_bytes: i64,
    standard_bytes: i64,
}

impl Converted {
    fn of(document: &FaxDocument) -> Self {
        let bytes = |resolution| i64::try_from(document.encoded_len(resolution)).unwrap_or(i64::MAX);
        Self {
            pages: i32::try_from(document.page_count()).unwrap_or(i32::MAX),
            tiff: document.to_tiff(faxdroid_document::Resolution::Fine).into(),
            fine_bytes: bytes(faxdroid_document::Resolution::Fine),
            standard_bytes: bytes(faxdroid_document::Resolution::Standard),
        }
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
    async fn for_call(&self, fax: &FaxRow) -> Result<Bytes, PagesError> {
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
            Ok::<_, DocumentError>(with_header_line(&document, &header).to_tiff(for_pages(resolution)))
        });
        match drawing.await {
            Ok(Ok(tiff)) => Ok(tiff.into()),
            Ok(Err(error)) => Err(failed(error.into())),
            Err(panicked) => Err(PagesError(Box::new(panicked))),
        }
    }
}
