//! How long a fax is on the line.
//!
//! With error correction (ITU-T T.30, annex A) the T.6 of a page travels in frames of 256 bytes, 256 frames to a block, and
//! every block is confirmed. The constants were fitted to calls between two Asterisk servers over T.38 at 14,400 bit/s;
//! `script/bench documents` compares them with what was measured.

/// Ringing, the hand-shake and training before the first page, and hanging up, in seconds.
const CALL_OVERHEAD: f64 = 15.0;
/// The end of a page or block: message, confirmation, and the modems' change of direction, in seconds.
const BLOCK_OVERHEAD: f64 = 4.7;
const FRAME_BYTES: usize = 256;
/// Flag, address, control, frame number and check sequence around the bytes of a frame.
const FRAME_OVERHEAD_BYTES: usize = 8;
const BLOCK_BYTES: usize = 256 * FRAME_BYTES;
/// A zero is stuffed after five ones (ITU-T T.30, section 5.3): about one bit in sixty of a coded page.
const STUFFING: f64 = 1.015;

/// Seconds from dialing to hanging up of a call that sends so many bytes of T.6 in so many pages.
pub fn transmission_seconds(encoded_bytes: usize, pages: u32, bits_per_second: u32) -> f64 {
    CALL_OVERHEAD + page_seconds(encoded_bytes, pages, bits_per_second)
}

/// Seconds that the pages of a call take, with their confirmations.
pub fn page_seconds(encoded_bytes: usize, pages: u32, bits_per_second: u32) -> f64 {
    let pages = pages as usize;
    let frames = encoded_bytes.div_ceil(FRAME_BYTES).max(pages);
    let blocks = encoded_bytes.div_ceil(BLOCK_BYTES).max(pages);
    let bits = (encoded_bytes + frames * FRAME_OVERHEAD_BYTES) as f64 * 8.0 * STUFFING;
    bits / f64::from(bits_per_second.max(1)) + BLOCK_OVERHEAD * blocks as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls between two Asterisk servers: what, bytes of T.6, pages, bits per second, how they were carried, seconds.
    const MEASURED: &str = include_str!("../benches/measured_calls.csv");

    #[test]
    fn calls_take_about_as_long_as_they_were_measured() {
        for call in MEASURED.lines() {
            let fields: Vec<_> = call.split(',').collect();
            let [_, bytes, pages, rate, carrier, measured] = fields[..] else { panic!("{call}") };
            let measured: f64 = measured.parse().unwrap();
            let estimated =
                transmission_seconds(bytes.parse().unwrap(), pages.parse().unwrap(), rate.parse().unwrap());
            // The constants are those of T.38; sound needs no negotiation of it and is a second faster.
            let allowed = if carrier == "T.38" { 0.02 } else { 0.08 };
            assert!((estimated / measured - 1.0).abs() < allowed, "{call}: {estimated} s");
        }
    }

    #[test]
    fn more_bytes_more_pages_and_slower_modems_take_longer() {
        let page = page_seconds(40_000, 1, 14_400);
        assert!(page_seconds(40_000, 1, 9_600) > page * 1.3);
        assert!(page_seconds(80_000, 2, 14_400) > page * 1.9);
        assert!(page_seconds(40_000, 2, 14_400) > page);
        assert!(page_seconds(40_000, 1, 0).is_finite());
    }
}
