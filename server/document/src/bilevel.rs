//! Shades of grey become black and white: sharp where there is text and line art, dithered where there is a photograph.
//!
//! The sheet is looked at in tiles. A tile with many middle tones is a photograph, and its error is diffused (Floyd and
//! Steinberg, 1976); every other tile is cut at a threshold. Before that the tones are stretched, so that the grey of
//! paper becomes white and the grey of faint print becomes dark.

use std::ops::Range;

use image::GrayImage;

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;

const TILE: u32 = 32;
const THRESHOLD: u8 = 150;
/// Lighter than this is paper, darker than that is ink.
const PAPER: i32 = 225;
const INK: i32 = 40;
const MIDDLE_TONES: Range<u8> = 50..205;
/// Neither the white of a page nor the black of print.
const SHADES: Range<u8> = 8..248;
/// Text has middle tones too, on the edges of its strokes.
const PHOTOGRAPH_SHARE: f32 = 0.55;
/// Of the tiles beside a photograph, enough for its last pixels.
const MARGIN_SHARE: f32 = 0.2;

pub(crate) fn bilevel(sheet: &GrayImage) -> Bitmap {
    let height = sheet.height();
    let photographs = photographs(sheet);
    let tiles_across = PAGE_WIDTH.div_ceil(TILE);
    let mut bitmap = Bitmap::white(height);
    // Errors of this row and the next, with a cell more on each side.
    let mut errors = vec![0_i32; PAGE_WIDTH as usize + 2];
    let mut below = errors.clone();
    for y in 0..height {
        for x in 0..PAGE_WIDTH.min(sheet.width()) {
            let tone = stretched(sheet.get_pixel(x, y).0[0]);
            let cell = x as usize + 1;
            let tile = (y / TILE * tiles_across + x / TILE) as usize;
            if !photographs.get(tile).copied().unwrap_or(false) {
                if tone < i32::from(THRESHOLD) {
                    bitmap.blacken(x, y);
                }
                continue;
            }
            let wanted = tone + errors[cell] / 16;
            let black = wanted < 128;
            if black {
                bitmap.blacken(x, y);
            }
            let error = wanted - if black { 0 } else { 255 };
            errors[cell + 1] += error * 7;
            below[cell - 1] += error * 3;
            below[cell] += error * 5;
            below[cell + 1] += error;
        }
        std::mem::swap(&mut errors, &mut below);
        below.fill(0);
    }
    bitmap
}

fn stretched(tone: u8) -> i32 {
    ((i32::from(tone) - INK) * 255 / (PAPER - INK)).clamp(0, 255)
}

/// Tile by tile, row by row: those full of middle tones, and around them those with shades at all, so that a photograph
/// does not end in steps where it becomes very light or very dark.
fn photographs(sheet: &GrayImage) -> Vec<bool> {
    let across = PAGE_WIDTH.div_ceil(TILE) as usize;
    let middle = shares(sheet, &MIDDLE_TONES);
    let shades = shares(sheet, &SHADES);
    let mut photographs: Vec<bool> = middle.iter().map(|share| *share > PHOTOGRAPH_SHARE).collect();
    let mut found: Vec<usize> = (0..photographs.len()).filter(|tile| photographs[*tile]).collect();
    while let Some(tile) = found.pop() {
        let (column, row) = (tile % across, tile / across);
        for near_row in row.saturating_sub(1)..=row + 1 {
            for near_column in column.saturating_sub(1)..=(column + 1).min(across - 1) {
                let near = near_row * across + near_column;
                if shades.get(near).is_some_and(|share| *share > MARGIN_SHARE) && !photographs[near] {
                    photographs[near] = true;
                    // Only what is mostly shades leads further, or a photograph would spread into text beside it.
                    if shades[near] > PHOTOGRAPH_SHARE {
                        found.push(near);
                    }
                }
            }
        }
    }
    photographs
}

/// How much of each tile has a tone in `tones`.
fn shares(sheet: &GrayImage, tones: &Range<u8>) -> Vec<f32> {
    let (width, height) = sheet.dimensions();
    let mut shares = Vec::new();
    for top in (0..height).step_by(TILE as usize) {
        for left in (0..PAGE_WIDTH).step_by(TILE as usize) {
            let (right, bottom) = ((left + TILE).min(width), (top + TILE).min(height));
            let all = right.saturating_sub(left) * (bottom - top);
            let within = (top..bottom)
                .flat_map(|y| (left..right).map(move |x| (x, y)))
                .filter(|(x, y)| tones.contains(&sheet.get_pixel(*x, *y).0[0]))
                .count();
            shares.push(within as f32 / all.max(1) as f32);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    fn black_share(tone: u8) -> f64 {
        let bitmap = bilevel(&GrayImage::from_pixel(PAGE_WIDTH, 256, Luma([tone])));
        let black: u32 = bitmap.rows().flatten().map(|byte| byte.count_ones()).sum();
        f64::from(black) / f64::from(PAGE_WIDTH * 256)
    }

    #[test]
    fn paper_is_white_and_ink_is_black() {
        assert_eq!(black_share(255), 0.0);
        assert_eq!(black_share(230), 0.0);
        assert_eq!(black_share(0), 1.0);
    }

    #[test]
    fn a_middle_tone_becomes_as_many_dots_as_it_is_dark() {
        let share = black_share(132);
        assert!((0.4..0.6).contains(&share), "{share}");
        assert!(black_share(100) > share && share > black_share(180));
    }
}
