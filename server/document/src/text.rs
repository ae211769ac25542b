//! Plain text as pages: 80 columns of 54 lines in a typewriter's face on Letter, which fits A4 as well.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;
use crate::typeface::{Typeface, cells, is_right_to_left};
use crate::{ConvertedPage, DocumentError, Limits, SourceFile, Take, unreadable};

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

/// Of a hundred bytes of a text in Windows-1252 so many may be letters beyond ASCII.
const MOST_BEYOND_ASCII: usize = 30;

pub(crate) fn is_text(bytes: &[u8]) -> bool {
    decoded(bytes).is_some()
}

/// UTF-8, UTF-16 with a byte order mark as Windows writes it, or Windows-1252; `None` for what is no text. A program for a
/// printer is none.
fn decoded(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if bytes.starts_with(b"%!PS") {
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) if bytes.starts_with(b"\xff\xfe") => {
            UTF_16LE.decode_without_bom_handling_and_without_replacement(&bytes[2..])?
        }
        Err(_) if bytes.starts_with(b"\xfe\xff") => {
            UTF_16BE.decode_without_bom_handling_and_without_replacement(&bytes[2..])?
        }
        Err(_) => windows_1252(bytes)?,
    };
    (!text.contains('\0')).then_some(text)
}

/// Any bytes could be Windows-1252: they are taken for it when most of them are ASCII and none is a control character that
/// no text has.
fn windows_1252(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let beyond_ascii = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let controls =
        |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a | 0x1b);
    // Five bytes have no character.
    let undefined = |byte: &u8| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    if beyond_ascii * 100 > bytes.len() * MOST_BEYOND_ASCII
        || bytes.iter().any(|byte| controls(byte) || undefined(byte))
    {
        return None;
    }
    Some(WINDOWS_1252.decode_without_bom_handling(bytes).0)
}

pub(crate) fn pages(file: &SourceFile, limits: &Limits, take: &mut Take<'_>) -> Result<(), DocumentError> {
    let text = decoded(&file.bytes).ok_or_else(|| unreadable(file))?;
    if text.trim().is_empty() {
        return Err(DocumentError::NoPages);
    }
    let laid_out = paginate(&text, limits.max_pages as usize)
        .map_err(|TooManyPages| DocumentError::TooManyPages { limit: limits.max_pages })?;
    let advance = (PAGE_WIDTH as f32 - 2.0 * SIDE_MARGIN) / COLUMNS as f32;
    let mut typeface = Typeface::with_advance(advance);
    let _all_taken =
        laid_out.iter().map(|lines| ConvertedPage::of(&drawn(lines, &mut typeface, advance))).all(take);
    Ok(())
}

fn drawn(lines: &[String], typeface: &mut Typeface, advance: f32) -> Bitmap {
    let mut bitmap = Bitmap::white(SHEET_ROWS);
    for (row, line) in lines.iter().enumerate() {
        let baseline = TOP_MARGIN + row as f32 * LINE_ROWS + typeface.ascent();
        // What is read from the right begins at the right margin.
        let width = line.chars().map(cells).sum::<usize>();
        let first = if is_right_to_left(line) { COLUMNS.saturating_sub(width) } else { 0 };
        typeface.draw(&mut bitmap, line, SIDE_MARGIN + first as f32 * advance, baseline);
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
            for part in wrapped(&expanded(line), COLUMNS) {
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
pub(crate) fn wrapped(line: &[char], columns: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = line;
    loop {
        let fits = fitting(rest, columns);
        if fits == rest.len() {
            parts.push(rest.iter().collect());
            return parts;
        }
        let space = rest[..=fits].iter().rposition(|character| *character == ' ');
        match space.filter(|at| rest[..*at].iter().any(|character| *character != ' ')) {
            Some(at) => {
                parts.push(rest[..at].iter().collect());
                rest = &rest[at + 1..];
            }
            None => {
                parts.push(rest[..fits].iter().collect());
                rest = &rest[fits..];
            }
        }
    }
}

/// How many characters fit, at least one.
fn fitting(line: &[char], columns: usize) -> usize {
    let mut width = 0;
    let beyond = line.iter().position(|character| {
        width += cells(*character);
        width > columns
    });
    beyond.map_or(line.len(), |count| count.max(1))
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
    fn wide_characters_fill_a_line_with_half_as_many() {
        let wrapped: Vec<usize> =
            lines(&"中".repeat(100))[0].iter().map(|line| line.chars().count()).collect();
        assert_eq!(wrapped, [40, 40, 20]);
    }

    #[test]
    fn tabs_reach_the_next_eighth_column_and_control_characters_are_left_out() {
        assert_eq!(lines("a\tb\r\nc\u{1b}d"), [["a       b", "cd"]]);
    }

    #[test]
    fn a_text_is_read_in_the_encodings_that_people_save_it_in() {
        let utf_16 = |order: fn(u16) -> [u8; 2]| {
            "\u{feff}Grüße, 中".encode_utf16().flat_map(order).collect::<Vec<u8>>()
        };
        for bytes in [
            "Grüße, 中".as_bytes(),
            "\u{feff}Grüße, 中".as_bytes(),
            &utf_16(u16::to_le_bytes),
            &utf_16(u16::to_be_bytes),
        ] {
            assert_eq!(decoded(bytes).as_deref(), Some("Grüße, 中"));
        }
        assert_eq!(decoded(b"Gr\xfc\xdfe \x96 50 \x80\r\n").as_deref(), Some("Grüße – 50 €\r\n"));
    }

    #[test]
    fn what_people_do_not_write_is_no_text() {
        for bytes in [
            &b"a\0b"[..],
            b"%!PS-Adobe-3.0",
            b"\xff\xfe\x00",
            b"\xff\xfe\x00\xd8",
            b"\x90 text",
            b"GIF89a\x01\x00\xfc",
            b"\xfc\xfd\xe9",
        ] {
            assert!(decoded(bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn pages_beyond_the_limit_are_refused_before_they_are_drawn() {
        assert_eq!(paginate(&"\u{c}x".repeat(9), 9), Err(TooManyPages));
        assert_eq!(paginate(&"x\n".repeat(10_000_000), 9), Err(TooManyPages));
        assert!(paginate(&"x\n".repeat(54 * 9), 9).is_ok());
    }
}
