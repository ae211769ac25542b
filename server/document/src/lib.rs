//! Files in, fax pages out.
//!
//! A customer's PDF, picture or text becomes pages of one bit a pixel, 1728 pixels wide at 204 × 196 dots per inch
//! (ITU-T T.4, fine). Everything else is derived from that bitmap: the T.6 that is sent, the standard resolution,
//! and the preview, so that what a customer sees is what the far machine prints. Bytes decide what a file is, never its
//! name; every byte may be hostile, so sizes are checked before anything is decoded.

mod bilevel;
mod bitmap;
mod error;
mod geometry;
mod grey;
mod header_line;
mod inflation;
mod pdf;
mod picture;
mod t6;
mod text;
mod tiff_pages;
mod typeface;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bitmap::Bitmap;
pub use error::DocumentError;
pub use geometry::PAGE_WIDTH;
pub use header_line::{HeaderLine, with_header_line};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// All files together, in bytes.
    pub max_bytes: u64,
    pub max_pages: u32,
    pub max_files: usize,
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
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'a> {
    /// For the sentence that tells which file is meant; it decides nothing.
    pub name: &'a str,
    pub bytes: &'a [u8],
}

/// The pages of one fax, in fine resolution.
#[derive(Clone, PartialEq, Eq)]
pub struct FaxDocument {
    pages: Vec<Page>,
}

/// One page.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    bitmap: Bitmap,
}

/// Makes one fax of `files`, in their order.
///
/// # Errors
/// The first reason why they are no fax. Nothing of a fax is ever made of a part of the files.
pub fn convert(files: &[SourceFile<'_>], limits: &Limits) -> Result<FaxDocument, DocumentError> {
    if files.is_empty() || files.iter().any(|file| file.bytes.is_empty()) {
        return Err(DocumentError::Empty);
    }
    if files.len() > limits.max_files {
        return Err(DocumentError::TooManyFiles { limit: limits.max_files });
    }
    if files.iter().map(|file| file.bytes.len() as u64).sum::<u64>() > limits.max_bytes {
        return Err(DocumentError::TooLarge { limit: limits.max_bytes });
    }
    let mut pages = Vec::new();
    for file in files {
        let left = Limits { max_pages: limits.max_pages - pages.len() as u32, ..*limits };
        let bitmaps = pages_of(file, &left).map_err(|error| match error {
            DocumentError::TooManyPages { .. } => DocumentError::TooManyPages { limit: limits.max_pages },
            other => other,
        })?;
        pages.extend(bitmaps.into_iter().map(|bitmap| Page { bitmap }));
    }
    if pages.is_empty() { Err(DocumentError::NoPages) } else { Ok(FaxDocument { pages }) }
}

fn pages_of(file: &SourceFile<'_>, limits: &Limits) -> Result<Vec<Bitmap>, DocumentError> {
    // Decoders of other people's formats are large; one that panics costs this file and nothing else.
    catch_unwind(AssertUnwindSafe(|| match kind(file.bytes) {
        Some(Kind::Pdf) => pdf::pages(file, limits),
        Some(Kind::Picture) => picture::page(file, limits).map(|page| vec![page]),
        Some(Kind::Tiff) => tiff_pages::pages(file, limits),
        Some(Kind::Text) => text::pages(file, limits),
        None => Err(DocumentError::UnsupportedType { file: file.name.to_owned() }),
    }))
    .unwrap_or_else(|_| Err(unreadable(file)))
}

fn unreadable(file: &SourceFile<'_>) -> DocumentError {
    DocumentError::Unreadable { file: file.name.to_owned() }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pdf,
    Picture,
    Tiff,
    Text,
}

/// A PDF may have so much before its header (ISO 32000-1, annex H, note 13).
const PDF_HEADER_WITHIN: usize = 1024;

fn kind(bytes: &[u8]) -> Option<Kind> {
    let start = &bytes[..bytes.len().min(PDF_HEADER_WITHIN)];
    if start.windows(5).any(|window| window == b"%PDF-") {
        Some(Kind::Pdf)
    } else if start.starts_with(b"\x89PNG\r\n\x1a\n") || start.starts_with(b"\xff\xd8\xff") {
        Some(Kind::Picture)
    } else if start.starts_with(b"II*\0") || start.starts_with(b"MM\0*") {
        Some(Kind::Tiff)
    } else if text::is_text(bytes) {
        Some(Kind::Text)
    } else {
        None
    }
}

impl FaxDocument {
    pub fn page_count(&self) -> u32 {
        self.pages.len() as u32
    }

    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// T.6 in a TIFF with a page a directory (TIFF class F, RFC 2306).
    pub fn to_tiff(&self, resolution: Resolution) -> Vec<u8> {
        let encoded: Vec<_> = self
            .pages
            .iter()
            .map(|page| {
                let bitmap = page.at(resolution);
                tiff_pages::Encoded { height: bitmap.height(), t6: t6::encode(&bitmap) }
            })
            .collect();
        tiff_pages::write(&encoded, resolution)
    }

    /// Reads what [`to_tiff`](Self::to_tiff) wrote in fine resolution, bit for bit.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`] for anything else.
    pub fn from_tiff(bytes: &[u8]) -> Result<Self, DocumentError> {
        let file = SourceFile { name: "document.tiff", bytes };
        let pages =
            catch_unwind(|| tiff_pages::read(bytes)).ok().flatten().ok_or_else(|| unreadable(&file))?;
        Ok(Self { pages: pages.into_iter().map(|bitmap| Page { bitmap }).collect() })
    }

    /// Bytes of T.6 of all pages: what takes time on the line.
    pub fn encoded_len(&self, resolution: Resolution) -> usize {
        self.pages.iter().map(|page| t6::encode(&page.at(resolution)).len()).sum()
    }
}

impl Page {
    /// Always [`PAGE_WIDTH`].
    pub fn width(&self) -> u32 {
        PAGE_WIDTH
    }

    /// Rows in fine resolution.
    pub fn height(&self) -> u32 {
        self.bitmap.height()
    }

    /// The page as a PNG of one bit a pixel. Rows of standard resolution are shown twice, as they are twice as high on
    /// paper.
    pub fn png(&self, resolution: Resolution) -> Vec<u8> {
        let bitmap = self.at(resolution);
        let copies = match resolution {
            Resolution::Standard => 2,
            Resolution::Fine => 1,
        };
        let rows: Vec<u8> = bitmap
            .rows()
            .flat_map(|row| std::iter::repeat_n(row, copies))
            .flat_map(|row| row.iter().map(|byte| !byte))
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, PAGE_WIDTH, bitmap.height() * copies as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        encoder.set_compression(png::Compression::Fast);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&rows));
        debug_assert!(written.is_ok(), "writing to memory does not fail");
        bytes
    }

    fn at(&self, resolution: Resolution) -> Bitmap {
        match resolution {
            Resolution::Fine => self.bitmap.clone(),
            Resolution::Standard => self.bitmap.halved(),
        }
    }
}

