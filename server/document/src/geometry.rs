//! Where a page or a picture lies on the fax sheet.
//!
//! A sheet is always 1728 pixels (8.47 inches at 204 dpi) wide and as long as its content, up to Legal: a receiver
//! need not accept more (T.30 offers A4, B4 and unlimited). Content that is a little longer is shrunk; what is much longer
//! keeps its width and is cut into sheets. Sheets of paper keep their size, so that A4 has 2292
//! rows and Letter 2156; pixels are 204 to the inch across and 196 down, so a square is not square in pixels.

use crate::header_line::HEADER_ROWS;

/// Pixels across every fax page.
pub const PAGE_WIDTH: u32 = 1728;
pub(crate) const HORIZONTAL_DPI: f64 = 204.0;
pub(crate) const FINE_DPI: f64 = 196.0;

/// Legal at 7700 lines to the metre, the longest length machines agree on.
pub(crate) const LEGAL_ROWS: u32 = 2738;
/// The longest sheet that we make, which leaves room for the line above every page.
pub(crate) const MAX_HEIGHT: u32 = LEGAL_ROWS - HEADER_ROWS;
/// Content up to so many times the longest sheet is shrunk onto one; what is longer keeps its width and is cut.
const MOST_SHRUNK: f64 = 1.25;
/// Sheets that one page may become.
const MAX_SHEETS: u32 = 8;
/// One inch: shorter sheets jam, and a picture of one pixel has to be seen on something.
const MIN_HEIGHT: u32 = 196;
const SHEET_INCHES: f64 = PAGE_WIDTH as f64 / HORIZONTAL_DPI;
const A4_WIDTH_INCHES: f64 = 8.27;
/// Letter is 6 pixels too wide; it is shrunk by that and keeps its length.
const LETTER_WIDTH_INCHES: f64 = 8.51;
const MAX_ENLARGEMENT: f64 = 2.0;
/// What a pixel of a screen is meant to measure: small pictures are not enlarged beyond it.
const SCREEN_DPI: f64 = 96.0;

/// A rectangle for the content on a sheet of `sheet_height` rows, at fine resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) sheet_height: u32,
    /// The content is turned clockwise by a quarter; `width` and `height` are those after turning.
    pub(crate) turned: bool,
}

/// Places a sheet of paper of which the size is known.
pub(crate) fn place_paper(width_inches: f64, height_inches: f64) -> Placement {
    let turned = width_inches > height_inches && width_inches > LETTER_WIDTH_INCHES;
    let (width, height) = if turned { (height_inches, width_inches) } else { (width_inches, height_inches) };
    let (width, height) = (sane_inches(width), sane_inches(height));

    let enlarged = (A4_WIDTH_INCHES / width).clamp(1.0, MAX_ENLARGEMENT);
    let mut scale = enlarged.min(SHEET_INCHES / width);
    let paper_scale = if width <= LETTER_WIDTH_INCHES { enlarged } else { scale };
    let rows = height * paper_scale * FINE_DPI;
    let shrunk = shrunk(rows);
    scale *= shrunk;
    let rows = rows * shrunk;
    laid_out(width * scale * HORIZONTAL_DPI, height * scale * FINE_DPI, rows, turned, Vertical::Middle)
}

/// Places a picture that is only pixels: as wide as the sheet, but never larger than on a screen. One that has more columns
/// than the sheet and lies on its side is turned, so that more of them are seen.
pub(crate) fn place_picture(width: u32, height: u32) -> Placement {
    let turned = width > PAGE_WIDTH && width > height;
    let (width, height) = if turned { (height, width) } else { (width, height) };
    let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let across = (f64::from(PAGE_WIDTH) / width).min(HORIZONTAL_DPI / SCREEN_DPI);
    let rows = height * across * FINE_DPI / HORIZONTAL_DPI;
    // What was turned has its own shape and no length to keep.
    let fit = if turned { (f64::from(MAX_HEIGHT) / rows).min(1.0) } else { shrunk(rows) };
    laid_out(width * across * fit, rows * fit, rows * fit, turned, Vertical::Top)
}

