//! The program's own typeface, for text files, the cover page and the header line: DejaVu Sans Mono, which has Latin, Greek,
//! Cyrillic, Arabic and much more; Hebrew of DejaVu Sans; Chinese, Japanese and Korean of WenQuanYi Micro Hei. A line is a
//! grid of cells as on a terminal, two of them to a CJK character. What no font has is drawn as a box.

use std::collections::HashMap;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont};
use ar_reshaper::reshape_line;
use unicode_bidi::BidiInfo;
use unicode_width::UnicodeWidthChar;

use crate::bitmap::Bitmap;
use crate::geometry::{FINE_DPI, HORIZONTAL_DPI};

/// The first that has a character draws it; the first of all draws the box.
static FONTS: [&[u8]; 3] = [
    include_bytes!("../fonts/DejaVuSansMono.ttf"),
    include_bytes!("../fonts/DejaVuSans-Hebrew.ttf"),
    CJK_FONT,
];
/// Chinese, Japanese and Korean characters, also for PDFs that do not bring their own.
pub(crate) static CJK_FONT: &[u8] = include_bytes!("../fonts/WenQuanYiMicroHei-CJK.ttf");
const ADVANCE_PER_EM: f32 = 1233.0 / 2048.0;

/// The typeface at one size, with the characters drawn so far.
pub(crate) struct Typeface {
    fonts: Vec<FontRef<'static>>,
    advance: f32,
    glyphs: HashMap<char, Vec<(i32, i32)>>,
}

impl Typeface {
    /// `advance` is the width of a cell, in pixels.
    pub(crate) fn with_advance(advance: f32) -> Self {
        let fonts = FONTS.iter().filter_map(|font| FontRef::try_from_slice(font).ok()).collect();
        Self { fonts, advance, glyphs: HashMap::new() }
    }

    /// From the baseline up to the highest stroke, in rows.
    pub(crate) fn ascent(&self) -> f32 {
        self.fonts.first().map_or(0.0, |font| font.as_scaled(scale(font, self.advance)).ascent())
    }

    /// Draws a line from its left edge at `x` on the baseline `y`, right to left where its script is; what is outside the page
    /// is not drawn.
    pub(crate) fn draw(&mut self, bitmap: &mut Bitmap, line: &str, x: f32, y: f32) {
        let mut cell = 0;
        for character in as_seen(line).chars() {
            let width = character.width().unwrap_or(0);
            // A mark stands on the character before it.
            let place = if width == 0 { cell.max(1) - 1 } else { cell };
            self.draw_character(bitmap, character, x + place as f32 * self.advance, y);
            cell += width;
        }
    }

    fn draw_character(&mut self, bitmap: &mut Bitmap, character: char, x: f32, y: f32) {
        let Self { fonts, advance, glyphs } = self;
        let pixels = glyphs.entry(character).or_insert_with(|| rasterised(fonts, *advance, character));
        let (left, baseline) = (x.round() as i32, y.round() as i32);
        for (dx, dy) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(left + *dx), u32::try_from(baseline + *dy)) {
                bitmap.blacken(x, y);
            }
        }
    }
}

/// Cells that a character takes.
pub(crate) fn cells(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// Whether a line is read from the right.
pub(crate) fn is_right_to_left(line: &str) -> bool {
    BidiInfo::new(line, None).paragraphs.first().is_some_and(|paragraph| paragraph.level.is_rtl())
}

/// The characters in the order and the shapes in which they stand on paper (Unicode Standard Annex 9; Arabic letters join).
fn as_seen(line: &str) -> String {
    if line.is_ascii() {
        return line.to_owned();
    }
    let joined = reshape_line(line);
    let order = BidiInfo::new(&joined, None);
    let seen =
        order.paragraphs.iter().map(|paragraph| order.reorder_line(paragraph, paragraph.range.clone()));
    seen.collect::<String>().replace(is_invisible, "")
}

/// Tells readers of text something and has no shape: zero-width spaces and joiners, marks of direction, variation selectors.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// ab_glyph scales by ascent to descent, not by em, and rows are lower than columns are wide.
fn scale(font: &FontRef<'static>, advance: f32) -> PxScale {
    let em = advance / ADVANCE_PER_EM;
    let per_em = font.height_unscaled() / font.units_per_em().unwrap_or(2048.0);
    PxScale { x: em * per_em, y: em * per_em * (FINE_DPI / HORIZONTAL_DPI) as f32 }
}

fn rasterised(fonts: &[FontRef<'static>], advance: f32, character: char) -> Vec<(i32, i32)> {
    let mut pixels = Vec::new();
    let has = |font: &&FontRef<'static>| font.glyph_id(character).0 != 0;
    let Some(font) = fonts.iter().find(has).or_else(|| fonts.first()) else { return pixels };
    let scale = scale(font, advance);
    let mut glyph: Glyph = font.glyph_id(character).with_scale(scale);
    // A character of a font of another pitch stands in the middle of its cells.
    let cell = cells(character).max(1) as f32 * advance;
    glyph.position.x = ((cell - font.as_scaled(scale).h_advance(glyph.id)) / 2.0).max(0.0);
    if let Some(outline) = font.outline_glyph(glyph) {
        let bounds = outline.px_bounds();
        let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
        outline.draw(|x, y, coverage| {
            if coverage >= 0.45 {
                pixels.push((left + x as i32, top + y as i32));
            }
        });
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(line: &str) -> Bitmap {
        let mut bitmap = Bitmap::white(60);
        Typeface::with_advance(20.0).draw(&mut bitmap, line, 40.0, 40.0);
        bitmap
    }

    #[test]
    fn every_script_we_promise_has_characters_of_its_own() {
        let mut typeface = Typeface::with_advance(20.0);
        let mut shape = |character| {
            let mut bitmap = Bitmap::white(60);
            typeface.draw_character(&mut bitmap, character, 40.0, 40.0);
            bitmap
        };
        let missing = shape('\u{10ffff}');
        for character in "aäŁΩЖאש\u{fe8f}中文漢字日本かカ한국€→½".chars() {
            assert!(shape(character) != missing, "{character}");
        }
    }

    #[test]
    fn a_line_reads_from_the_right_where_its_script_does() {
        // A number behind Hebrew belongs to it and stands at its left (rules W4 to N1).
        assert_eq!(as_seen("abc שלום 12"), "abc 12 םולש");
        assert!(is_right_to_left("שלום abc") && !is_right_to_left("abc שלום"));
        assert!(drawn("אב") == drawn("\u{202d}בא"), "drawn in the order seen");
    }

    #[test]
    fn arabic_letters_join() {
        // Beh, isolated; and two of them, which take an initial and a final shape.
        assert_eq!(as_seen("ب"), "\u{fe8f}");
        assert_eq!(as_seen("بب"), "\u{fe90}\u{fe91}");
    }

    #[test]
    fn a_chinese_character_takes_two_cells() {
        assert_eq!("a中ー\u{301}".chars().map(cells).collect::<Vec<_>>(), [1, 2, 2, 0]);
    }
}
