//! ITU-T T.6 (Group 4, MMR), the coding pages are kept and sent in: two-dimensional throughout, one end mark.

use fax::{BitWriter, Color, VecWriter, encoder::Encoder};

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;

pub(crate) fn encode(bitmap: &Bitmap) -> Vec<u8> {
    let mut encoder = Encoder::new(VecWriter::new());
    for row in bitmap.rows() {
        // Behind the last ink of a row nothing changes: the encoder need not look there.
        let inked = row.iter().rposition(|byte| *byte != 0).map_or(0, |last| (last + 2).min(row.len()));
        let pixels =
            fax::slice_bits(&row[..inked]).map(|black| if black { Color::Black } else { Color::White });
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

/// Decodes a strip to `height` rows of packed bits, black set; rows left out at the end are white. `None` if it is damaged.
pub(crate) fn decode(data: &[u8], width: u32, height: u32) -> Option<Vec<Vec<u8>>> {
    let mut rows = Vec::new();
    fax::decoder::decode_g4(data.iter().copied(), width, Some(height), |changes| {
        rows.push(packed(changes, width))
    })?;
    Some(rows)
}

/// Reads back what [`encode`] wrote.
pub(crate) fn decode_page(data: &[u8], height: u32) -> Option<Bitmap> {
    Some(Bitmap::from_rows(decode(data, PAGE_WIDTH, height)?.concat()))
}

/// A row given by the columns where its colour changes, white first.
pub(crate) fn packed(changes: &[u32], width: u32) -> Vec<u8> {
    let mut row = vec![0; width.div_ceil(8) as usize];
    for run in changes.chunks(2) {
        let end = run.get(1).copied().unwrap_or(width).min(width);
        for x in run[0]..end {
            row[x as usize / 8] |= 0x80 >> (x % 8);
        }
    }
    row
}

#[cfg(test)]
mod tests {
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
        fn no_bytes_make_the_decoder_panic(data in prop::collection::vec(any::<u8>(), 0..400), width in 1..3000_u32) {
            let rows = decode(&data, width, 50);
            prop_assert!(rows.is_none_or(|rows| rows.len() == 50));
        }
    }
}
