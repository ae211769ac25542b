//! Finds smooth pictures, which have no texture for [`photograph`](super::photograph) to see: even cells whose tone changes
//! little from one to the next and much over the whole, down to the dark. The shadow on a page changes as gently, but does
//! not get so dark.

use super::cells::Cells;

/// Tones of two neighbours of one gradient differ by no more.
const STEP: u8 = 12;
/// The darkest cell of a picture is darker than this,
const DARK: u8 = 72;
/// and so much darker than its lightest.
const RANGE: u8 = 96;
/// Half an inch by half an inch.
const SMALLEST: usize = 160;
/// Darker than the paper by so much belongs to the picture.
const SHADE: u8 = 20;

/// Whether each cell belongs to a smooth picture.
pub(super) fn find(cells: &Cells) -> Vec<bool> {
    let mut pictures = vec![false; cells.len()];
    let mut seen = pictures.clone();
    let limit = cells.paper().saturating_sub(SHADE);
    let mut area = Vec::new();
    for start in 0..cells.len() {
        // Paper leads nowhere: a picture is looked for from its own cells.
        if seen[start] || !belongs(cells, start, limit) {
            continue;
        }
        seen[start] = true;
        area.clear();
        area.push(start);
        let mut next = 0;
        while let Some(&cell) = area.get(next) {
            next += 1;
            let tone = cells.get(cell).mean();
            for near in cells.around(cell) {
                let alike = cells.get(near).mean().abs_diff(tone) <= STEP;
                if !seen[near] && alike && belongs(cells, near, limit) {
                    seen[near] = true;
                    area.push(near);
                }
            }
        }
        let tones = || area.iter().map(|cell| cells.get(*cell).mean());
        let (darkest, lightest) = (tones().min().unwrap_or(0), tones().max().unwrap_or(0));
        if area.len() >= SMALLEST && darkest < DARK && lightest - darkest >= RANGE {
            area.iter().for_each(|cell| add_with_edges(cells, &mut pictures, *cell, limit));
        }
    }
    pictures
}

/// The edges of what is in the picture are not even, but part of it.
fn add_with_edges(cells: &Cells, pictures: &mut [bool], cell: usize, limit: u8) {
    for near in cells.around(cell) {
        pictures[near] |= near == cell || cells.get(near).lightest < limit;
    }
}

fn belongs(cells: &Cells, index: usize, limit: u8) -> bool {
    let cell = cells.get(index);
    cell.is_even() && cell.lightest < limit
}
