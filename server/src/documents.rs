//! Documents: uploaded files become pages, pages are shown and sent, and go when they are no longer needed.
//!
//! The row is written after the file and names it; a file whose row cannot be written is deleted again.

pub mod office;
pub mod render_pool;
pub mod uploads;

use std::fs::File;
use std::future::ready;
use std::io::{BufReader, BufWriter, Write as _};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faxdroid_contract::documents::{Document, MAX_BYTES, MAX_FILES, MAX_IMAGE_SIDE, MAX_PAGES, Resolution};
use faxdroid_contract::ids::{AccountId, DocumentId};
use faxdroid_document::{
    CoverPage, DocumentError, FaxDocument, FaxReader, FaxWriter, HeaderLine, HeaderLines, Limits, OfficeFile,
};
use futures::TryStreamExt;
use jiff::Timestamp;
use office::{Office, OfficeError};
use render_pool::{Converted, RenderError, RenderPool};
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
    #[error("a file of this server cannot be used")]
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
        let id = format!("{}{}", DocumentId::PREFIX, self.clock.new_ulid());
        let storage_key = format!("{account}/{id}.tiff");
        let kept = match self.copy_of_before(account, &content_hash, &storage_key).await? {
            Some(kept) => kept,
            None => {
                let begin = Instant::now();
                let converted = self.convert(uploads, cover).await;
                let result = if converted.is_ok() { "converted" } else { "refused" };
                metrics::histogram!(CONVERSION_SECONDS, "result" => result).record(begin.elapsed());
                let converted = converted?;
                let kept = Kept::of(&converted);
                self.files.put(&storage_key, converted.tiff).await?;
                kept
            }
        };

        let now = self.clock.now().as_millisecond();
        let row = DocumentRow {
            storage_key,
            id,
            account_id: account.to_string(),
            name: if name.is_empty() { "document".to_owned() } else { name },
            files: count,
            pages: kept.pages,
            content_hash,
            fine_bytes: kept.fine_bytes,
            standard_bytes: kept.standard_bytes,
            created_at: now,
            expires_at: Some(after(now, self.expire_after)),
        };
        if let Err(error) = store::documents::insert(self.store.connection(), row.clone()).await {
            self.files.delete(&row.storage_key).await?;
            return Err(error.into());
        }
        Ok(row)
    }

    /// Copies what the same customer's same files became before. Another customer's count for nothing: how fast an answer comes
    /// must not tell what others have sent.
    async fn copy_of_before(
        &self,
        account: &AccountId,
        content_hash: &str,
        storage_key: &str,
    ) -> Result<Option<Kept>, UploadError> {
        let db = self.store.connection();
        let Some(row) = store::documents::find_by_content(db, account.as_str(), content_hash).await? else {
            return Ok(None);
        };
        // It may be deleted at this very moment.
        let copied = self.files.copy(&row.storage_key, storage_key).await;
        Ok(copied.is_ok().then_some(Kept {
            pages: row.pages,
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
        let mut converted = self.renderers.convert(&mut uploads, cover, LIMITS, &self.uploads).await;
        if let Err(RenderError::Document(DocumentError::Office { files })) = &converted {
            for OfficeFile { index, format } in files {
                if let Some(upload) = uploads.get_mut(*index as usize) {
                    *upload = self.office.pdf(upload, *format, &self.uploads).await?;
                }
            }
            converted = self.renderers.convert(&mut uploads, cover, LIMITS_OF_PDF, &self.uploads).await;
        }
        converted.map_err(as_upload_error)
    }

    /// Keeps the pages that a stranger's machine has sent (TIFF) under `key`, and answers how many they are. They are
    /// decoded where uploads are, with as little in reach.
    pub async fn keep_received(&self, key: &str, tiff: &[u8]) -> Result<u32, UploadError> {
        let mut file = self.uploads.begin("fax.tif".to_owned()).await?;
        file.append(tiff).await?;
        let converted = self.renderers.convert(&mut [file], None, RECEIVED_LIMITS, &self.uploads).await;
        let converted = converted.map_err(as_upload_error)?;
        self.files.put(key, converted.tiff).await?;
        Ok(converted.pages)
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
        let tiff = self.files.fetch(key, self.uploads.unnamed().await?).await?;
        let drawing = tokio::task::spawn_blocking(move || {
            let page = FaxReader::open(BufReader::new(tiff))?.page(number)?;
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

/// What a document's row says of its pages.
struct Kept {
    pages: i32,
    fine_bytes: i64,
    standard_bytes: i64,
}

impl Kept {
    fn of(converted: &Converted) -> Self {
        Self {
            pages: i32::try_from(converted.pages).unwrap_or(i32::MAX),
            fine_bytes: i64::try_from(converted.fine_bytes).unwrap_or(i64::MAX),
            standard_bytes: i64::try_from(converted.standard_bytes).unwrap_or(i64::MAX),
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
    documents: Documents,
}

impl StoredPages {
    pub fn new(documents: Documents) -> Self {
        Self { documents }
    }

    async fn draw(&self, fax: &FaxRow, first_page: u32) -> Result<File, UploadError> {
        let Documents { store, files, clock, uploads, .. } = &self.documents;
        let document = store::documents::find_by_id(store.connection(), &fax.document_id).await?;
        let document = document.ok_or(DocumentError::NoPages)?;
        let resolution = for_pages(crate::fax::read::resolution(fax)?);
        let kept = files.fetch(&document.storage_key, uploads.unnamed().await?).await?;
        let tiff = uploads.unnamed().await?;
        let header = HeaderLine {
            sent_at: clock.now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
            sender_name: fax.sender_name.clone(),
            sender_number: fax.sender_number.clone(),
        };
        let drawing = tokio::task::spawn_blocking(move || {
            let mut pages = FaxReader::open(BufReader::new(kept))?;
            let mut output = BufWriter::new(&tiff);
            let mut writer = FaxWriter::new(&mut output, resolution)?;
            let mut lines = HeaderLines::new(&header, first_page, pages.page_count());
            for number in first_page..=pages.page_count() {
                let page = pages.page(number)?.ok_or(DocumentError::NoPages)?;
                writer.add(&lines.above(&page, number)?)?;
            }
            output.flush()?;
            drop(output);
            Ok::<_, UploadError>(tiff)
        });
        drawing.await.map_err(std::io::Error::other)?
    }
}

#[async_trait::async_trait]
impl Pages for StoredPages {
    async fn for_call(&self, fax: &FaxRow, first_page: u32) -> Result<File, PagesError> {
        self.draw(fax, first_page).await.map_err(|error| PagesError(Box::new(error)))
    }
}
