//! The decoder takes no pictures with a palette. Their directories are changed to say that the indexes are tones of grey,
//! which it takes; what tone an index stands for is looked up afterwards.

use std::borrow::Cow;
use std::io::Cursor;

use tiff::decoder::Decoder;
use tiff::tags::{ByteOrder, Tag};

const PALETTE: u32 = 3;
const BLACK_IS_ZERO: u16 = 1;
const PHOTOMETRIC: u16 = 262;

/// The file, every picture with a palette as one of tones.
pub(super) fn as_tones(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut places = Vec::new();
    let Ok(mut decoder) = Decoder::new(Cursor::new(bytes)) else { return Cow::Borrowed(bytes) };
    let order = decoder.byte_order();
    loop {
        let interpretation = decoder.get_tag_u32(Tag::PhotometricInterpretation);
        if interpretation.is_ok_and(|interpretation| interpretation == PALETTE) {
            let directory = decoder.ifd_pointer().and_then(|pointer| usize::try_from(pointer.0).ok());
            places.extend(directory.and_then(|directory| place_of_photometric(bytes, directory, order)));
        }
        if !decoder.more_images() || decoder.next_image().is_err() {
            break;
        }
    }
    if places.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut bytes = bytes.to_vec();
    let value = match order {
        ByteOrder::LittleEndian => BLACK_IS_ZERO.to_le_bytes(),
        ByteOrder::BigEndian => BLACK_IS_ZERO.to_be_bytes(),
    };
    for place in places {
        bytes[place..place + 2].copy_from_slice(&value);
    }
    Cow::Owned(bytes)
}

/// Where in the file a directory says how its samples are to be seen (TIFF 6.0, section 2; BigTIFF has longer entries).
fn place_of_photometric(bytes: &[u8], directory: usize, order: ByteOrder) -> Option<usize> {
    let short = |at: usize| {
        let two = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(match order {
            ByteOrder::LittleEndian => u16::from_le_bytes(two),
            ByteOrder::BigEndian => u16::from_be_bytes(two),
        })
    };
    let is_big = bytes.get(2..4)?.contains(&43);
    let (first, size, value) = if is_big { (8, 20, 12) } else { (2, 12, 8) };
    (0..)
        .map(|number: usize| directory.checked_add(first + number * size))
        .map_while(|entry| entry.filter(|entry| entry + size <= bytes.len()))
        .find(|entry| short(*entry) == Some(PHOTOMETRIC))
        .map(|entry| entry + value)
}
