//! TIFF: what we write and read back bit for bit, and what customers upload.
//!
//! Ours is class F (RFC 2306): a directory a page, one strip, T.6, black is one.

mod indexes;
mod samples;

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, Luma};
use tiff::TiffResult;
use tiff::decoder::{Decoder, Limits as DecoderLimits};
use tiff::encoder::{DirectoryEncoder, Rational, TiffEncoder, TiffKindStandard};
use tiff::tags::Tag;

use crate::bilevel::bilevel;
use crate::bitmap::Bitmap;
use crate::fax_document::damaged;
use crate::geometry::{PAGE_WIDTH, place_paper, place_picture};
use crate::picture::check_size;
use crate::{ConvertedPage, DocumentError, Limits, Page, Resolution, SourceFile, Take, grey, t6, unreadable};

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

/// Writes pages one by one into a TIFF with a directory a page (class F, RFC 2306), so that nobody need hold them all.
pub struct FaxWriter<W: Write + Seek> {
    encoder: TiffEncoder<W>,
    resolution: Resolution,
    pages: u16,
}

impl<W: Write + Seek> FaxWriter<W> {
    /// Begins at the start of `output`.
    ///
    /// # Errors
    /// When `output` cannot be written.
    pub fn new(output: W, resolution: Resolution) -> io::Result<Self> {
        let encoder = TiffEncoder::new(output).map_err(io::Error::other)?;
        Ok(Self { encoder, resolution, pages: 0 })
    }

    /// Adds a page; it is whole in the file when this returns.
    ///
    /// # Errors
    /// When the file cannot be written, and for a page that was damaged where it was kept.
    pub fn add(&mut self, page: &Page) -> io::Result<()> {
        match self.resolution {
            Resolution::Fine => self.add_as_it_is(page),
            Resolution::Standard => {
                let bitmap = page.bitmap().map_err(io::Error::other)?;
                self.add_as_it_is(&Page::of(&bitmap.halved()))
            }
        }
    }

    fn add_as_it_is(&mut self, page: &Page) -> io::Result<()> {
        let mut directory = self.encoder.image_directory().map_err(io::Error::other)?;
        let written = write_page(&mut directory, page, self.pages, self.resolution);
        written.and_then(|()| directory.finish()).map_err(io::Error::other)?;
        self.pages += 1;
        Ok(())
    }
}

fn write_page<W: Write + Seek>(
    directory: &mut DirectoryEncoder<'_, W, TiffKindStandard>,
    page: &Page,
    number: u16,
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
    // How many there are is not known yet, and 0 says so (TIFF 6.0, section 12).
    directory.write_tag(PAGE_NUMBER, [number, 0].as_slice())
}

/// Reads what a [`FaxWriter`] wrote in fine resolution, bit for bit, one page at a time.
pub struct FaxReader<R> {
    file: R,
    places: Vec<Place>,
}

/// Where a page is.
struct Place {
    height: u32,
    start: u64,
    length: u64,
}

impl<R: Read + Seek> FaxReader<R> {
    /// Looks where the pages are.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`] for what is no file of ours.
    pub fn open(mut file: R) -> Result<Self, DocumentError> {
        let places = places(&mut file).ok_or_else(damaged)?;
        Ok(Self { file, places })
    }

    pub fn page_count(&self) -> u32 {
        self.places.len() as u32
    }

    /// Page `number`, from 1; `None` when there is no such page.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`] when the file ends before it does.
    pub fn page(&mut self, number: u32) -> Result<Option<Page>, DocumentError> {
        let index = number.checked_sub(1).map(|index| index as usize);
        let Some(Place { height, start, length }) = index.and_then(|index| self.places.get(index)) else {
            return Ok(None);
        };
        let mut t6 = Vec::new();
        let read = self.file.seek(SeekFrom::Start(*start));
        let read = read.and_then(|_| self.file.by_ref().take(*length).read_to_end(&mut t6));
        match read {
            Ok(read) if read as u64 == *length => Ok(Some(Page { height: *height, t6 })),
            _ => Err(damaged()),
        }
    }
}

fn places(file: &mut (impl Read + Seek)) -> Option<Vec<Place>> {
    let mut decoder = Decoder::new(file).ok()?;
    let mut places = Vec::new();
    loop {
        let (width, height) = decoder.dimensions().ok()?;
        if width != PAGE_WIDTH || decoder.get_tag_u32(Tag::Compression).ok()? != GROUP_4 {
            return None;
        }
        let start = u64::from(decoder.get_tag_u32(Tag::StripOffsets).ok()?);
        let length = u64::from(decoder.get_tag_u32(Tag::StripByteCounts).ok()?);
        places.push(Place { height, start, length });
        if !decoder.more_images() {
            return Some(places);
        }
        decoder.next_image().ok()?;
    }
}