/// What content of so many rows is multiplied by.
fn shrunk(rows: f64) -> f64 {
    let longest = f64::from(MAX_HEIGHT);
    if rows <= longest {
        1.0
    } else if rows <= longest * MOST_SHRUNK {
        longest / rows
    } else {
        (longest * f64::from(MAX_SHEETS) / rows).min(1.0)
    }
}

#[derive(Clone, Copy)]
enum Vertical {
    Top,
    Middle,
}

fn laid_out(width: f64, height: f64, sheet_height: f64, turned: bool, vertical: Vertical) -> Placement {
    let sheet_height = (sheet_height.round() as u32).clamp(MIN_HEIGHT, MAX_HEIGHT * MAX_SHEETS);
    let width = (width.round() as u32).clamp(1, PAGE_WIDTH);
    let height = (height.round() as u32).clamp(1, sheet_height);
    let top = match vertical {
        Vertical::Top => 0,
        Vertical::Middle => (sheet_height - height) / 2,
    };
    Placement { width, height, left: (PAGE_WIDTH - width) / 2, top, sheet_height, turned }
}

/// A page box may say anything; what is no size of paper is taken as the nearest that is.
fn sane_inches(inches: f64) -> f64 {
    if inches.is_finite() { inches.clamp(0.05, 500.0) } else { A4_WIDTH_INCHES }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(width: f64, height: f64) -> Placement {
        place_paper(width / 72.0, height / 72.0)
    }

    #[test]
    fn a4_keeps_its_length() {
        let a4 = points(595.276, 841.89);
        assert_eq!((a4.sheet_height, a4.width, a4.turned), (2292, 1687, false));
    }

    #[test]
    fn letter_has_2156_rows_and_loses_six_pixels_of_scale() {
        let letter = points(612.0, 792.0);
        assert_eq!((letter.sheet_height, letter.width, letter.height), (2156, 1728, 2149));
    }

    #[test]
    fn a_landscape_page_is_turned() {
        let slide = points(841.89, 595.276);
        assert!(slide.turned);
        assert_eq!(slide.sheet_height, 2292);
    }

    #[test]
    fn a_page_a_little_longer_than_legal_is_shrunk_and_a_long_one_keeps_its_width() {
        let legal = points(612.0, 1008.0);
        assert_eq!(legal.sheet_height, MAX_HEIGHT);
        assert!((1680..1728).contains(&legal.width), "{legal:?}");
        let receipt = points(595.0, 3000.0);
        assert_eq!(receipt.width, 1687);
        assert!(receipt.sheet_height > 2 * MAX_HEIGHT);
        assert_eq!(points(595.0, 90_000.0).sheet_height, 8 * MAX_HEIGHT);
    }

    #[test]
    fn a_large_picture_on_its_side_is_turned_and_a_small_one_is_not() {
        let photograph = place_picture(4032, 3024);
        assert!(photograph.turned && photograph.height > 1728, "{photograph:?}");
        assert!(!place_picture(800, 600).turned);
        assert!(!place_picture(3024, 4032).turned);
    }

    #[test]
    fn no_size_however_odd_leaves_the_sheet() {
        for (width, height) in
            [(0.0, 0.0), (1e-9, 1e9), (1e9, 1e-9), (f64::NAN, 10.0), (f64::INFINITY, 1.0), (8.5, 8.5)]
        {
            let placed = place_paper(width, height);
            assert!(placed.left + placed.width <= PAGE_WIDTH, "{width}x{height}");
            assert!(placed.top + placed.height <= placed.sheet_height, "{width}x{height}");
        }
    }

    #[test]
    fn a_small_picture_is_not_blown_up() {
        let icon = place_picture(100, 100);
        assert_eq!((icon.width, icon.height, icon.sheet_height), (213, 204, 204));
    }
}
