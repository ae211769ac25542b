//! The page before the others that says for whom the fax is, from whom, and what it is about.

use serde::{Deserialize, Serialize};

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;
use crate::typeface::Typeface;

/// What stands on a cover page. A field that is empty is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverPage {
    pub to: String,
    pub from: String,
    pub subject: String,
    pub message: String,
}

/// Letter, which fits A4 as well.
const SHEET_ROWS: u32 = 2156;
const MARGIN: u32 = 160;
const TITLE_ADVANCE: f32 = 64.0;
const TITLE_BASELINE: f32 = 260.0;
const ADVANCE: f32 = 22.0;
const LINE_ROWS: f32 = 44.0;
const FIRST_LINE: f32 = 420.0;
const LABEL_COLUMNS: usize = 10;
const COLUMNS: usize = ((PAGE_WIDTH - 2 * MARGIN) as f32 / ADVANCE) as usize;

/// The page. `pages` counts it too.
pub(crate) fn drawn(cover: &CoverPage, pages: u32) -> Bitmap {
    let mut bitmap = Bitmap::white(SHEET_ROWS);
    let mut title = Typeface::with_advance(TITLE_ADVANCE);
    title.draw(&mut bitmap, "FAX", MARGIN as f32, TITLE_BASELINE);
    let mut typeface = Typeface::with_advance(ADVANCE);
    let mut baseline = FIRST_LINE;
    let mut write = |bitmap: &mut Bitmap, column: usize, text: &str, baseline: f32| {
        typeface.draw(bitmap, text, MARGIN as f32 + column as f32 * ADVANCE, baseline);
    };
    rule(&mut bitmap, TITLE_BASELINE as u32 + 60);
    let count = pages.to_string();
    let fields =
        [("To", cover.to.as_str()), ("From", &cover.from), ("Subject", &cover.subject), ("Pages", &count)];
    for (label, value) in fields.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
        write(&mut bitmap, 0, label, baseline);
        for line in lines(value, COLUMNS - LABEL_COLUMNS) {
            write(&mut bitmap, LABEL_COLUMNS, &line, baseline);
            baseline += LINE_ROWS;
        }
        baseline += LINE_ROWS / 3.0;
    }
    rule(&mut bitmap, baseline as u32);
    baseline += 2.0 * LINE_ROWS;
    for line in cover.message.lines().flat_map(|line| lines(line, COLUMNS)) {
        if baseline > (SHEET_ROWS - MARGIN) as f32 {
            break;
        }
        write(&mut bitmap, 0, &line, baseline);
        baseline += LINE_ROWS;
    }
    bitmap
}

fn rule(bitmap: &mut Bitmap, top: u32) {
    (top..top + 4).for_each(|y| (MARGIN..PAGE_WIDTH - MARGIN).for_each(|x| bitmap.blacken(x, y)));
}

fn lines(text: &str, columns: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().filter(|character| !character.is_control()).collect();
    crate::text::wrapped(&characters, columns)
}