/// The pages of a customer's file.
pub(crate) fn pages(file: &SourceFile, limits: &Limits, take: &mut Take<'_>) -> Result<(), DocumentError> {
    let damaged = |_| unreadable(file);
    let mut decoder_limits = DecoderLimits::default();
    decoder_limits.decoding_buffer_size = usize::try_from(limits.max_image_pixels * 8).unwrap_or(usize::MAX);
    decoder_limits.intermediate_buffer_size = decoder_limits.decoding_buffer_size;
    let bytes = indexes::as_tones(&file.bytes);
    let mut decoder = Decoder::new(Cursor::new(&bytes[..])).map_err(damaged)?.with_limits(decoder_limits);
    loop {
        let (width, height) = decoder.dimensions().map_err(damaged)?;
        check_size(file, limits, width, height)?;
        let compression = decoder.get_tag_u32(Tag::Compression).unwrap_or(1);
        let orientation = orientation(&mut decoder);
        let dpi =
            dots_per_inch(&mut decoder).map(|dpi| if turns(orientation) { (dpi.1, dpi.0) } else { dpi });
        let content = match compression {
            MODIFIED_HUFFMAN | GROUP_3 | GROUP_4 => {
                fax_coded(&mut decoder, &bytes, width, height).map(Content::Bilevel)
            }
            _ => samples::decoded(&mut decoder, width, height),
        };
        let bitmap = match content.ok_or_else(|| unreadable(file))? {
            Content::Bilevel(rows) if orientation == Orientation::NoTransforms => {
                as_it_is(&rows, width, dpi).unwrap_or_else(|| placed(&grey_of(&rows, width), dpi))
            }
            Content::Bilevel(rows) => placed(&upright(grey_of(&rows, width), orientation), dpi),
            Content::Grey(grey) => placed(&upright(grey, orientation), dpi),
        };
        let wanted = ConvertedPage::sheets_of(&bitmap).into_iter().all(&mut *take);
        if !wanted || !decoder.more_images() {
            return Ok(());
        }
        decoder.next_image().map_err(damaged)?;
    }
}

/// What a page of a file decodes to.
enum Content {
    /// Packed rows, black set.
    Bilevel(Vec<Vec<u8>>),
    Grey(GrayImage),
}

/// A page that is a fax already keeps every pixel; `None` for any other.
fn as_it_is(rows: &[Vec<u8>], width: u32, dpi: Option<(f64, f64)>) -> Option<Bitmap> {
    // Without a resolution it is taken for fine, as our own pages are.
    let (across, down) = dpi.unwrap_or((204.0, 196.0));
    if width != PAGE_WIDTH || !(199.0..210.0).contains(&across) {
        return None;
    }
    let bitmap = Bitmap::from_rows(rows.concat());
    match down.round() as u32 {
        95..=102 => Some(bitmap.doubled()),
        190..=206 => Some(bitmap),
        380..=408 => Some(bitmap.halved()),
        _ => None,
    }
}

fn placed(grey: &GrayImage, dpi: Option<(f64, f64)>) -> Bitmap {
    let (width, height) = grey.dimensions();
    let placement = match dpi {
        Some((across, down)) => place_paper(f64::from(width) / across, f64::from(height) / down),
        None => place_picture(width, height),
    };
    bilevel(&grey::sheet(grey, placement))
}

fn grey_of(rows: &[Vec<u8>], width: u32) -> GrayImage {
    GrayImage::from_fn(width, rows.len() as u32, |x, y| {
        let black = rows[y as usize][x as usize / 8] >> (7 - x % 8) & 1 == 1;
        Luma([if black { 0 } else { 255 }])
    })
}

/// How the page was put on the scanner (TIFF 6.0, Orientation; the same numbers as in EXIF).
fn orientation(decoder: &mut Decoder<Cursor<&[u8]>>) -> Orientation {
    let number = decoder.get_tag_u32(Tag::Orientation).ok().and_then(|number| u8::try_from(number).ok());
    number.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
}

/// Whether rows of the file are columns of the page.
fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn upright(grey: GrayImage, orientation: Orientation) -> GrayImage {
    if orientation == Orientation::NoTransforms {
        return grey;
    }
    let mut picture = DynamicImage::ImageLuma8(grey);
    picture.apply_orientation(orientation);
    picture.into_luma8()
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
) -> Option<Vec<Vec<u8>>> {
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
    let starts = decoder.get_tag_u64_vec(Tag::StripOffsets).ok()?;
    let lengths = decoder.get_tag_u64_vec(Tag::StripByteCounts).ok()?;
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
    let mut rows = rows.rows;
    if black_is_zero {
        rows.iter_mut().flatten().for_each(|byte| *byte = !*byte);
    }
    // Rows that were not sent are paper.
    rows.resize(height as usize, vec![0; width.div_ceil(8) as usize]);
    Some(rows)
}

