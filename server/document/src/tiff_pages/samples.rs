//! TIFF pages of samples: bilevel, grey, palette and colour, in any compression the decoder knows (none, LZW, deflate,
//! PackBits, JPEG).

use std::io::Cursor;

use image::{GrayImage, Luma};
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::Content;
use crate::grey;

/// Three columns of 16-bit values: all reds, all greens, all blues.
const COLOR_MAP: Tag = Tag::ColorMap;

pub(super) fn decoded(decoder: &mut Decoder<Cursor<&[u8]>>, width: u32, height: u32) -> Option<Content> {
    let colours = decoder.colortype().ok()?;
    // Indexes of a palette are given as tones; see `indexes`.
    let palette = match colours {
        ColorType::Gray(bits @ 1..=8) if decoder.find_tag(COLOR_MAP).ok()?.is_some() => {
            Some(palette(decoder, bits)?)
        }
        _ => None,
    };
    let mut read = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut read).ok()?;
    let samples: Vec<u8> = match read {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples.into_iter().map(|sample| (sample >> 8) as u8).collect(),
        _ => return None,
    };
    let samples = if layout.planes > 1 { interleaved(&samples, layout.planes) } else { samples };
    let across = width as usize;
    if colours == ColorType::Gray(1) && palette.is_none() {
        let rows = samples.chunks_exact(across.div_ceil(8)).take(height as usize);
        let rows: Vec<Vec<u8>> = rows.map(|row| black_of(row, across)).collect();
        return (rows.len() == height as usize).then_some(Content::Bilevel(rows));
    }
    let packed = |x: usize, y: usize, bits: usize| {
        let byte = *samples.get(y * (across * bits).div_ceil(8) + x * bits / 8)?;
        Some(byte >> (8 - bits - x * bits % 8) & ((1_u16 << bits) - 1) as u8)
    };
    let tone = |x: usize, y: usize| -> Option<u8> {
        let pixel = |channels: usize| samples.get((y * across + x) * channels..)?.get(..channels);
        if let (ColorType::Gray(bits), Some(palette)) = (colours, &palette) {
            return palette.get(usize::from(packed(x, y, usize::from(bits))?)).copied();
        }
        Some(match colours {
            ColorType::Gray(bits @ (2 | 4)) => {
                (u16::from(packed(x, y, usize::from(bits))?) * 255 / ((1 << bits) - 1)) as u8
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
    let grey = GrayImage::from_fn(width, height, |x, y| Luma([tone(x as usize, y as usize).unwrap_or(255)]));
    Some(Content::Grey(grey))
}

/// Samples that stand colour by colour as they stand pixel by pixel.
fn interleaved(samples: &[u8], planes: usize) -> Vec<u8> {
    let pixels = samples.len() / planes;
    (0..pixels).flat_map(|pixel| (0..planes).map(move |plane| samples[plane * pixels + pixel])).collect()
}

/// A row of samples, white set, as black set; bits beyond the width stay white.
fn black_of(row: &[u8], width: usize) -> Vec<u8> {
    let mut row: Vec<u8> = row.iter().map(|byte| !byte).collect();
    if let Some(last) = row.last_mut()
        && !width.is_multiple_of(8)
    {
        *last &= 0xff << (8 - width % 8);
    }
    row
}

/// The tone of every index.
fn palette(decoder: &mut Decoder<Cursor<&[u8]>>, bits: u8) -> Option<Vec<u8>> {
    let colours = decoder.get_tag_u16_vec(COLOR_MAP).ok()?;
    let count = 1_usize << bits;
    let channel = |number: usize, index: usize| Some((colours.get(number * count + index)? >> 8) as u8);
    let tone = |index| Some(grey::on_paper(channel(0, index)?, channel(1, index)?, channel(2, index)?, 255));
    (0..count).map(tone).collect()
}
