//! PDF, through hayro. Pages are drawn in grey at the size they have on the fax sheet, several at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{GrayImage, Luma};

use crate::bilevel::bilevel;
use crate::bitmap::Bitmap;
use crate::geometry::place_paper;
use crate::inflation::is_bounded;
use crate::{DocumentError, Limits, SourceFile, grey, unreadable};

/// The largest stream of an honest file is a picture in four colours.
const STREAM_BYTES_PER_PIXEL: u64 = 4;
const POINTS_PER_INCH: f64 = 72.0;
/// The end-of-file marker stands in the last 1024 bytes (ISO 32000-1, annex H, note 18); a file without is cut off.
const END_WITHIN: usize = 1024;

pub(crate) fn pages(file: &SourceFile<'_>, limits: &Limits) -> Result<Vec<Bitmap>, DocumentError> {
    let tail = &file.bytes[file.bytes.len().saturating_sub(END_WITHIN)..];
    if !tail.windows(5).any(|window| window == b"%%EOF") {
        return Err(unreadable(file));
    }
    if !is_bounded(file.bytes, limits.max_image_pixels * STREAM_BYTES_PER_PIXEL) {
        return Err(unreadable(file));
    }
    let pdf = Pdf::new(file.bytes.to_vec()).map_err(|error| match error {
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
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(pages.len());
    let mut drawn: Vec<(usize, Bitmap)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(|| draw_some(pages, &next))).collect();
        let mut drawn = Vec::with_capacity(pages.len());
        for worker in workers {
            drawn.extend(worker.join().map_err(|_| unreadable(file))?);
        }
        Ok::<_, DocumentError>(drawn)
    })?;
    drawn.sort_by_key(|(index, _)| *index);
    Ok(drawn.into_iter().map(|(_, bitmap)| bitmap).collect())
}

/// Takes pages until none is left.
fn draw_some(pages: &[Page<'_>], next: &AtomicUsize) -> Vec<(usize, Bitmap)> {
    let cache = RenderCache::new();
    let mut drawn = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(page) = pages.get(index) else { return drawn };
        drawn.push((index, draw(page, &cache)));
    }
}

fn draw<'a>(page: &'a Page<'a>, cache: &RenderCache<'a>) -> Bitmap {
    let (width, height) = page.render_dimensions();
    let placement = place_paper(f64::from(width) / POINTS_PER_INCH, f64::from(height) / POINTS_PER_INCH);
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
    let pixmap = render(page, cache, &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    let grey = GrayImage::from_fn(pixmap.width().into(), pixmap.height().into(), |x, y| {
        let pixel = pixmap.sample(x as u16, y as u16);
        Luma([grey::on_paper(pixel.r, pixel.g, pixel.b, 255)])
    });
    bilevel(&grey::sheet(&grey, placement))
}
