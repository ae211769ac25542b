//! The line at the top of every page that says when, from whom, from which number and which page it is
//! (47 CFR 68.318(d)). It is added above the content, as fax machines do, and drawn here and not by the line's
//! modem, so that the preview shows it and a fax that is continued keeps its page numbers.

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;
use crate::typeface::Typeface;
use crate::{FaxDocument, Page};

/// Even, so that the rows of the content pair up at standard resolution as they do without the line.
const BAND_ROWS: u32 = 44;
const ADVANCE: f32 = 19.0;
const MARGIN: f32 = 24.0;
const CELLS: usize = ((PAGE_WIDTH as f32 - 2.0 * MARGIN) / ADVANCE) as usize;
const GAP: &str = "   ";

/// What the line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// The time as it is to be read, with its zone: `2026-11-23 19:12 UTC`.
    pub sent_at: String,
    pub sender_name: String,
    pub sender_number: String,
}

/// The document with `header` above the content of every page.
///
/// A name too long for the line is shortened; time, number and page never are.
pub fn with_header_line(document: &FaxDocument, header: &HeaderLine) -> FaxDocument {
    let mut typeface = Typeface::with_advance(ADVANCE);
    let total = document.page_count();
    let pages = document.pages().iter().zip(1..).map(|(page, number)| {
        let mut band = Bitmap::white(BAND_ROWS);
        for (cell, character) in line(header, number, total).chars().enumerate() {
            let baseline = typeface.ascent() + 4.0;
            typeface.draw(&mut band, character, MARGIN + cell as f32 * ADVANCE, baseline);
        }
        Page { bitmap: page.bitmap.below(&band) }
    });
    FaxDocument { pages: pages.collect() }
}

fn line(header: &HeaderLine, page: u32, total: u32) -> String {
    let page = format!("p. {page} of {total}");
    let sent_at = printable(&header.sent_at, 24);
    let number = printable(&header.sender_number, 21);
    let fixed = sent_at.chars().count() + number.chars().count() + page.chars().count() + 3 * GAP.len();
    let name = printable(&header.sender_name, CELLS.saturating_sub(fixed));
    let left = format!("{sent_at}{GAP}{name}{GAP}{number}");
    let space = CELLS.saturating_sub(left.chars().count() + page.chars().count());
    format!("{left}{}{page}", " ".repeat(space))
}

/// One line of at most `limit` characters.
fn printable(text: &str, limit: usize) -> String {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.retain(|character| !character.is_control());
    if words.chars().count() > limit {
        words = words.chars().take(limit.saturating_sub(1)).chain(['…']).collect();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str) -> HeaderLine {
        HeaderLine {
            sent_at: "2026-11-23 19:12 UTC".to_owned(),
            sender_name: name.to_owned(),
            sender_number: "+12025550143".to_owned(),
        }
    }

    #[test]
    fn the_line_says_when_who_number_and_page() {
        let line = line(&header("Ada Lovelace"), 2, 5);
        assert!(line.starts_with("2026-11-23 19:12 UTC   Ada Lovelace   +12025550143  "), "{line}");
        assert!(line.ends_with("  p. 2 of 5"), "{line}");
        assert_eq!(line.chars().count(), CELLS);
    }

    #[test]
    fn a_long_name_is_shortened_and_nothing_else() {
        let line = line(&header(&"Ω name ".repeat(40)), 199, 200);
        assert_eq!(line.chars().count(), CELLS);
        assert!(line.contains("…   +12025550143   p. 199 of 200"), "{line}");
    }

    #[test]
    fn scripts_the_typeface_lacks_and_control_characters_do_no_harm() {
        let document = FaxDocument { pages: vec![Page { bitmap: Bitmap::white(100) }] };
        for name in ["株式会社ファックス", "مكتب", "a\u{0}b\nc\u{200d}", "", "👩‍👩‍👧"]
        {
            let marked = with_header_line(&document, &header(name));
            assert_eq!(marked.pages()[0].height(), 100 + BAND_ROWS);
        }
    }
}
