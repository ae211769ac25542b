//! Plain text as pages: 80 columns of 54 lines in a typewriter's face on Letter, which fits A4 as well.

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;
use crate::typeface::Typeface;
use crate::{DocumentError, Limits, SourceFile, unreadable};

const COLUMNS: usize = 80;
const LINES: usize = 54;
const TAB: usize = 8;
const SHEET_ROWS: u32 = 2156;
const SIDE_MARGIN: f32 = 104.0;
const TOP_MARGIN: f32 = 106.0;
const LINE_ROWS: f32 = 36.0;

/// More pages than were allowed.
#[derive(Debug, PartialEq, Eq)]
struct TooManyPages;

/// UTF-8 without NUL is text, unless it is a program for a printer or a word processor's markup.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let markup = bytes.starts_with(b"%!PS") || bytes.starts_with(b"{\\rtf");
    !markup && !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

pub(crate) fn pages(file: &SourceFile<'_>, limits: &Limits) -> Result<Vec<Bitmap>, DocumentError> {
    let text = std::str::from_utf8(file.bytes).map_err(|_| unreadable(file))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(DocumentError::NoPages);
    }
    let laid_out = paginate(text, limits.max_pages as usize)
        .map_err(|TooManyPages| DocumentError::TooManyPages { limit: limits.max_pages })?;
    let advance = (PAGE_WIDTH as f32 - 2.0 * SIDE_MARGIN) / COLUMNS as f32;
    let mut typeface = Typeface::with_advance(advance);
    Ok(laid_out.iter().map(|lines| drawn(lines, &mut typeface, advance)).collect())
}

fn drawn(lines: &[String], typeface: &mut Typeface, advance: f32) -> Bitmap {
    let mut bitmap = Bitmap::white(SHEET_ROWS);
    for (row, line) in lines.iter().enumerate() {
        let baseline = TOP_MARGIN + row as f32 * LINE_ROWS + typeface.ascent();
        for (column, character) in line.chars().enumerate() {
            typeface.draw(&mut bitmap, character, SIDE_MARGIN + column as f32 * advance, baseline);
        }
    }
    bitmap
}

fn paginate(text: &str, max_pages: usize) -> Result<Vec<Vec<String>>, TooManyPages> {
    // A form feed after the last page ends it and begins none.
    let text = text.trim_end_matches(['\u{c}', '\n', '\r']);
    let mut pages = Vec::new();
    for sheet in text.split('\u{c}') {
        let mut page = Vec::new();
        // The line end before or after a form feed belongs to the break.
        let sheet = sheet.strip_prefix("\r\n").or_else(|| sheet.strip_prefix('\n')).unwrap_or(sheet);
        for line in sheet.lines() {
            for part in wrapped(&expanded(line)) {
                if page.len() == LINES {
                    pages.push(std::mem::take(&mut page));
                    if pages.len() >= max_pages {
                        return Err(TooManyPages);
                    }
                }
                page.push(part);
            }
        }
        pages.push(page);
        if pages.len() > max_pages {
            return Err(TooManyPages);
        }
    }
    Ok(pages)
}

/// Tabs to every eighth column; other control characters have no place on paper.
fn expanded(line: &str) -> Vec<char> {
    let mut characters = Vec::new();
    for character in line.chars() {
        match character {
            '\t' => characters.resize((characters.len() / TAB + 1) * TAB, ' '),
            _ if character.is_control() => {}
            _ => characters.push(character),
        }
    }
    characters
}

/// Breaks a line at the last space that fits, or at the margin where there is none.
fn wrapped(line: &[char]) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = line;
    while rest.len() > COLUMNS {
        let space = rest[..=COLUMNS].iter().rposition(|character| *character == ' ');
        match space.filter(|at| rest[..*at].iter().any(|character| *character != ' ')) {
            Some(at) => {
                parts.push(rest[..at].iter().collect());
                rest = &rest[at + 1..];
            }
            None => {
                parts.push(rest[..COLUMNS].iter().collect());
                rest = &rest[COLUMNS..];
            }
        }
    }
    parts.push(rest.iter().collect());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Vec<String>> {
        paginate(text, 200).expect("few pages")
    }

    #[test]
    fn a_form_feed_begins_a_page_and_a_last_one_does_not() {
        assert_eq!(lines("one\n\u{c}two\n\u{c}"), [["one"], ["two"]]);
    }

    #[test]
    fn the_fifty_fifth_line_is_on_the_second_page() {
        let text = "line\n".repeat(55);
        assert_eq!(lines(&text).iter().map(Vec::len).collect::<Vec<_>>(), [54, 1]);
        assert_eq!(lines(&"line\n".repeat(54)).len(), 1);
    }

    #[test]
    fn long_lines_wrap_at_spaces_and_long_words_at_the_margin() {
        let text = format!("{} tail {}", "w".repeat(78), "x".repeat(170));
        let wrapped: Vec<usize> = lines(&text)[0].iter().map(String::len).collect();
        assert_eq!(wrapped, [78, 4, 80, 80, 10]);
    }

    #[test]
    fn tabs_reach_the_next_eighth_column_and_control_characters_are_left_out() {
        assert_eq!(lines("a\tb\r\nc\u{1b}d"), [["a       b", "cd"]]);
    }

    #[test]
    fn pages_beyond_the_limit_are_refused_before_they_are_drawn() {
        assert_eq!(paginate(&"\u{c}x".repeat(9), 9), Err(TooManyPages));
        assert_eq!(paginate(&"x\n".repeat(10_000_000), 9), Err(TooManyPages));
        assert!(paginate(&"x\n".repeat(54 * 9), 9).is_ok());
    }
}
