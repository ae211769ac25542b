//! TIFF: what we write and read back bit for bit, and what customers upload.
//!
//! Ours is class F (RFC 2306): a directory a page, one strip, T.6, black is one.

use std::io::Cursor;

use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};
use image::{GrayImage, Luma};
use tiff::decoder::{Decoder, DecodingResult, Limits as DecoderLimits};
use tiff::encoder::{DirectoryEncoder, Rational, TiffEncoder, TiffKindStandard};
use tiff::tags::Tag;
use tiff::{ColorType, TiffResult};

use crate::bilevel::bilevel;
use crate::bitmap::Bitmap;
use crate::geometry::{PAGE_WIDTH, place_paper, place_picture};
use crate::picture::check_size;
use crate::{DocumentError, Limits, Resolution, SourceFile, grey, t6, unreadable};

const PAGE_NUMBER: Tag = Tag::Unknown(297);
const T4_OPTIONS: Tag = Tag::Unknown(292);
const T6_OPTIONS: Tag = Tag::Unknown(293);
const FILL_ORDER: Tag = Tag::FillOrder;
/// T.4 without end-of-line marks, every row from a new byte (TIFF 6.0, section 10).
const MODIFIED_HUFFMAN: u32 = 2;
const GROUP_3: u32 = 3;
const GROUP_4: u32 = 4;
const BLACK_IS_ZERO: u32 = 1;
const LOW_BIT_FIRST: u32 = 2;
const CENTIMETER: u32 = 3;

/// A page as it goes into a file.
pub(crate) struct Encoded {
    pub(crate) height: u32,
    pub(crate) t6: Vec<u8>,
}

pub(crate) fn write(pages: &[Encoded], resolution: Resolution) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let written = TiffEncoder::new(&mut file).and_then(|mut encoder| {
        for (number, page) in pages.iter().enumerate() {
            let mut directory = encoder.image_directory()?;
            write_page(&mut directory, page, (number as u16, pages.len() as u16), resolution)?;
            directory.finish()?;
        }
        Ok(())
    });
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    file.into_inner()
}

fn write_page(
    directory: &mut DirectoryEncoder<'_, &mut Cursor<Vec<u8>>, TiffKindStandard>,
    page: &Encoded,
    (number, count): (u16, u16),
    resolution: Resolution,
) -> TiffResult<()> {
    let strip = directory.write_data(page.t6.as_slice())?;
    // A page of a document of several (TIFF 6.0, section 8).
    directory.write_tag(Tag::NewSubfileType, 2_u32)?;
    directory.write_tag(Tag::ImageWidth, PAGE_WIDTH)?;
    directory.write_tag(Tag::ImageLength, page.height)?;
    directory.write_tag(Tag::BitsPerSample, 1_u16)?;
    directory.write_tag(Tag::Compression, GROUP_4 as u16)?;
    directory.write_tag(Tag::PhotometricInterpretation, 0_u16)?;
    directory.write_tag(FILL_ORDER, 1_u16)?;
    directory.write_tag(Tag::StripOffsets, strip as u32)?;
    directory.write_tag(Tag::SamplesPerPixel, 1_u16)?;
    directory.write_tag(Tag::RowsPerStrip, page.height)?;
    directory.write_tag(Tag::StripByteCounts, page.t6.len() as u32)?;
    directory.write_tag(Tag::XResolution, Rational { n: 204, d: 1 })?;
    directory.write_tag(Tag::YResolution, Rational { n: resolution.vertical_dpi(), d: 1 })?;
    directory.write_tag(T6_OPTIONS, 0_u32)?;
    directory.write_tag(Tag::ResolutionUnit, 2_u16)?;
    directory.write_tag(PAGE_NUMBER, [number, count].as_slice())
}

