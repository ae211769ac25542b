//! A sheet in squares of 8 × 8 pixels, with what the tones of each are like. One byte of a bilevel row is one cell wide.

use std::ops::Range;

use image::GrayImage;

use crate::geometry::PAGE_WIDTH;

pub(crate) const CELL: usize = 8;
pub(super) const ACROSS: usize = PAGE_WIDTH as usize / CELL;
const WHITE_ROW: [u8; PAGE_WIDTH as usize] = [255; PAGE_WIDTH as usize];
/// A cell all lighter than this is empty paper.
const BLANK: u8 = 248;
/// Cells to each side that count as the surroundings: about the height of a letter.
const NEAR: usize = 2;
const EVEN: u8 = 20;

pub(super) struct Cells {
    cells: Vec<Cell>,
    down: usize,
    paper: u8,
}

#[derive(Clone, Copy)]
pub(super) struct Cell {
    sum: u32,
    squares: u32,
    pub(super) darkest: u8,
    pub(super) lightest: u8,
}

impl Cells {
    pub(super) fn of(sheet: &GrayImage) -> Self {
        let down = (sheet.height() as usize).div_ceil(CELL);
        let empty = Cell { sum: 0, squares: 0, darkest: 255, lightest: 0 };
        let mut cells = vec![empty; ACROSS * down];
        let mut tones = [0_u32; 256];
        let band_bytes = PAGE_WIDTH as usize * CELL;
        for (band, band_cells) in sheet.as_raw().chunks(band_bytes).zip(cells.chunks_exact_mut(ACROSS)) {
            let rows = band.len() / PAGE_WIDTH as usize;
            let mut white_rows = 0;
            for row in band.chunks_exact(PAGE_WIDTH as usize) {
                // Most of most pages.
                if row == WHITE_ROW {
                    white_rows += 1;
                    continue;
                }
                for (cell, pixels) in band_cells.iter_mut().zip(row.chunks_exact(CELL)) {
                    cell.add(pixels);
                }
            }
            for cell in band_cells {
                cell.add_white(white_rows);
                // The last band of a sheet may have fewer rows; what is missing is like the rest.
                if rows < CELL {
                    cell.sum = cell.sum * CELL as u32 / rows as u32;
                    cell.squares = cell.squares / rows as u32 * CELL as u32;
                }
                tones[usize::from(cell.lightest)] += 1;
            }
        }
        Self { cells, down, paper: paper(&tones) }
    }

    /// The tone of the sheet itself.
    pub(super) fn paper(&self) -> u8 {
        self.paper
    }

    pub(super) fn down(&self) -> usize {
        self.down
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn index(&self, column: usize, row: usize) -> usize {
        row * ACROSS + column
    }

    /// Columns and rows, from the top left.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let down = self.down;
        (0..down).flat_map(|row| (0..ACROSS).map(move |column| (column, row)))
    }

    pub(super) fn get(&self, index: usize) -> &Cell {
        &self.cells[index]
    }

    pub(super) fn are_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.darkest >= BLANK)
    }

    pub(super) fn is_blank(&self, column: usize, row: usize) -> bool {
        self.cells[self.index(column, row)].darkest >= BLANK
    }

    /// The columns and rows that are near a cell, itself included.
    pub(super) fn near(&self, column: usize, row: usize, far: usize) -> (Range<usize>, Range<usize>) {
        (
            column.saturating_sub(far)..(column + far + 1).min(ACROSS),
            row.saturating_sub(far)..(row + far + 1).min(self.down),
        )
    }

    /// The indexes of a cell and of those that touch it.
    pub(super) fn around(&self, index: usize) -> impl Iterator<Item = usize> + use<> {
        let (columns, rows) = self.near(index % ACROSS, index / ACROSS, 1);
        rows.flat_map(move |row| columns.clone().map(move |column| row * ACROSS + column))
    }

    /// Mean and standard deviation of the tones around a cell.
    pub(super) fn surroundings(&self, column: usize, row: usize) -> (f32, f32) {
        let (columns, rows) = self.near(column, row, NEAR);
        let (mut sum, mut squares, mut count) = (0_u32, 0_u32, 0_u32);
        for row in rows {
            for cell in &self.cells[row * ACROSS + columns.start..row * ACROSS + columns.end] {
                sum += cell.sum;
                squares += cell.squares;
                count += (CELL * CELL) as u32;
            }
        }
        let mean = sum as f32 / count as f32;
        let variance = squares as f32 / count as f32 - mean * mean;
        (mean, variance.max(0.0).sqrt())
    }
}

impl Cell {
    /// Adds whole rows of white.
    fn add_white(&mut self, rows: u32) {
        let pixels = rows * CELL as u32;
        self.sum += 255 * pixels;
        self.squares += 255 * 255 * pixels;
        self.lightest = if rows > 0 { 255 } else { self.lightest };
    }

    fn add(&mut self, pixels: &[u8]) {
        if pixels == [255; CELL] {
            return self.add_white(1);
        }
        for tone in pixels {
            self.sum += u32::from(*tone);
            self.squares += u32::from(*tone) * u32::from(*tone);
            self.darkest = self.darkest.min(*tone);
            self.lightest = self.lightest.max(*tone);
        }
    }

    pub(super) fn mean(&self) -> u8 {
        (self.sum / (CELL * CELL) as u32).min(255) as u8
    }

    /// Whether all its tones are about the same.
    pub(super) fn is_even(&self) -> bool {
        self.lightest - self.darkest < EVEN
    }
}

/// The most frequent of the light tones, or white where there is none.
fn paper(lightest: &[u32; 256]) -> u8 {
    let smooth =
        |tone: usize| (tone.saturating_sub(3)..=(tone + 3).min(255)).map(|near| lightest[near]).sum::<u32>();
    let mode = (128..256).max_by_key(|tone| (smooth(*tone), *tone)).filter(|tone| smooth(*tone) > 0);
    mode.unwrap_or(255).min(255) as u8
}
