//! A bilevel picture of the width of a fax page: one bit a pixel, set where the paper is black, rows padded to
//! whole bytes with the leftmost pixel in the highest bit. 1728 is a multiple of eight, so no row has a remainder.

use crate::geometry::PAGE_WIDTH;

pub(crate) const ROW_BYTES: usize = (PAGE_WIDTH / 8) as usize;

#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// The bytes of row `y`, which is on the page.
    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.bits[y * ROW_BYTES..(y + 1) * ROW_BYTES]
    }

    pub(crate) fn blacken(&mut self, x: u32, y: u32) {
        if x < PAGE_WIDTH
            && let Some(byte) = self.bits.get_mut(y as usize * ROW_BYTES + (x / 8) as usize)
        {
            *byte |= 0x80 >> (x % 8);
        }
    }

    /// Every row twice: standard resolution as fine.
    pub(crate) fn doubled(&self) -> Bitmap {
        Self { bits: self.rows().flat_map(|row| [row, row]).flatten().copied().collect() }
    }

    /// Cut into sheets of at most `longest` rows, where there is a white row if one is near.
    pub(crate) fn sheets(&self, longest: u32) -> Vec<Bitmap> {
        let longest = longest as usize;
        let mut sheets = Vec::new();
        let mut rest = self.bits.as_slice();
        while rest.len() > longest * ROW_BYTES {
            let white =
                |row: &usize| rest[row * ROW_BYTES..(row + 1) * ROW_BYTES].iter().all(|byte| *byte == 0);
            let end = (longest - longest / 8..longest).rev().find(white).map_or(longest, |row| row + 1);
            let (sheet, below) = rest.split_at(end * ROW_BYTES);
            sheets.push(Self { bits: sheet.to_vec() });
            rest = below;
        }
        sheets.push(Self { bits: rest.to_vec() });
        sheets
    }

    /// Without white rows at its end, as far as it is longer than `longest`.
    pub(crate) fn without_white_foot(mut self, longest: u32) -> Bitmap {
        let inked = self.bits.iter().rposition(|byte| *byte != 0).map_or(0, |last| last / ROW_BYTES + 1);
        self.bits.truncate(inked.max(longest as usize) * ROW_BYTES);
        self
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

/// Bitmaps for property tests.
#[cfg(test)]
pub(crate) mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    /// Rows as pages have them: runs of any length, often alike from row to row; and rows as nobody draws them: noise,
    /// black, a change at every pixel.
    fn row() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(vec![0; ROW_BYTES]),
            Just(vec![0xff; ROW_BYTES]),
            Just(vec![0x55; ROW_BYTES]),
            Just(vec![0xaa; ROW_BYTES]),
            prop::collection::vec(any::<u8>(), ROW_BYTES),
            prop::collection::vec(0..PAGE_WIDTH, 0..12).prop_map(|mut edges| {
                edges.sort_unstable();
                let mut row = Bitmap::white(1);
                for run in edges.chunks_exact(2) {
                    (run[0]..run[1]).for_each(|x| row.blacken(x, 0));
                }
                row.bits
            }),
        ]
    }

    pub(crate) fn bitmap() -> impl Strategy<Value = Bitmap> {
        prop::collection::vec((row(), 1..4_usize), 1..12).prop_map(|rows| Bitmap {
            bits: rows.iter().flat_map(|(row, times)| row.repeat(*times)).collect(),
        })
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
    fn a_long_page_is_cut_between_its_lines_and_nothing_is_lost() {
        let mut long = Bitmap::white(1000);
        (0..1000).filter(|y| y % 10 < 7).for_each(|y| long.blacken(5, y));
        let sheets = long.sheets(300);
        assert!(sheets.iter().all(|sheet| sheet.height() <= 300));
        assert_eq!(sheets[0].height(), 300);
        assert!(sheets[0].rows().last().unwrap()[0] == 0, "the cut is where it is white");
        let joined: Vec<u8> = sheets.iter().flat_map(|sheet| sheet.bits.clone()).collect();
        assert!(joined == long.bits);
        assert_eq!(Bitmap::white(300).sheets(300).len(), 1);
    }

    #[test]
    fn only_white_rows_beyond_the_longest_page_are_given_up() {
        let mut page = Bitmap::white(100);
        page.blacken(0, 79);
        assert_eq!(page.clone().without_white_foot(90).height(), 90);
        assert_eq!(page.clone().without_white_foot(50).height(), 80);
        assert_eq!(page.without_white_foot(200).height(), 100);
    }

    #[test]
    fn standard_resolution_survives_being_kept_as_fine() {
        let mut standard = Bitmap::white(3);
        standard.blacken(9, 1);
        assert!(standard.doubled().halved() == standard);
    }

    #[test]
    fn a_pixel_outside_is_not_drawn() {
        let mut bitmap = Bitmap::white(2);
        bitmap.blacken(PAGE_WIDTH, 0);
        bitmap.blacken(0, 2);
        assert!(bitmap == Bitmap::white(2));
    }
}
