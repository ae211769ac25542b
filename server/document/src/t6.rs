//! ITU-T T.6 (Group 4, MMR), the coding pages are kept and sent in: two-dimensional throughout, one end mark.

use fax::Bits;
use fax::maps::{EDFB_HALF, Mode, black, mode, white};
use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;

/// Codes rows with the crate's tables. Its own encoder looks at every pixel and writes every byte; here that is done by the
/// word, in a fraction of the time.
pub(crate) fn encode(bitmap: &Bitmap) -> Vec<u8> {
    let mut coded = Coded::default();
    let mut reference = Changes::default();
    let mut current = Changes::default();
    for row in bitmap.rows() {
        current.find(row);
        code_row(&current, &reference, &mut coded);
        std::mem::swap(&mut current, &mut reference);
    }
    coded.write(EDFB_HALF);
    coded.write(EDFB_HALF);
    coded.finish()
}

/// The columns of a row where its colour changes, the first to black ("changing elements", T.6, section 2.2.1).
struct Changes {
    columns: Vec<u32>,
}

impl Default for Changes {
    /// Those of the white row that is imagined above a page.
    fn default() -> Self {
        Self { columns: vec![PAGE_WIDTH; Self::BEHIND] }
    }
}

impl Changes {
    /// Behind the last change come so many at the end of the row: whoever looks ahead need not look where the row ends.
    const BEHIND: usize = 4;

    fn find(&mut self, row: &[u8]) {
        const BYTES: usize = size_of::<u64>();
        self.columns.clear();
        let mut before = 0;
        for (word, first) in row.as_chunks::<BYTES>().0.iter().zip((0..).step_by(8 * BYTES)) {
            let word = u64::from_be_bytes(*word);
            let mut changes = word ^ (word >> 1 | before << 63);
            while changes != 0 {
                let place = changes.leading_zeros();
                self.columns.push(first + place);
                changes ^= 1 << 63 >> place;
            }
            before = word & 1;
        }
        self.columns.resize(self.columns.len() + Self::BEHIND, PAGE_WIDTH);
    }
}

/// T.6, section 2.2.5. Even places of changes are those to black.
fn code_row(current: &Changes, reference: &Changes, coded: &mut Coded) {
    let (current, reference) = (&current.columns, &reference.columns);
    // What is coded, the colour there, and the next places in both rows. It begins before the first column.
    let mut a0 = None;
    let mut is_black = false;
    let (mut at, mut above) = (0, 0);
    while a0.is_none_or(|a0| a0 < PAGE_WIDTH) {
        let a1 = current[at];
        while reference[above] < PAGE_WIDTH && a0.is_some_and(|a0| reference[above] <= a0) {
            above += 2;
        }
        let (b1, b2) = (reference[above], reference[above + 1]);
        if b2 < a1 {
            write_mode(coded, Mode::Pass);
            a0 = Some(b2);
            continue;
        }
        let distance = a1 as i32 - b1 as i32;
        if distance.abs() <= 3 {
            write_mode(coded, Mode::Vertical(distance as i8));
            a0 = Some(a1);
            at += 1;
            is_black = !is_black;
            // The next change above that is of the other colour may lie before this one.
            above = if above == 0 { 1 } else { above - 1 };
        } else {
            let a2 = current[at + 1];
            write_mode(coded, Mode::Horizontal);
            write_run(coded, is_black, a1 - a0.unwrap_or(0));
            write_run(coded, !is_black, a2 - a1);
            a0 = Some(a2);
            at += 2;
        }
    }
}

fn write_mode(coded: &mut Coded, wanted: Mode) {
    if let Some(bits) = mode::encode(wanted) {
        coded.write(bits);
    }
}

/// A run of one colour: its make-up code where it is long, and its terminating code (T.4, tables 2 and 3).
fn write_run(coded: &mut Coded, is_black: bool, length: u32) {
    let codes = if is_black { &black::ENTRIES } else { &white::ENTRIES };
    if length >= 64 {
        // Behind the 64 terminating codes come those for 64, 128 and so on, farther than a row is long.
        coded.write(codes[63 + length as usize / 64].1);
    }
    coded.write(codes[length as usize % 64].1);
}

/// Codes, one behind the other, and the bits that are no whole word yet.
#[derive(Default)]
struct Coded {
    bytes: Vec<u8>,
    partial: u64,
    pending: u8,
}