/// Dialing, ringing, training and hanging up, in seconds (measured between two Asterisk servers).
const CALL_OVERHEAD: f64 = 20.0;
/// Between two pages: end of page, confirmation, training.
const PAGE_OVERHEAD: f64 = 2.0;

/// How long a call takes that sends so many bytes of T.6 in so many pages: set-up, the bits at the modems' speed, and the
/// exchange after each page.
pub fn transmission_seconds(encoded_bytes: usize, pages: u32, bits_per_second: u32) -> f64 {
    let bits = encoded_bytes as f64 * 8.0;
    CALL_OVERHEAD + bits / f64::from(bits_per_second.max(1)) + PAGE_OVERHEAD * f64::from(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_decide_what_a_file_is() {
        assert_eq!(kind(b"%PDF-1.7\n"), Some(Kind::Pdf));
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n...."), Some(Kind::Picture));
        assert_eq!(kind(b"II*\0...."), Some(Kind::Tiff));
        assert_eq!(kind("Grüße".as_bytes()), Some(Kind::Text));
        assert_eq!(kind(b"PK\x03\x04\x00\x00"), None);
        assert_eq!(kind(b"\xff\xfe\x00"), None);
    }

    #[test]
    fn a_page_of_text_takes_about_as_long_as_it_was_measured() {
        // 41 KB at 14400 bit/s took 44.3 s in all.
        let seconds = transmission_seconds(41_000, 1, 14_400);
        assert!((seconds - 44.3).abs() < 2.0, "{seconds}");
    }
}