/// The pages of a file of ours.
pub(crate) fn read(bytes: &[u8]) -> Option<Vec<Bitmap>> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).ok()?;
    let mut pages = Vec::new();
    loop {
        let (width, height) = decoder.dimensions().ok()?;
        if width != PAGE_WIDTH || decoder.get_tag_u32(Tag::Compression).ok()? != GROUP_4 {
            return None;
        }
        let start = decoder.get_tag_u32(Tag::StripOffsets).ok()? as usize;
        let length = decoder.get_tag_u32(Tag::StripByteCounts).ok()? as usize;
        let strip = bytes.get(start..start.checked_add(length)?)?;
        pages.push(t6::decode_page(strip, height)?);
        if !decoder.more_images() {
            return Some(pages);
        }
        decoder.next_image().ok()?;
    }
}

/// The pages of a customer's file.
pub(crate) fn pages(file: &SourceFile<'_>, limits: &Limits) -> Result<Vec<Bitmap>, DocumentError> {
    let damaged = |_| unreadable(file);
    let mut decoder_limits = DecoderLimits::default();
    decoder_limits.decoding_buffer_size = usize::try_from(limits.max_image_pixels * 8).unwrap_or(usize::MAX);
    decoder_limits.intermediate_buffer_size = decoder_limits.decoding_buffer_size;
    let mut decoder = Decoder::new(Cursor::new(file.bytes)).map_err(damaged)?.with_limits(decoder_limits);
    let mut pages = Vec::new();
    loop {
        let (width, height) = decoder.dimensions().map_err(damaged)?;
        check_size(file, limits, width, height)?;
        if pages.len() == limits.max_pages as usize {
            return Err(DocumentError::TooManyPages { limit: limits.max_pages });
        }
        let grey = match decoder.get_tag_u32(Tag::Compression).unwrap_or(1) {
            MODIFIED_HUFFMAN | GROUP_3 | GROUP_4 => {
                fax_coded(&mut decoder, file.bytes, width, height).ok_or_else(|| unreadable(file))?
            }
            _ => decoded(&mut decoder, width, height).ok_or_else(|| unreadable(file))?,
        };
        let placement = match dots_per_inch(&mut decoder) {
            Some((across, down)) => place_paper(f64::from(width) / across, f64::from(height) / down),
            None => place_picture(width, height),
        };
        pages.push(bilevel(&grey::sheet(&grey, placement)));
        if !decoder.more_images() {
            return Ok(pages);
        }
        decoder.next_image().map_err(damaged)?;
    }
}

fn dots_per_inch(decoder: &mut Decoder<Cursor<&[u8]>>) -> Option<(f64, f64)> {
    let unit = decoder.get_tag_u32(Tag::ResolutionUnit).unwrap_or(2);
    let mut dots = |tag| {
        let value = decoder.get_tag(tag).ok()?;
        let value = match value {
            tiff::decoder::ifd::Value::Rational(n, d) => f64::from(n) / f64::from(d),
            other => f64::from(other.into_u32().ok()?),
        };
        let inch = if unit == CENTIMETER { value * 2.54 } else { value };
        (50.0..=2400.0).contains(&inch).then_some(inch)
    };
    // Without a unit the numbers say no size (TIFF 6.0, ResolutionUnit 1).
    if unit == 1 { None } else { Some((dots(Tag::XResolution)?, dots(Tag::YResolution)?)) }
}

