//! The one typeface of the program's own: DejaVu Sans Mono, for text files and the header line. It has Latin, Greek,
//! Cyrillic and much more; what it has not is drawn as its box for a missing character, one cell wide like all.

use std::collections::HashMap;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};

use crate::bitmap::Bitmap;
use crate::geometry::{FINE_DPI, HORIZONTAL_DPI};

static DEJAVU_SANS_MONO: &[u8] = include_bytes!("../fonts/DejaVuSansMono.ttf");
const ADVANCE_PER_EM: f32 = 1233.0 / 2048.0;

/// The typeface at one size, with the characters drawn so far.
pub(crate) struct Typeface {
    font: FontRef<'static>,
    scale: PxScale,
    glyphs: HashMap<char, Vec<(i32, i32)>>,
}

impl Typeface {
    /// `advance` is the width of every character, in pixels.
    pub(crate) fn with_advance(advance: f32) -> Self {
        let font = FontRef::try_from_slice(DEJAVU_SANS_MONO).expect("the typeface is part of the program");
        let em = advance / ADVANCE_PER_EM;
        // ab_glyph scales by ascent to descent, not by em, and rows are lower than columns are wide.
        let per_em = font.height_unscaled() / font.units_per_em().unwrap_or(2048.0);
        let scale = PxScale { x: em * per_em, y: em * per_em * (FINE_DPI / HORIZONTAL_DPI) as f32 };
        Self { font, scale, glyphs: HashMap::new() }
    }

    /// From the baseline up to the highest stroke, in rows.
    pub(crate) fn ascent(&self) -> f32 {
        self.font.as_scaled(self.scale).ascent()
    }

    /// Draws a character with its left edge at `x` on the baseline `y`; what is outside the page is not drawn.
    pub(crate) fn draw(&mut self, bitmap: &mut Bitmap, character: char, x: f32, y: f32) {
        let Self { font, scale, glyphs } = self;
        let pixels = glyphs.entry(character).or_insert_with(|| rasterised(font, *scale, character));
        let (left, baseline) = (x.round() as i32, y.round() as i32);
        for (dx, dy) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(left + *dx), u32::try_from(baseline + *dy)) {
                bitmap.blacken(x, y);
            }
        }
    }
}

fn rasterised(font: &FontRef<'static>, scale: PxScale, character: char) -> Vec<(i32, i32)> {
    let mut pixels = Vec::new();
    let glyph = font.glyph_id(character).with_scale(scale);
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
