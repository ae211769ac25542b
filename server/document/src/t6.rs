//! ITU-T T.6 (Group 4, MMR), the coding pages are kept in: two-dimensional throughout, one end-of-block mark.
//! Written with one implementation and read with another, so that a fault of either shows.

use fax::{BitWriter, Color, VecWriter, encoder::Encoder};
use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};

use crate::bitmap::{Bitmap, ROW_BYTES};
use crate::geometry::PAGE_WIDTH;

pub(crate) fn encode(bitmap: &Bitmap) -> Vec<u8> {
    let mut encoder = Encoder::new(VecWriter::new());
    for row in bitmap.rows() {
        let pixels = fax::slice_bits(row).map(|black| if black { Color::Black } else { Color::White });
        never_fails(encoder.encode_line(pixels, PAGE_WIDTH));
    }
    never_fails(encoder.finish()).finish()
}

/// Writing to memory has no error; the type says so.
fn never_fails<T>(result: Result<T, <VecWriter as BitWriter>::Error>) -> T {
    match result {
        Ok(value) => value,
        Err(impossible) => match impossible {},
    }
}

/// How a CCITT-coded strip was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coding {
    pub(crate) mode: EncodingMode,
    pub(crate) end_of_line: bool,
    pub(crate) byte_aligned: bool,
}

impl Coding {
    pub(crate) const T6: Self = Self { mode: EncodingMode::Group4, end_of_line: false, byte_aligned: false };
}

/// Decodes one strip to rows of packed bits, black set. `None` if a row is missing or damaged.
pub(crate) fn decode_strip(data: &[u8], width: u32, rows: u32, coding: Coding) -> Option<Vec<u8>> {
    let row_bytes = width.div_ceil(8) as usize;
    let mut sink = PackedRows { row_bytes, width, bits: Vec::with_capacity(row_bytes * rows as usize) };
    let mut context = DecoderContext::new(DecodeSettings {
        columns: width,
        rows,
        end_of_block: true,
        end_of_line: coding.end_of_line,
        rows_are_byte_aligned: coding.byte_aligned,
        encoding: coding.mode,
    });
    // A fault after the last row (a missing end mark) takes nothing from the picture.
    let outcome = hayro_ccitt::decode(data, &mut sink, &mut context);
    let complete = sink.bits.len() == row_bytes * rows as usize;
    (complete || (outcome.is_ok() && !sink.bits.is_empty())).then(|| {
        sink.bits.resize(row_bytes * rows as usize, 0);
        sink.bits
    })
}

/// Reads back what [`encode`] wrote.
pub(crate) fn decode(data: &[u8], height: u32) -> Option<Bitmap> {
    let bits = decode_strip(data, PAGE_WIDTH, height, Coding::T6)?;
    debug_assert_eq!(bits.len(), ROW_BYTES * height as usize);
    Some(Bitmap::from_rows(bits))
}

struct PackedRows {
    row_bytes: usize,
    width: u32,
    bits: Vec<u8>,
}

impl hayro_ccitt::Decoder for PackedRows {
    fn push_row(&mut self, changes: &[u32]) {
        let start = self.bits.len();
        self.bits.resize(start + self.row_bytes, 0);
        let row = &mut self.bits[start..];
        for run in changes.chunks(2) {
            let end = run.get(1).copied().unwrap_or(self.width).min(self.width);
            for x in run[0]..end {
                row[(x / 8) as usize] |= 0x80 >> (x % 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows as pages have them: runs of any length, often alike from row to row, sometimes noise.
    fn row() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(vec![0; ROW_BYTES]),
            Just(vec![0xff; ROW_BYTES]),
            prop::collection::vec(any::<u8>(), ROW_BYTES),
            prop::collection::vec(0..PAGE_WIDTH, 0..12).prop_map(|mut edges| {
                edges.sort_unstable();
                let mut row = Bitmap::white(1);
                for run in edges.chunks_exact(2) {
                    (run[0]..run[1]).for_each(|x| row.blacken(x, 0));
                }
                row.rows().flatten().copied().collect()
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn what_is_encoded_is_decoded_again(rows in prop::collection::vec((row(), 1..4_usize), 1..12)) {
            let bits: Vec<u8> = rows.iter().flat_map(|(row, times)| row.repeat(*times)).collect();
            let bitmap = Bitmap::from_rows(bits);
            let decoded = decode(&encode(&bitmap), bitmap.height());
            prop_assert!(decoded.is_some_and(|decoded| decoded == bitmap));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(data in prop::collection::vec(any::<u8>(), 0..400), width in 1..3000_u32) {
            for mode in [EncodingMode::Group4, EncodingMode::Group3_1D, EncodingMode::Group3_2D] {
                let coding = Coding { mode, end_of_line: false, byte_aligned: false };
                let rows = decode_strip(&data, width, 50, coding);
                prop_assert!(rows.is_none_or(|bits| bits.len() == 50 * width.div_ceil(8) as usize));
            }
        }
    }
}