/// T.4 in one and two dimensions and T.6, strip by strip.
fn fax_coded(
    decoder: &mut Decoder<Cursor<&[u8]>>,
    bytes: &[u8],
    width: u32,
    height: u32,
) -> Option<GrayImage> {
    let group = decoder.get_tag_u32(Tag::Compression).ok()?;
    let two_dimensional = decoder.get_tag_u32(T4_OPTIONS).is_ok_and(|options| options & 1 == 1);
    let encoding = match group {
        GROUP_4 => EncodingMode::Group4,
        GROUP_3 if two_dimensional => EncodingMode::Group3_2D,
        _ => EncodingMode::Group3_1D,
    };
    let low_bit_first = decoder.get_tag_u32(FILL_ORDER).is_ok_and(|order| order == LOW_BIT_FIRST);
    let black_is_zero =
        decoder.get_tag_u32(Tag::PhotometricInterpretation).is_ok_and(|zero| zero == BLACK_IS_ZERO);
    let starts = decoder.get_tag_u32_vec(Tag::StripOffsets).ok()?;
    let lengths = decoder.get_tag_u32_vec(Tag::StripByteCounts).ok()?;
    let strip_height = decoder.get_tag_u32(Tag::RowsPerStrip).unwrap_or(height).clamp(1, height);
    let mut rows = Rows { width, rows: Vec::new() };
    for (start, length) in starts.into_iter().zip(lengths) {
        let (start, length) = (start as usize, length as usize);
        let mut strip = bytes.get(start..start.checked_add(length)?)?.to_vec();
        if low_bit_first {
            strip.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        }
        let mut coding = DecoderContext::new(DecodeSettings {
            columns: width,
            rows: strip_height.min(height - rows.rows.len() as u32),
            end_of_block: group != MODIFIED_HUFFMAN,
            end_of_line: false,
            rows_are_byte_aligned: group == MODIFIED_HUFFMAN,
            encoding,
            strict: false,
        });
        hayro_ccitt::decode(&strip, &mut rows, &mut coding).ok()?;
        if rows.rows.len() >= height as usize {
            break;
        }
    }
    let paper = if black_is_zero { 1 } else { 0 };
    Some(GrayImage::from_fn(width, height, |x, y| {
        // Rows that were not sent are paper.
        let Some(row) = rows.rows.get(y as usize) else { return Luma([255]) };
        let bit = row[x as usize / 8] >> (7 - x % 8) & 1;
        Luma([if bit == paper { 255 } else { 0 }])
    }))
}

struct Rows {
    width: u32,
    rows: Vec<Vec<u8>>,
}

impl hayro_ccitt::Decoder for Rows {
    fn push_row(&mut self, changes: &[u32]) {
        self.rows.push(t6::packed(changes, self.width));
    }
}

fn decoded(decoder: &mut Decoder<Cursor<&[u8]>>, width: u32, height: u32) -> Option<GrayImage> {
    let colours = decoder.colortype().ok()?;
    let samples: Vec<u8> = match decoder.read_image().ok()? {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples.into_iter().map(|sample| (sample >> 8) as u8).collect(),
        _ => return None,
    };
    let across = width as usize;
    let tone = |x: usize, y: usize| -> Option<u8> {
        let pixel = |channels: usize| samples.get((y * across + x) * channels..)?.get(..channels);
        Some(match colours {
            ColorType::Gray(1) => {
                let byte = *samples.get(y * across.div_ceil(8) + x / 8)?;
                if byte >> (7 - x % 8) & 1 == 1 { 255 } else { 0 }
            }
            ColorType::Gray(8 | 16) => pixel(1)?[0],
            ColorType::GrayA(8 | 16) => {
                let grey = pixel(2)?;
                grey::on_paper(grey[0], grey[0], grey[0], grey[1])
            }
            ColorType::RGB(8 | 16) => {
                let rgb = pixel(3)?;
                grey::on_paper(rgb[0], rgb[1], rgb[2], 255)
            }
            ColorType::RGBA(8 | 16) => {
                let rgba = pixel(4)?;
                grey::on_paper(rgba[0], rgba[1], rgba[2], rgba[3])
            }
            ColorType::CMYK(8 | 16) => {
                let cmyk = pixel(4)?;
                let light = |ink: u8| (u32::from(255 - ink) * u32::from(255 - cmyk[3]) / 255) as u8;
                grey::on_paper(light(cmyk[0]), light(cmyk[1]), light(cmyk[2]), 255)
            }
            _ => return None,
        })
    };
    // Whether this kind of colour is understood shows at the first pixel, whether samples are missing at the last.
    tone(0, 0)?;
    tone(across - 1, height as usize - 1)?;
    Some(GrayImage::from_fn(width, height, |x, y| Luma([tone(x as usize, y as usize).unwrap_or(255)])))
}
