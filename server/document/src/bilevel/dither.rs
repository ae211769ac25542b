//! Photographs as dots: error diffusion (Floyd and Steinberg, 1976) whose threshold follows the dots already set (Levien,
//! Output dependent feedback in error diffusion halftoning, 1993), so that dots join into clusters.
//!
//! Dots are two rows high. The second row then costs T.6 one bit a change, and the standard resolution, which joins two rows
//! to one, shows the same tones.

use image::GrayImage;

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;

use super::cells::{CELL, Cells};

const ROWS: usize = 2;
/// How much a dot calls for another beside or below it, in tones.
const HYSTERESIS: i32 = 80;
/// One cell in so many of a photograph may lose its lightest or darkest tones.
const CLIPPED: usize = 50;
/// A photograph in fog keeps some of it.
const MOST_CLIPPED: u8 = 60;

/// Draws the cells that are `photographs` into `bitmap`.
pub(super) fn diffuse(sheet: &GrayImage, photographs: &[bool], cells: &Cells, bitmap: &mut Bitmap) {
    let width = PAGE_WIDTH as usize;
    let across = width / CELL;
    let (ink, white) = extremes(photographs, cells);
    let stretched = |tone: i32| ((tone - ink) * 255 / (white - ink)).clamp(0, 255);
    // Errors of this row of dots and the next, with one more on each side; and the dots of the row above.
    let mut errors = vec![0_i32; width + 2];
    let mut below = errors.clone();
    let mut above = vec![false; width + 2];
    for (number, rows) in sheet.as_raw().chunks(width * ROWS).enumerate() {
        let y = number * ROWS;
        let cells = &photographs[y / CELL * across..][..across];
        if !cells.contains(&true) {
            errors.fill(0);
            above.fill(false);
            continue;
        }
        let (upper, lower) = rows.split_at(width);
        let mut left = false;
        for x in 0..width {
            if !cells[x / CELL] {
                (left, above[x + 1], errors[x + 1]) = (false, false, 0);
                continue;
            }
            let lower = lower.get(x).unwrap_or(&upper[x]);
            let tone = stretched((i32::from(upper[x]) + i32::from(*lower)) / 2);
            let wanted = tone + errors[x + 1] / 16;
            let dots = i32::from(left) + i32::from(above[x + 1]) - 1;
            // What is quite white or black stays so, whatever is around it.
            let black = tone < 255 && (tone == 0 || wanted < 128 + dots * HYSTERESIS);
            let error = wanted.clamp(-255, 510) - if black { 0 } else { 255 };
            errors[x + 2] += error * 7;
            below[x] += error * 3;
            below[x + 1] += error * 5;
            below[x + 2] += error;
            (left, above[x + 1]) = (black, black);
            if black {
                bitmap.blacken(x as u32, y as u32);
                bitmap.blacken(x as u32, y as u32 + 1);
            }
        }
        std::mem::swap(&mut errors, &mut below);
        below.fill(0);
    }
}

/// The tones that become black and white.
fn extremes(photographs: &[bool], cells: &Cells) -> (i32, i32) {
    let found = || (0..cells.len()).filter(|cell| photographs[*cell]).map(|cell| cells.get(cell));
    let mut darkest: Vec<u8> = found().map(|cell| cell.darkest).collect();
    let mut lightest: Vec<u8> = found().map(|cell| cell.lightest).collect();
    let clipped = darkest.len() / CLIPPED;
    darkest.sort_unstable();
    lightest.sort_unstable_by(|one, other| other.cmp(one));
    let ink = darkest.get(clipped).copied().unwrap_or(0).min(MOST_CLIPPED);
    let white = lightest.get(clipped).copied().unwrap_or(255).max(255 - MOST_CLIPPED);
    (i32::from(ink), i32::from(white))
}
