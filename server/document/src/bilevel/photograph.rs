//! Finds photographs: areas where most pixels have a tone between the lightest and the darkest around them. Print has such
//! tones only on the edges of its strokes, and fills have one tone. Tones are taken against the lightest nearby, so that
//! the shadow on a page that was photographed does not make a photograph of its print.

use image::GrayImage;

use super::cells::{ACROSS, CELL, Cells};
use crate::geometry::PAGE_WIDTH;

/// Cells on the side of a tile, over which tones are counted.
const TILE_CELLS: usize = 2;
const TILES_ACROSS: usize = ACROSS / TILE_CELLS;
const LEVELS: usize = 16;
/// Tiles to each side in which the lightest tone is looked for.
const NEARBY: usize = 3;
/// Of the pixels around a tile of a photograph, at least so many are between the extremes,
const BETWEEN_SHARE: f32 = 0.42;
/// which are so many levels apart,
const CONTRAST_LEVELS: usize = 4;
/// and at most so many have the one tone that is most frequent.
const ONE_TONE_SHARE: f32 = 0.55;
/// Half an inch by half an inch: whatever is smaller is blurred print.
const SMALLEST_TILES: usize = 40;
/// Darker than the paper by so much is part of the photograph it touches.
const SHADE: u8 = 20;

/// Whether each cell belongs to a photograph, of which the cells of `smooth` pictures are known.
pub(super) fn find(sheet: &GrayImage, cells: &Cells, smooth: &[bool]) -> Vec<bool> {
    let tiles_down = cells.down().div_ceil(TILE_CELLS);
    let levels = levels(sheet, cells, tiles_down);
    let mut photographs: Vec<bool> = (0..levels.len())
        .map(|tile| is_seed(&levels, tile % TILES_ACROSS, tile / TILES_ACROSS, tiles_down))
        .collect();
    drop_small(&mut photographs, tiles_down);
    let of_smooth = |(cell, smooth): (usize, &bool)| smooth.then_some(tile_of(cell % ACROSS, cell / ACROSS));
    let mut found: Vec<usize> = (0..photographs.len()).filter(|tile| photographs[*tile]).collect();
    found.extend(smooth.iter().enumerate().filter_map(of_smooth));
    found.dedup();
    if found.is_empty() {
        return vec![false; cells.len()];
    }
    grow(&mut photographs, found, cells, tiles_down);
    let part_of = |(column, row)| photographs[tile_of(column, row)] || smooth[cells.index(column, row)];
    cells.all().map(part_of).collect()
}

fn tile_of(column: usize, row: usize) -> usize {
    row / TILE_CELLS * TILES_ACROSS + column / TILE_CELLS
}

/// How many pixels of each tile have which tone, of 0 (black) to 15 (as light as the lightest nearby). Even cells are not
/// counted.
fn levels(sheet: &GrayImage, cells: &Cells, tiles_down: usize) -> Vec<[u16; LEVELS]> {
    let mut levels = vec![[0_u16; LEVELS]; TILES_ACROSS * tiles_down];
    let lightest = lightest_nearby(cells, tiles_down);
    for (y, row) in sheet.as_raw().chunks_exact(PAGE_WIDTH as usize).enumerate() {
        for (column, pixels) in row.chunks_exact(CELL).enumerate() {
            if cells.get(cells.index(column, y / CELL)).is_even() {
                continue;
            }
            let tile = tile_of(column, y / CELL);
            // Multiplied instead of divided; for numbers as small as these it is exact.
            let share = (LEVELS as u32 * (1 << 16)).div_ceil(u32::from(lightest[tile]) + 1);
            let counts = &mut levels[tile];
            for tone in pixels {
                let level = (u32::from(*tone) * share) >> 16;
                counts[(level as usize).min(LEVELS - 1)] += 1;
            }
        }
    }
    levels
}

/// The lightest tone in the neighbourhood of each tile.
fn lightest_nearby(cells: &Cells, tiles_down: usize) -> Vec<u8> {
    let mut own = vec![0_u8; TILES_ACROSS * tiles_down];
    for (column, row) in cells.all() {
        let tile = &mut own[row / TILE_CELLS * TILES_ACROSS + column / TILE_CELLS];
        *tile = (*tile).max(cells.get(cells.index(column, row)).lightest);
    }
    let of = |tiles: &[u8], range: std::ops::Range<usize>, step: usize, offset: usize| {
        range.map(|at| tiles[at * step + offset]).max().unwrap_or(0)
    };
    let near = |at: usize, end: usize| at.saturating_sub(NEARBY)..(at + NEARBY + 1).min(end);
    let across: Vec<u8> = (0..own.len())
        .map(|tile| of(&own, near(tile % TILES_ACROSS, TILES_ACROSS), 1, tile / TILES_ACROSS * TILES_ACROSS))
        .collect();
    (0..own.len())
        .map(|tile| of(&across, near(tile / TILES_ACROSS, tiles_down), TILES_ACROSS, tile % TILES_ACROSS))
        .collect()
}

