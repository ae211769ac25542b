//! Files in, fax pages out.
//!
//! A customer's PDF, picture or text becomes pages of one bit a pixel, 1728 pixels wide at 204 × 196 dots per inch
//! (ITU-T T.4, fine). Everything else is derived from that bitmap: the T.6 that is sent, the standard resolution,
//! and the preview, so that what a customer sees is what the far machine prints. Bytes decide what a file is, never its
//! name. Every byte may be hostile: sizes are checked before anything is decoded, and whoever converts what strangers
//! sent does it in a process that has been [confined](sandbox::confine) and [serves](worker::serve) one conversion.

mod bilevel;
mod bitmap;
mod cover_page;
mod error;
mod estimate;
mod fax_document;
mod geometry;
mod grey;
mod header_line;
mod in_order;
mod kind;
mod office;
mod pdf;
mod pdf_file;
mod picture;
pub mod sandbox;
mod t6;
mod text;
mod tiff_pages;
mod typeface;
pub mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bitmap::Bitmap;
use bytes::Bytes;
pub use cover_page::CoverPage;
pub use error::DocumentError;
pub use estimate::{page_seconds, transmission_seconds};
pub use fax_document::{FaxDocument, Page};
pub use geometry::PAGE_WIDTH;
use geometry::{LEGAL_ROWS, MAX_HEIGHT};
pub use header_line::{HEADER_LINE_BYTES, HeaderLine, HeaderLines};
use kind::Kind;
pub use office::{OfficeFile, OfficeFormat};
use serde::{Deserialize, Serialize};
pub use tiff_pages::{FaxReader, FaxWriter};

/// How finely a page is scanned (ITU-T T.4, section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// 204 × 98 dots per inch.
    Standard,
    /// 204 × 196 dots per inch.
    Fine,
}

impl Resolution {
    /// Rows to the inch.
    pub const fn vertical_dpi(self) -> u32 {
        match self {
            Self::Standard => 98,
            Self::Fine => 196,
        }
    }
}

/// What is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// All files together, in bytes.
    pub max_bytes: u64,
    /// A cover page is not counted.
    pub max_pages: u32,
    pub max_files: u32,
    /// Pixels on one side of an image.
    pub max_image_side: u32,
    /// Pixels of an image in all.
    pub max_image_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 50 * 1024 * 1024,
            max_pages: 200,
            max_files: 20,
            max_image_side: 20_000,
            max_image_pixels: 120_000_000,
        }
    }
}

/// A file as it was uploaded.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// For the sentence that tells which file is meant; it decides nothing.
    pub name: String,
    pub bytes: Bytes,
}

/// A page that was just made.
#[derive(Clone, Serialize, Deserialize)]
pub struct ConvertedPage {
    pub page: Page,
    /// Bytes of its T.6 in standard resolution.
    pub standard_bytes: u32,
}

impl ConvertedPage {
    fn of(bitmap: &Bitmap) -> Self {
        let standard_bytes = u32::try_from(t6::encode(&bitmap.halved()).len()).unwrap_or(u32::MAX);
        Self { page: Page::of(bitmap), standard_bytes }
    }

    /// The sheets that a page of any length becomes. A fax page that comes as long as Legal stays one.
    fn sheets_of(bitmap: &Bitmap) -> Vec<Self> {
        if bitmap.height() <= LEGAL_ROWS {
            return vec![Self::of(bitmap)];
        }
        bitmap.sheets(MAX_HEIGHT).iter().map(Self::of).collect()
    }
}

/// Makes one fax of `files`, in their order, behind `cover`.
///
/// # Errors
/// The first reason why they are no fax. Nothing of a fax is ever made of a part of the files.
pub fn convert(
    files: &[SourceFile],
    cover: Option<&CoverPage>,
    limits: &Limits,
) -> Result<FaxDocument, DocumentError> {
    let mut pages = Vec::new();
    convert_each(files, cover, limits, &mut |converted| {
        pages.push(converted.page);
        true
    })?;
    Ok(FaxDocument::from_pages(pages))
}

