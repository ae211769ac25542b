//! PDF, through hayro. Pages are drawn in grey at the size they have on the fax sheet, several at a time.

use std::ops::ControlFlow;
use std::sync::Arc;

use hayro::hayro_interpret::font::{FontData, FontQuery};
use hayro::hayro_interpret::{FontResolverFn, InterpreterSettings};
use hayro::hayro_syntax::object::dict::keys::USER_UNIT;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::vello_cpu::Pixmap;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{GrayImage, Luma};

use crate::bilevel::bilevel;
use crate::bitmap::Bitmap;
use crate::geometry::{PAGE_WIDTH, Placement, place_paper};
use crate::in_order::in_order;
use crate::typeface::CJK_FONT;
use crate::{ConvertedPage, DocumentError, Limits, SourceFile, Take, grey, unreadable};

const POINTS_PER_INCH: f64 = 72.0;
/// The end-of-file marker stands in the last 1024 bytes (ISO 32000-1, annex H, note 18), not counting what some mail gateways
/// and printers fill a file up with; a file without is cut off.
const END_WITHIN: usize = 1024;

pub(crate) fn pages(file: &SourceFile, limits: &Limits, take: &mut Take<'_>) -> Result<(), DocumentError> {
    let filling = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let end = file.bytes.iter().rposition(|byte| !filling(byte)).map_or(0, |last| last + 1);
    let tail = &file.bytes[end.saturating_sub(END_WITHIN)..end];
    if !tail.windows(5).any(|window| window == b"%%EOF") {
        return Err(unreadable(file));
    }
    let pdf = Pdf::new(Arc::new(file.bytes.clone())).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => DocumentError::Encrypted,
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => unreadable(file),
    })?;
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err(DocumentError::NoPages);
    }
    if pages.len() > limits.max_pages as usize {
        return Err(DocumentError::TooManyPages { limit: limits.max_pages });
    }
    let drawing = || {
        let cache = RenderCache::new();
        move |index: usize| {
            pages.get(index).map_or_else(Vec::new, |page| ConvertedPage::sheets_of(&draw(page, &cache)))
        }
    };
    in_order(pages.len(), drawing, |sheets| {
        if sheets.into_iter().all(&mut *take) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    Ok(())
}

fn draw<'a>(page: &'a Page<'a>, cache: &RenderCache<'a>) -> Bitmap {
    let (width, height) = page.render_dimensions();
    let units_per_inch = POINTS_PER_INCH / user_unit(page);
    let placement = place_paper(f64::from(width) / units_per_inch, f64::from(height) / units_per_inch);
    // The page is drawn as it stands and turned afterwards.
    let (across, down) = if placement.turned {
        (placement.height, placement.width)
    } else {
        (placement.width, placement.height)
    };
    let settings = PixmapSettings {
        x_scale: across as f32 / width.max(f32::MIN_POSITIVE),
        y_scale: down as f32 / height.max(f32::MIN_POSITIVE),
        bg_color: WHITE,
    };
    let pixmap = render(page, cache, &interpreter_settings(), &RenderSettings::default(), &settings);
    if !placement.turned {
        return bilevel(&on_sheet(&pixmap, &placement));
    }
    let tones = pixmap.data_as_u8_slice().chunks_exact(4).map(|pixel| light(pixel[0], pixel[1], pixel[2]));
    let grey = GrayImage::from_raw(pixmap.width().into(), pixmap.height().into(), tones.collect());
    // There is a tone for every pixel.
    grey.map_or_else(|| Bitmap::white(placement.sheet_height), |grey| bilevel(&grey::sheet(&grey, placement)))
}

/// Points in a unit of the page (ISO 32000-1, table 30), which large drawings have.
fn user_unit(page: &Page<'_>) -> f64 {
    let unit = page.raw().get::<f32>(USER_UNIT).filter(|unit| unit.is_finite() && *unit > 0.0);
    f64::from(unit.unwrap_or(1.0))
}

/// Pixels that are looked at together.
const AT_ONCE: usize = 16;

/// A page that is not turned goes where it belongs without a picture in between.
fn on_sheet(pixmap: &Pixmap, placement: &Placement) -> GrayImage {
    let mut sheet = GrayImage::from_pixel(PAGE_WIDTH, placement.sheet_height, Luma([255]));
    let (left, width) = (placement.left as usize, usize::from(pixmap.width()));
    let rows = sheet.chunks_exact_mut(PAGE_WIDTH as usize).skip(placement.top as usize);
    for (row, pixels) in rows.zip(pixmap.data_as_u8_slice().chunks_exact(width * 4)) {
        let row = row.get_mut(left..).unwrap_or_default();
        for (tones, pixels) in row.chunks_mut(AT_ONCE).zip(pixels.chunks(AT_ONCE * 4)) {
            // Most of most pages; the sheet is white already.
            if pixels.iter().fold(255, |darkest, value| darkest & value) == 255 {
                continue;
            }
            for (tone, pixel) in tones.iter_mut().zip(pixels.as_chunks::<4>().0) {
                *tone = light(pixel[0], pixel[1], pixel[2]);
            }
        }
    }
    sheet
}

/// Fonts that a PDF names and does not bring are ours.
fn interpreter_settings() -> InterpreterSettings {
    let standard = InterpreterSettings::default();
    let others = standard.font_resolver.clone();
    let resolver: FontResolverFn = Arc::new(move |query| match query {
        FontQuery::Fallback(wanted) if wanted.character_collection.is_some() => {
            Some((Arc::new(CJK_FONT) as FontData, 0))
        }
        other => others(other),
    });
    InterpreterSettings { font_resolver: resolver, ..standard }
}

/// ITU-R BT.601 in 256ths: on a white ground, as pages are drawn, nothing is transparent.
fn light(red: u8, green: u8, blue: u8) -> u8 {
    ((77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue)) >> 8) as u8
}