fn is_seed(levels: &[[u16; LEVELS]], column: usize, row: usize, tiles_down: usize) -> bool {
    let own = &levels[row * TILES_ACROSS + column];
    if own.iter().all(|count| *count == 0) {
        return false;
    }
    let mut around = [0_u32; LEVELS];
    let mut pixels = 0;
    for row in row.saturating_sub(1)..(row + 2).min(tiles_down) {
        for column in column.saturating_sub(1)..(column + 2).min(TILES_ACROSS) {
            let tile = &levels[row * TILES_ACROSS + column];
            pixels += (TILE_CELLS * CELL * TILE_CELLS * CELL) as u32;
            around.iter_mut().zip(tile).for_each(|(sum, count)| *sum += u32::from(*count));
        }
    }
    // What few pixels have says nothing of the rest.
    let few = around.iter().sum::<u32>() / 50;
    let reached = |seen: &mut u32, level: usize| {
        *seen += around[level];
        Some((level, *seen > few))
    };
    let first = |levels: &mut dyn Iterator<Item = (usize, bool)>| {
        levels.filter(|(_, reached)| *reached).map(|(level, _)| level).next().unwrap_or(0)
    };
    let darkest = first(&mut (0..LEVELS).scan(0, reached));
    let lightest = first(&mut (0..LEVELS).rev().scan(0, reached));
    if lightest < darkest + CONTRAST_LEVELS {
        return false;
    }
    let margin = (lightest - darkest).div_ceil(5);
    let between: u32 = around[darkest + margin..=lightest - margin].iter().sum();
    let one_tone = around.windows(2).map(|pair| pair[0] + pair[1]).max().unwrap_or(0);
    between as f32 > BETWEEN_SHARE * pixels as f32 && (one_tone as f32) < ONE_TONE_SHARE * pixels as f32
}

/// Takes out what is too small for a photograph.
fn drop_small(photographs: &mut [bool], tiles_down: usize) {
    let mut seen = vec![false; photographs.len()];
    for start in 0..photographs.len() {
        if !photographs[start] || seen[start] {
            continue;
        }
        let mut component = vec![start];
        seen[start] = true;
        let mut next = 0;
        while let Some(&tile) = component.get(next) {
            next += 1;
            for near in neighbours(tile, tiles_down) {
                if photographs[near] && !seen[near] {
                    seen[near] = true;
                    component.push(near);
                }
            }
        }
        if component.len() < SMALLEST_TILES {
            component.into_iter().for_each(|tile| photographs[tile] = false);
        }
    }
}

/// Adds what is shaded and touches what was found, so that a photograph does not end where its sky is even or its shadow deep.
fn grow(photographs: &mut [bool], mut found: Vec<usize>, cells: &Cells, tiles_down: usize) {
    while let Some(tile) = found.pop() {
        for near in neighbours(tile, tiles_down) {
            if photographs[near] {
                continue;
            }
            let shaded = shaded_cells(cells, near);
            if shaded > 0 {
                photographs[near] = true;
            }
            // Only what is shaded throughout leads further, or a photograph would spread into the text beside it.
            if shaded == TILE_CELLS * TILE_CELLS {
                found.push(near);
            }
        }
    }
}

/// Cells of the tile that have no paper in them.
fn shaded_cells(cells: &Cells, tile: usize) -> usize {
    let (column, row) = (tile % TILES_ACROSS * TILE_CELLS, tile / TILES_ACROSS * TILE_CELLS);
    let limit = cells.paper().saturating_sub(SHADE);
    (row..(row + TILE_CELLS).min(cells.down()))
        .flat_map(|row| (column..column + TILE_CELLS).map(move |column| (column, row)))
        .filter(|(column, row)| cells.get(cells.index(*column, *row)).lightest < limit)
        .count()
}

fn neighbours(tile: usize, tiles_down: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (tile % TILES_ACROSS, tile / TILES_ACROSS);
    (row.saturating_sub(1)..(row + 2).min(tiles_down)).flat_map(move |row| {
        (column.saturating_sub(1)..(column + 2).min(TILES_ACROSS))
            .map(move |column| row * TILES_ACROSS + column)
    })
}
