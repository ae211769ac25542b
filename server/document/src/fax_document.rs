//! The pages of a fax as they are kept: T.6 in fine resolution, from which the standard resolution, the preview and the pages
//! with a header line are derived when they are asked for. A page is decoded only when it is looked at.

use std::io::Cursor;

use serde::{Deserialize, Serialize};

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;
use crate::{DocumentError, FaxReader, FaxWriter, Resolution, pdf_file, t6};

/// The pages of one fax, in fine resolution.
#[derive(Clone, PartialEq, Eq)]
pub struct FaxDocument {
    pages: Vec<Page>,
}

/// One page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub(crate) height: u32,
    #[serde(with = "serde_bytes")]
    pub(crate) t6: Vec<u8>,
}

impl FaxDocument {
    /// The pages in their order.
    pub fn from_pages(pages: Vec<Page>) -> Self {
        Self { pages }
    }

    pub fn page_count(&self) -> u32 {
        self.pages.len() as u32
    }

    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// T.6 in a TIFF with a page a directory.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`] when a page was damaged where it was kept.
    pub fn to_tiff(&self, resolution: Resolution) -> Result<Vec<u8>, DocumentError> {
        let mut tiff = Cursor::new(Vec::new());
        // Writing to memory does not fail; reading a page may.
        let mut writer = FaxWriter::new(&mut tiff, resolution).map_err(|_| damaged())?;
        self.pages.iter().try_for_each(|page| writer.add(page)).map_err(|_| damaged())?;
        Ok(tiff.into_inner())
    }

    /// Reads what [`to_tiff`](Self::to_tiff) wrote in fine resolution, bit for bit.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`] for anything else.
    pub fn from_tiff(bytes: &[u8]) -> Result<Self, DocumentError> {
        let mut reader = FaxReader::open(Cursor::new(bytes))?;
        let pages = (1..=reader.page_count()).map(|number| reader.page(number)?.ok_or_else(damaged));
        Ok(Self { pages: pages.collect::<Result<_, _>>()? })
    }

    /// The pages as a PDF, pixel for pixel.
    pub fn to_pdf(&self) -> Vec<u8> {
        pdf_file::write(&self.pages)
    }

    /// Bytes of T.6 of all pages in fine resolution: what takes time on the line.
    pub fn encoded_len(&self) -> usize {
        self.pages.iter().map(|page| page.t6.len()).sum()
    }
}

impl Page {
    pub(crate) fn of(bitmap: &Bitmap) -> Self {
        Self { height: bitmap.height(), t6: t6::encode(bitmap) }
    }

    pub(crate) fn bitmap(&self) -> Result<Bitmap, DocumentError> {
        t6::decode_page(&self.t6, self.height).ok_or_else(damaged)
    }

    /// Always [`PAGE_WIDTH`].
    pub fn width(&self) -> u32 {
        PAGE_WIDTH
    }

    /// Rows in fine resolution.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes of its T.6 in fine resolution.
    pub fn encoded_len(&self) -> usize {
        self.t6.len()
    }

    /// The page as a PNG of one bit a pixel. Rows of standard resolution are shown twice, as they are twice as high on
    /// paper.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`] when the page was damaged where it was kept.
    pub fn png(&self, resolution: Resolution) -> Result<Vec<u8>, DocumentError> {
        let (bitmap, copies) = match resolution {
            Resolution::Standard => (self.bitmap()?.halved(), 2),
            Resolution::Fine => (self.bitmap()?, 1),
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
        written.map(|()| bytes).map_err(|_| damaged())
    }
}

pub(crate) fn damaged() -> DocumentError {
    DocumentError::Unreadable { file: "document.tiff".to_owned() }
}
