//! PNG and JPEG: turned as the camera was held (EXIF), on white paper, as wide as the sheet.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits as DecoderLimits};

use crate::bilevel::bilevel;
use crate::geometry::place_picture;
use crate::{ConvertedPage, DocumentError, Limits, SourceFile, Take, grey, unreadable};

/// Eight bytes a pixel is the most there is (16 bits, four channels).
const BYTES_PER_PIXEL: u64 = 8;

pub(crate) fn pages(file: &SourceFile, limits: &Limits, take: &mut Take<'_>) -> Result<(), DocumentError> {
    let reader = || ImageReader::new(Cursor::new(&file.bytes)).with_guessed_format();
    let (width, height) =
        reader().map_err(|_| unreadable(file))?.into_dimensions().map_err(|_| unreadable(file))?;
    check_size(file, limits, width, height)?;

    let mut reader = reader().map_err(|_| unreadable(file))?;
    let mut decoder_limits = DecoderLimits::default();
    decoder_limits.max_alloc = Some(limits.max_image_pixels * BYTES_PER_PIXEL);
    reader.limits(decoder_limits);
    let mut decoder = reader.into_decoder().map_err(|_| unreadable(file))?;
    let orientation = decoder.orientation().map_err(|_| unreadable(file))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| unreadable(file))?;
    picture.apply_orientation(orientation);
    let grey = grey::from_picture(&picture);
    let sheet = grey::sheet(&grey, place_picture(grey.width(), grey.height()));
    let _all_taken = ConvertedPage::sheets_of(&bilevel(&sheet)).into_iter().all(take);
    Ok(())
}

/// Before anything is decoded: a few bytes can promise billions of pixels.
pub(crate) fn check_size(
    file: &SourceFile,
    limits: &Limits,
    width: u32,
    height: u32,
) -> Result<(), DocumentError> {
    let limit = limits.max_image_side;
    if width > limit || height > limit || u64::from(width) * u64::from(height) > limits.max_image_pixels {
        return Err(DocumentError::ImageTooLarge { file: file.name.clone(), limit });
    }
    if width == 0 || height == 0 { Err(unreadable(file)) } else { Ok(()) }
}
