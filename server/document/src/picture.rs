//! PNG and JPEG: turned as the camera was held (EXIF), on white paper, as wide as the sheet.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits as DecoderLimits};

use crate::bilevel::bilevel;
use crate::bitmap::Bitmap;
use crate::geometry::place_picture;
use crate::{DocumentError, Limits, SourceFile, grey, unreadable};

/// Eight bytes a pixel is the most there is (16 bits, four channels).
const BYTES_PER_PIXEL: u64 = 8;

pub(crate) fn page(file: &SourceFile<'_>, limits: &Limits) -> Result<Bitmap, DocumentError> {
    let reader = || ImageReader::new(Cursor::new(file.bytes)).with_guessed_format();
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
    Ok(bilevel(&grey::sheet(&grey, place_picture(grey.width(), grey.height()))))
}

/// Before anything is decoded: a few bytes can promise billions of pixels.
pub(crate) fn check_size(
    file: &SourceFile<'_>,
    limits: &Limits,
    width: u32,
    height: u32,
) -> Result<(), DocumentError> {
    let limit = limits.max_image_side;
    if width > limit || height > limit || u64::from(width) * u64::from(height) > limits.max_image_pixels {
        return Err(DocumentError::ImageTooLarge { file: file.name.to_owned(), limit });
    }
    if width == 0 || height == 0 { Err(unreadable(file)) } else { Ok(()) }
}
