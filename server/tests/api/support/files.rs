//! Files as customers upload them, good and bad.

use std::io::Cursor;

/// Three pages.
pub(crate) const LETTER: &[u8] = include_bytes!("../../../../end2end/fixtures/three-pages.pdf");
/// Opens only with a password.
pub(crate) const ENCRYPTED: &[u8] = include_bytes!("../../../document/tests/fixtures/password.pdf");
/// A PDF without a single page.
pub(crate) const NO_PAGES: &[u8] = include_bytes!("../../../document/tests/fixtures/no-pages.pdf");

/// A white picture.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let rows = vec![0xff; width.div_ceil(8) as usize * height as usize];
    encoder.write_header().unwrap().write_image_data(&rows).unwrap();
    bytes.into_inner()
}

/// Some bytes that claim to be a picture of 60,000 by 60,000 pixels.
pub(crate) fn tiff_bomb() -> Vec<u8> {
    const SIDE: u32 = 60_000;
    let entries: [(u16, u32); 8] =
        [(256, SIDE), (257, SIDE), (258, 8), (259, 1), (262, 1), (273, 8), (278, SIDE), (279, 16)];
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for (tag, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend([4, 0, 1, 0, 0, 0]);
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}