impl Coded {
    /// No code has more than 13 bits.
    fn write(&mut self, bits: Bits) {
        self.partial = self.partial << bits.len | u64::from(bits.data);
        self.pending += bits.len;
        if self.pending >= 32 {
            self.pending -= 32;
            self.bytes.extend_from_slice(&((self.partial >> self.pending) as u32).to_be_bytes());
        }
    }

    /// What is left, filled up to a byte.
    fn finish(mut self) -> Vec<u8> {
        let rest = (self.partial << (32 - self.pending)) as u32;
        self.bytes.extend_from_slice(&rest.to_be_bytes()[..usize::from(self.pending.div_ceil(8))]);
        self.bytes
    }
}

/// Decodes a strip to `height` rows of packed bits, black set; rows left out at the end are white. `None` if it is damaged.
fn decode(data: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    struct Packed {
        width: u32,
        rows: Vec<u8>,
    }

    impl hayro_ccitt::Decoder for Packed {
        fn push_row(&mut self, changes: &[u32]) {
            pack(changes, self.width, &mut self.rows);
        }
    }

    let bytes = width.div_ceil(8) as usize * height as usize;
    let mut packed = Packed { width, rows: Vec::with_capacity(bytes) };
    let mut coding = DecoderContext::new(DecodeSettings {
        columns: width,
        rows: height,
        end_of_block: true,
        end_of_line: false,
        rows_are_byte_aligned: false,
        encoding: EncodingMode::Group4,
        strict: true,
    });
    hayro_ccitt::decode(data, &mut packed, &mut coding).ok()?;
    packed.rows.resize(bytes, 0);
    Some(packed.rows)
}

/// Reads back what [`encode`] wrote.
pub(crate) fn decode_page(data: &[u8], height: u32) -> Option<Bitmap> {
    decode(data, PAGE_WIDTH, height).map(Bitmap::from_rows)
}

/// Adds a row given by the columns where its colour changes, white first.
pub(crate) fn pack(changes: &[u32], width: u32, rows: &mut Vec<u8>) {
    let start = rows.len();
    rows.resize(start + width.div_ceil(8) as usize, 0);
    let row = &mut rows[start..];
    for run in changes.chunks(2) {
        let end = run.get(1).copied().unwrap_or(width).min(width);
        if run[0] < end {
            blacken(row, run[0] as usize, end as usize);
        }
    }
}

/// Sets the bits from `start` up to `end`, which is behind it and no farther than the row.
fn blacken(row: &mut [u8], start: usize, end: usize) {
    let (first, last) = (start / 8, (end - 1) / 8);
    let (from_start, to_end) = (0xff >> (start % 8), 0xff << (7 - (end - 1) % 8));
    if first == last {
        row[first] |= from_start & to_end;
        return;
    }
    row[first] |= from_start;
    row[first + 1..last].fill(0xff);
    row[last] |= to_end;
}

#[cfg(test)]
mod tests {
    use fax::{Color, VecWriter, encoder::Encoder};
    use proptest::prelude::*;

    use super::*;
    use crate::bitmap::arbitrary;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn what_is_encoded_is_decoded_again(bitmap in arbitrary::bitmap()) {
            let decoded = decode_page(&encode(&bitmap), bitmap.height());
            prop_assert!(decoded.is_some_and(|decoded| decoded == bitmap));
        }

        #[test]
        fn it_is_what_the_crates_own_encoder_makes(bitmap in arbitrary::bitmap()) {
            let mut encoder = Encoder::new(VecWriter::new());
            for row in bitmap.rows() {
                let pixels = fax::slice_bits(row).map(|black| if black { Color::Black } else { Color::White });
                encoder.encode_line(pixels, PAGE_WIDTH).unwrap();
            }
            prop_assert!(encode(&bitmap) == encoder.finish().unwrap().finish());
        }

        #[test]
        fn a_run_is_black_from_its_start_to_its_end(start in 0..100_u32, end in 0..120_u32) {
            let mut rows = vec![0x5a];
            pack(&[start, end], 100, &mut rows);
            let black = |x: u32| rows[1 + x as usize / 8] >> (7 - x % 8) & 1 == 1;
            prop_assert!((0..104).all(|x| black(x) == (start..end.min(100)).contains(&x)));
            prop_assert_eq!((rows.len(), rows[0]), (1 + 13, 0x5a));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(data in prop::collection::vec(any::<u8>(), 0..400), width in 1..3000_u32) {
            let rows = decode(&data, width, 50);
            prop_assert!(rows.is_none_or(|rows| rows.len() == 50 * width.div_ceil(8) as usize));
        }
    }
}
