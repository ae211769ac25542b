//! A fax page to look at.

use bytes::Bytes;
use faxdroid_document::{DocumentError, Limits, Resolution, SourceFile, convert};
use image::GrayImage;

/// Inches of a Letter page.
const LETTER: (f64, f64) = (8.5, 11.0);

/// A fax page in fine resolution.
#[derive(PartialEq)]
pub(crate) struct Sheet(GrayImage);

/// Part of a Letter page: left, top, width and height in inches.
pub(crate) type Area = (f64, f64, f64, f64);

/// The pages of a file.
pub(crate) fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>, DocumentError> {
    let file = SourceFile { name: "file".to_owned(), bytes: Bytes::copy_from_slice(bytes) };
    let fax = convert(&[file], None, &Limits::default())?;
    let shown = |page: &faxdroid_document::Page| {
        image::load_from_memory(&page.png(Resolution::Fine).unwrap()).unwrap()
    };
    Ok(fax.pages().iter().map(|page| Sheet(shown(page).into_luma8())).collect())
}

/// The page of a file that has one.
pub(crate) fn sheet(bytes: &[u8]) -> Sheet {
    let mut sheets = sheets(bytes).unwrap();
    assert_eq!(sheets.len(), 1);
    sheets.remove(0)
}

impl Sheet {
    /// Rows of the page.
    pub(crate) fn height(&self) -> u32 {
        self.0.height()
    }

    /// How much of an area of a Letter page is black, from 0 to 1.
    pub(crate) fn ink(&self, area: Area) -> f64 {
        let (across, down) = (f64::from(self.0.width()) / LETTER.0, f64::from(self.0.height()) / LETTER.1);
        let (left, top, width, height) = area;
        self.ink_in_pixels(
            (left * across) as u32..((left + width) * across) as u32,
            (top * down) as u32..((top + height) * down) as u32,
        )
    }

    /// How much of a part of the page, in its own width and height, is black: `(0.0, 0.0, 0.5, 0.5)` is the quarter at the
    /// top left.
    pub(crate) fn ink_of_part(&self, (left, top, width, height): Area) -> f64 {
        self.ink((left * LETTER.0, top * LETTER.1, width * LETTER.0, height * LETTER.1))
    }

    fn ink_in_pixels(&self, columns: std::ops::Range<u32>, rows: std::ops::Range<u32>) -> f64 {
        let pixels = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
        let (mut black, mut all) = (0_u32, 0_u32);
        for (x, y) in pixels {
            all += 1;
            black += u32::from(self.0.get_pixel(x, y).0[0] == 0);
        }
        assert!(all > 0, "an area of no pixels");
        f64::from(black) / f64::from(all)
    }

    /// The pixels of an area, to be compared.
    pub(crate) fn cut(&self, (left, top, width, height): Area) -> Vec<u8> {
        let (across, down) = (f64::from(self.0.width()) / LETTER.0, f64::from(self.0.height()) / LETTER.1);
        let part = image::imageops::crop_imm(
            &self.0,
            (left * across) as u32,
            (top * down) as u32,
            (width * across) as u32,
            (height * down) as u32,
        );
        part.to_image().into_raw()
    }
}
