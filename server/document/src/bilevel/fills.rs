//! Even areas that are neither paper nor ink: boxes of a form, buttons, bars. One becomes white, unless it is nearly black
//! or what is written on it is lighter than itself; then it becomes black, and the writing white.

use super::cells::{ACROSS, Cells};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    White,
    Black,
}

/// An even cell darker than this is ink, if nothing tells otherwise.
const INK: u8 = 112;
/// Tones of two cells of one fill differ by no more.
const SAME: u8 = 12;
/// What is written on a fill differs from it by more.
const WRITTEN: u8 = 48;
/// Cells that must be written on for a fill to follow what is written.
const LEAST_WRITTEN: u32 = 3;

/// Fewer cells are no fill of their own but part of what is around them.
const SMALLEST: usize = 8;

/// What becomes of every even cell that is in no photograph.
pub(super) fn decide(cells: &Cells, photographs: &[bool]) -> Vec<Option<Fill>> {
    let mut fills = vec![None; cells.len()];
    let mut small = Vec::new();
    let mut area = Vec::new();
    for start in 0..cells.len() {
        if fills[start].is_some() || !is_fill(cells, photographs, start) {
            continue;
        }
        fills[start] = Some(Fill::White);
        area.clear();
        area.push(start);
        let mut next = 0;
        while let Some(&cell) = area.get(next) {
            next += 1;
            let tone = cells.get(cell).mean();
            for near in cells.around(cell) {
                let alike = || cells.get(near).mean().abs_diff(tone) <= SAME;
                if fills[near].is_none() && alike() && is_fill(cells, photographs, near) {
                    fills[near] = Some(Fill::White);
                    area.push(near);
                }
            }
        }
        if area.len() < SMALLEST {
            small.extend_from_slice(&area);
        } else if fill_of(cells, photographs, &area) == Fill::Black {
            area.iter().for_each(|cell| fills[*cell] = Some(Fill::Black));
        }
    }
    small.iter().for_each(|cell| fills[*cell] = None);
    small.into_iter().for_each(|cell| fills[cell] = joined(cells, &fills, cell));
    fills
}

/// The fill beside a cell that is most like it, if one is.
fn joined(cells: &Cells, fills: &[Option<Fill>], cell: usize) -> Option<Fill> {
    let tone = cells.get(cell).mean();
    let near = cells.around(cell);
    near.filter_map(|near| Some((cells.get(near).mean().abs_diff(tone), fills[near]?)))
        .min_by_key(|(difference, _)| *difference)
        .filter(|(difference, _)| *difference <= WRITTEN)
        .map(|(_, fill)| fill)
}

fn is_fill(cells: &Cells, photographs: &[bool], index: usize) -> bool {
    cells.get(index).is_even() && !photographs[index]
}

fn fill_of(cells: &Cells, photographs: &[bool], area: &[usize]) -> Fill {
    let tone = area.iter().map(|cell| u32::from(cells.get(*cell).mean())).sum::<u32>() / area.len() as u32;
    let tone = tone as u8;
    let by_tone = if tone < INK { Fill::Black } else { Fill::White };
    // Paper and the blackest ink need no second look.
    if tone >= cells.paper().saturating_sub(SAME) || tone < 24 {
        return by_tone;
    }
    let (lighter, darker) = written(cells, photographs, area, tone);
    match lighter.max(darker) {
        ..LEAST_WRITTEN => by_tone,
        _ if lighter > darker => Fill::Black,
        _ => Fill::White,
    }
}

/// How many cells of the fill are written on in something lighter, and how many in something darker. A cell counts when the
/// fill is on both sides of it, across or down.
fn written(cells: &Cells, photographs: &[bool], area: &[usize], tone: u8) -> (u32, u32) {
    const REACH: usize = 12;
    let of_fill =
        |index: usize| is_fill(cells, photographs, index) && cells.get(index).mean().abs_diff(tone) <= SAME;
    let (mut lighter, mut darker) = (0, 0);
    for &cell in area {
        let (column, row) = (cell % ACROSS, cell / ACROSS);
        let right = (column + 1..(column + REACH).min(ACROSS)).map(|column| row * ACROSS + column);
        let below = (row + 1..(row + REACH).min(cells.down())).map(|row| row * ACROSS + column);
        for line in [&mut right.collect::<Vec<_>>(), &mut below.collect::<Vec<_>>()] {
            let Some(end) = line.iter().position(|near| of_fill(*near)) else { continue };
            for near in &line[..end] {
                let near = cells.get(*near);
                lighter += u32::from(near.lightest > tone.saturating_add(WRITTEN));
                darker += u32::from(near.darkest < tone.saturating_sub(WRITTEN));
            }
        }
    }
    (lighter, darker)
}
