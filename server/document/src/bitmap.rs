//! A bilevel picture of the width of a fax page: one bit a pixel, set where the paper is black, rows padded to
//! whole bytes with the leftmost pixel in the highest bit. 1728 is a multiple of eight, so no row has a remainder.

use crate::geometry::PAGE_WIDTH;

pub(crate) const ROW_BYTES: usize = (PAGE_WIDTH / 8) as usize;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bitmap {
    bits: Vec<u8>,
}

impl Bitmap {
    pub(crate) fn white(height: u32) -> Self {
        Self { bits: vec![0; ROW_BYTES * height as usize] }
    }

    /// Takes whole rows; a remainder that is no row is dropped.
    pub(crate) fn from_rows(mut bits: Vec<u8>) -> Self {
        bits.truncate(bits.len() / ROW_BYTES * ROW_BYTES);
        Self { bits }
    }

    pub(crate) fn height(&self) -> u32 {
        (self.bits.len() / ROW_BYTES) as u32
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.bits.chunks_exact(ROW_BYTES)
    }

    pub(crate) fn blacken(&mut self, x: u32, y: u32) {
        if x < PAGE_WIDTH
            && let Some(byte) = self.bits.get_mut(y as usize * ROW_BYTES + (x / 8) as usize)
        {
            *byte |= 0x80 >> (x % 8);
        }
    }

    /// This bitmap below another.
    pub(crate) fn below(&self, above: &Bitmap) -> Bitmap {
        Self { bits: [above.bits.as_slice(), &self.bits].concat() }
    }

    /// Every two rows become one which is black where either was: a line one fine row thick must survive, and a
    /// gap of one row between letters' strokes is lost by any rule at this resolution.
    pub(crate) fn halved(&self) -> Bitmap {
        let mut bits = Vec::with_capacity(self.bits.len().div_ceil(2 * ROW_BYTES) * ROW_BYTES);
        for pair in self.bits.chunks(2 * ROW_BYTES) {
            let (upper, lower) = pair.split_at(ROW_BYTES);
            if lower.is_empty() {
                bits.extend_from_slice(upper);
            } else {
                bits.extend(upper.iter().zip(lower).map(|(above, below)| above | below));
            }
        }
        Self { bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_one_fine_row_survives_in_standard() {
        for y in 0..5 {
            let mut fine = Bitmap::white(5);
            fine.blacken(100, y);
            let standard = fine.halved();
            assert_eq!(standard.height(), 3);
            let black: Vec<_> = standard.rows().map(|row| row[12] != 0).collect();
            assert_eq!(black.iter().position(|&black| black), Some(y as usize / 2));
        }
    }

    #[test]
    fn a_pixel_outside_is_not_drawn() {
        let mut bitmap = Bitmap::white(2);
        bitmap.blacken(PAGE_WIDTH, 0);
        bitmap.blacken(0, 2);
        assert!(bitmap == Bitmap::white(2));
    }
}
