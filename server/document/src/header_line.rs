//! The line at the top of every page that says when, from whom, from which number and which page it is
//! (47 CFR 68.318(d)). It is added above the content, as fax machines do, and drawn here and not by the line's
//! modem, so that the preview shows it and a fax that is continued keeps its page numbers.

use crate::bitmap::Bitmap;
use crate::geometry::{MAX_HEIGHT, PAGE_WIDTH};
use crate::typeface::{Typeface, cells};
use crate::{DocumentError, Page};

/// What the line adds to the T.6 of a page, about.
pub const HEADER_LINE_BYTES: usize = 1000;
/// Even, so that the rows of the content pair up at standard resolution as they do without the line.
pub(crate) const HEADER_ROWS: u32 = 44;
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

/// Draws the line on the pages of one call, which begins with page `first` (from 1) of `total`.
///
/// A name too long for the line is shortened; time, number and page never are. Where pages are left out because they
/// arrived in an earlier call, a second line on the first one that is sent says so. A page that came as long as a page may
/// be gives up white rows at its foot for the lines.
pub struct HeaderLines<'a> {
    header: &'a HeaderLine,
    first: u32,
    total: u32,
    typeface: Typeface,
}

impl<'a> HeaderLines<'a> {
    pub fn new(header: &'a HeaderLine, first: u32, total: u32) -> Self {
        Self { header, first, total, typeface: Typeface::with_advance(ADVANCE) }
    }

    /// `page`, which is number `number` of the document, below its line.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`] when the page was damaged where it was kept.
    pub fn above(&mut self, page: &Page, number: u32) -> Result<Page, DocumentError> {
        let content = page.bitmap()?;
        let header_line = self.band(&line(self.header, number, self.total));
        if number == self.first && self.first > 1 {
            let notice = self.band(&continued(self.first, self.total));
            let content = content.without_white_foot(MAX_HEIGHT - HEADER_ROWS);
            return Ok(Page::of(&content.below(&notice).below(&header_line)));
        }
        Ok(Page::of(&content.without_white_foot(MAX_HEIGHT).below(&header_line)))
    }

    fn band(&mut self, text: &str) -> Bitmap {
        let mut band = Bitmap::white(HEADER_ROWS);
        let baseline = self.typeface.ascent() + 4.0;
        self.typeface.draw(&mut band, text, MARGIN, baseline);
        band
    }
}

fn continued(first: u32, total: u32) -> String {
    let before = first - 1;
    let arrived = if before == 1 { "page 1".to_owned() } else { format!("pages 1 to {before}") };
    format!("CONTINUED: {arrived} of {total} arrived in an earlier call.")
}

fn line(header: &HeaderLine, page: u32, total: u32) -> String {
    let page = format!("p. {page} of {total}");
    let sent_at = printable(&header.sent_at, 24);
    let number = printable(&header.sender_number, 21);
    let fixed = width(&sent_at) + width(&number) + width(&page) + 3 * GAP.len();
    let name = printable(&header.sender_name, CELLS.saturating_sub(fixed));
    let left = format!("{sent_at}{GAP}{name}{GAP}{number}");
    let space = CELLS.saturating_sub(width(&left) + width(&page));
    format!("{left}{}{page}", " ".repeat(space))
}

/// One line of at most `limit` cells.
fn printable(text: &str, limit: usize) -> String {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.retain(|character| !character.is_control());
    if width(&words) > limit {
        let mut room = limit.saturating_sub(1);
        let fits = words.chars().take_while(|character| {
            let left = room.checked_sub(cells(*character));
            room = left.unwrap_or(0);
            left.is_some()
        });
        words = fits.chain(['…']).collect();
    }
    words
}

fn width(text: &str) -> usize {
    text.chars().map(cells).sum()
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

    /// The pages of a call that begins with page `first` of `pages`.
    fn marked(pages: &[Page], header: &HeaderLine, first: u32) -> Vec<Page> {
        let mut lines = HeaderLines::new(header, first, pages.len() as u32);
        let sent = pages.iter().zip(1..).filter(|(_, number)| *number >= first);
        sent.map(|(page, number)| lines.above(page, number).unwrap()).collect()
    }

    #[test]
    fn the_line_says_when_who_number_and_page() {
        let line = line(&header("Ada Lovelace"), 2, 5);
        assert!(line.starts_with("2026-11-23 19:12 UTC   Ada Lovelace   +12025550143  "), "{line}");
        assert!(line.ends_with("  p. 2 of 5"), "{line}");
        assert_eq!(line.chars().count(), CELLS);
    }

    #[test]
    fn the_line_takes_about_as_many_bytes_as_are_reckoned_for_it() {
        let page = Page::of(&Bitmap::white(2156));
        let marked = marked(std::slice::from_ref(&page), &header("Ada Lovelace"), 1);
        let added = marked[0].encoded_len() - page.encoded_len();
        assert!((HEADER_LINE_BYTES / 2..HEADER_LINE_BYTES * 3 / 2).contains(&added), "{added}");
    }

    #[test]
    fn a_long_name_is_shortened_and_nothing_else() {
        let line = line(&header(&"Ω name ".repeat(40)), 199, 200);
        assert_eq!(line.chars().count(), CELLS);
        assert!(line.contains("…   +12025550143   p. 199 of 200"), "{line}");
    }

    #[test]
    fn scripts_the_typeface_lacks_and_control_characters_do_no_harm() {
        let page = Page::of(&Bitmap::white(100));
        for name in ["株式会社ファックス", "مكتب", "a\u{0}b\nc\u{200d}", "", "👩‍👩‍👧"]
        {
            let marked = marked(std::slice::from_ref(&page), &header(name), 1);
            assert_eq!(marked[0].height(), 100 + HEADER_ROWS);
        }
    }

    #[test]
    fn a_fax_that_is_continued_says_so_once_and_keeps_its_page_numbers() {
        let pages = vec![Page::of(&Bitmap::white(100)); 4];
        let whole = marked(&pages, &header("Ada"), 1);
        let rest = marked(&pages, &header("Ada"), 3);
        let heights: Vec<_> = rest.iter().map(Page::height).collect();
        assert_eq!(heights, [100 + 2 * HEADER_ROWS, 100 + HEADER_ROWS]);
        assert!(rest[1] == whole[3], "p. 4 of 4");
        assert_eq!(continued(2, 4), "CONTINUED: page 1 of 4 arrived in an earlier call.");
        assert_eq!(continued(3, 4), "CONTINUED: pages 1 to 2 of 4 arrived in an earlier call.");
    }
}