/// Makes the pages one by one, each given to `take` as soon as it and those before it are done. No more is done when
/// `take` says `false`.
///
/// # Errors
/// The first reason why the files are no fax; the pages taken before count for nothing then. A cover page says how many
/// pages there are, so with one nothing is taken before all of them are made.
pub fn convert_each(
    files: &[SourceFile],
    cover: Option<&CoverPage>,
    limits: &Limits,
    take: &mut dyn FnMut(ConvertedPage) -> bool,
) -> Result<(), DocumentError> {
    let Some(cover) = cover else { return convert_files(files, limits, take) };
    let mut pages = Vec::new();
    convert_files(files, limits, &mut |page| {
        pages.push(page);
        true
    })?;
    let cover = ConvertedPage::of(&cover_page::drawn(cover, pages.len() as u32 + 1));
    let _all_taken = std::iter::once(cover).chain(pages).all(take);
    Ok(())
}

fn convert_files(
    files: &[SourceFile],
    limits: &Limits,
    take: &mut dyn FnMut(ConvertedPage) -> bool,
) -> Result<(), DocumentError> {
    if files.is_empty() || files.iter().any(|file| file.bytes.is_empty()) {
        return Err(DocumentError::Empty);
    }
    if files.len() > limits.max_files as usize {
        return Err(DocumentError::TooManyFiles { limit: limits.max_files });
    }
    if files.iter().map(|file| file.bytes.len() as u64).sum::<u64>() > limits.max_bytes {
        return Err(DocumentError::TooLarge { limit: limits.max_bytes });
    }
    let kinds = files.iter().map(kind_of).collect::<Result<Vec<_>, _>>()?;
    let office: Vec<_> = (0..)
        .zip(&kinds)
        .filter_map(|(index, kind)| match kind {
            Kind::Office(format) => Some(OfficeFile { index, format: *format }),
            _ => None,
        })
        .collect();
    if !office.is_empty() {
        return Err(DocumentError::Office { files: office });
    }
    let mut made = 0;
    let mut wanted = true;
    for (file, kind) in files.iter().zip(kinds) {
        let mut too_many = false;
        pages_of(file, kind, limits, &mut |page| {
            made += 1;
            too_many = made > limits.max_pages;
            wanted = !too_many && take(page);
            wanted
        })?;
        if too_many {
            return Err(DocumentError::TooManyPages { limit: limits.max_pages });
        }
        if !wanted {
            return Ok(());
        }
    }
    if made == 0 { Err(DocumentError::NoPages) } else { Ok(()) }
}

/// Takes a page, and says whether another is wanted.
type Take<'a> = dyn FnMut(ConvertedPage) -> bool + 'a;

fn kind_of(file: &SourceFile) -> Result<Kind, DocumentError> {
    match catch_unwind(|| kind::of(&file.bytes)) {
        Ok(Some(Kind::EncryptedOffice)) => Err(DocumentError::Encrypted),
        Ok(Some(kind)) => Ok(kind),
        Ok(None) => Err(DocumentError::UnsupportedType { file: file.name.clone() }),
        Err(_panicked) => Err(unreadable(file)),
    }
}

fn pages_of(
    file: &SourceFile,
    kind: Kind,
    limits: &Limits,
    take: &mut Take<'_>,
) -> Result<(), DocumentError> {
    // Decoders of other people's formats are large; one that panics costs this file and nothing else.
    catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Pdf => pdf::pages(file, limits, take),
        Kind::Picture => picture::pages(file, limits, take),
        Kind::Tiff => tiff_pages::pages(file, limits, take),
        Kind::Text => text::pages(file, limits, take),
        // Told before.
        Kind::Office(_) | Kind::EncryptedOffice => Err(unreadable(file)),
    }))
    .unwrap_or_else(|_| Err(unreadable(file)))
}

fn unreadable(file: &SourceFile) -> DocumentError {
    DocumentError::Unreadable { file: file.name.clone() }
}