struct Rows {
    width: u32,
    rows: Vec<Vec<u8>>,
}

impl hayro_ccitt::Decoder for Rows {
    fn push_row(&mut self, changes: &[u32]) {
        let mut row = Vec::new();
        t6::pack(changes, self.width, &mut row);
        self.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::FaxDocument;
    use crate::bitmap::arbitrary;

    /// A file as LibTIFF codes it anew; `options` are those of its `tiffcp`.
    fn recoded(file: &[u8], options: &[&str]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("ours.tiff"), folder.path().join("theirs.tiff"));
        std::fs::write(&ours, file).unwrap();
        let run = Command::new("tiffcp").args(options).args([&ours, &theirs]).status();
        assert!(run.expect("tiffcp is missing: run script/bootstrap").success(), "{options:?}");
        std::fs::read(&theirs).unwrap()
    }

    fn only_page(bytes: Vec<u8>) -> Bitmap {
        let file = SourceFile { name: String::new(), bytes: bytes.into() };
        let mut made = Vec::new();
        let read = pages(&file, &Limits::default(), &mut |page| {
            made.push(page.page);
            true
        });
        assert_eq!((read, made.len()), (Ok(()), 1));
        made.remove(0).bitmap().unwrap()
    }

    /// Packed rows of any width, black set: runs longer than any one code (2560 pixels) and shorter than any byte.
    fn rows_of_any_width() -> impl Strategy<Value = (u32, Vec<Vec<u8>>)> {
        (prop_oneof![1..70_u32, 1..6_000_u32], 1..8_usize).prop_flat_map(|(width, height)| {
            let bytes = width.div_ceil(8) as usize;
            let row = prop_oneof![
                Just(vec![0; bytes]),
                Just(vec![0xff; bytes]),
                Just(vec![0xaa; bytes]),
                prop::collection::vec(any::<u8>(), bytes),
                prop::collection::vec(0..width, 0..8).prop_map(move |mut changes| {
                    changes.sort_unstable();
                    let mut row = Vec::new();
                    t6::pack(&changes, width, &mut row);
                    row
                }),
            ];
            let rows = prop::collection::vec(row, height).prop_map(move |mut rows| {
                let padding = (8 - width % 8) % 8;
                rows.iter_mut().filter_map(|row| row.last_mut()).for_each(|last| *last &= 0xff << padding);
                rows
            });
            (Just(width), rows)
        })
    }

    /// As another program would write it without compression.
    fn uncompressed(width: u32, rows: &[Vec<u8>]) -> Vec<u8> {
        let strip = rows.concat();
        let entries = [
            (256_u16, width),
            (257, rows.len() as u32),
            (258, 1),
            (259, 1),
            (262, 0),
            (273, 8 + 2 + 9 * 12 + 4),
            (277, 1),
            (278, rows.len() as u32),
            (279, strip.len() as u32),
        ];
        let mut file = b"II*\0\x08\0\0\0\x09\0".to_vec();
        for (tag, value) in entries {
            file.extend([&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0], &value.to_le_bytes()].concat());
        }
        [file, vec![0; 4], strip].concat()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn rows_of_any_width_come_back_from_every_fax_coding((width, rows) in rows_of_any_width()) {
            for options in [&["-c", "g3:1d"][..], &["-c", "g3:2d"], &["-c", "g4"]] {
                let coded = recoded(&uncompressed(width, &rows), options);
                let mut decoder = Decoder::new(Cursor::new(&coded[..])).unwrap();
                let read = fax_coded(&mut decoder, &coded, width, rows.len() as u32);
                prop_assert!(read.as_ref() == Some(&rows), "{options:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn every_coding_gives_back_what_another_program_has_coded(bitmap in arbitrary::bitmap()) {
            // Our T.6 to begin with.
            let ours = FaxDocument::from_pages(vec![Page::of(&bitmap)]).to_tiff(Resolution::Fine).unwrap();
            for options in [
                &["-c", "g3:1d"][..],
                &["-c", "g3:1d:fill"],
                &["-c", "g3:2d"],
                &["-c", "g3:2d:fill", "-f", "lsb2msb"],
                &["-c", "g4"],
                &["-c", "g4", "-f", "lsb2msb", "-r", "3"],
                &["-c", "lzw"],
                &["-c", "packbits"],
                &["-c", "none", "-B"],
            ] {
                prop_assert!(only_page(recoded(&ours, options)) == bitmap, "{options:?}");
            }
        }
    }
}
