//! Shades of grey become black and white: sharp where there is text and line art, dithered where there is a photograph.
//!
//! The sheet is looked at in cells of 8 × 8 pixels ([`cells`]). Cells full of tones between paper and ink are
//! [`photograph`]s, and so are smooth [`gradients`] down to the dark; their error is diffused. Everything else is cut at a threshold that follows the cell's surroundings, so
//! that faint print on white, print on grey and print on a darkened scan all stay; even fills become white, or black where what
//! stands on them is [lighter](fills). Source of the local threshold: Sauvola and Pietikäinen, Adaptive document image
//! binarization, 2000.

mod cells;
mod dither;
mod fills;
mod gradients;
mod photograph;

use image::GrayImage;

use crate::bitmap::Bitmap;
use crate::geometry::PAGE_WIDTH;
use cells::{CELL, Cells};

/// How far below the mean of its surroundings ink has to be, per unit of what Sauvola calls the dynamic range.
const SENSITIVITY: f32 = 0.22;
const DYNAMIC_RANGE: f32 = 128.0;
/// Where paper and ink are both around, the threshold leaves this much of the edge to the ink: strokes that are a pixel wide
/// must not break.
const LIGHTEST_THRESHOLD: f32 = 232.0;
/// Ink on a fill differs from it at least by so much.
const MARGIN: u8 = 20;

/// `sheet` is [`PAGE_WIDTH`] wide.
pub(crate) fn bilevel(sheet: &GrayImage) -> Bitmap {
    let mut bitmap = Bitmap::white(sheet.height());
    let cells = Cells::of(sheet);
    if cells.are_blank() {
        return bitmap;
    }
    let photographs = photograph::find(sheet, &cells, &gradients::find(&cells));
    let fills = fills::decide(&cells, &photographs);
    let thresholds = thresholds(&cells, &fills);
    cut(sheet, &cells, &photographs, &thresholds, &mut bitmap);
    dither::diffuse(sheet, &photographs, &cells, &mut bitmap);
    bitmap
}

/// A pixel darker than its cell's is black.
fn thresholds(cells: &Cells, fills: &[Option<fills::Fill>]) -> Vec<u8> {
    cells
        .all()
        .map(|(column, row)| match fills[cells.index(column, row)] {
            Some(fills::Fill::White) => 0,
            Some(fills::Fill::Black) => 255,
            None if cells.is_blank(column, row) => 0,
            None => {
                let (mean, deviation) = cells.surroundings(column, row);
                let threshold = mean * (1.0 + SENSITIVITY * (deviation / DYNAMIC_RANGE - 1.0));
                between_fills(cells, fills, (column, row), threshold.clamp(1.0, LIGHTEST_THRESHOLD) as u8)
            }
        })
        .collect()
}

/// The threshold of a cell on the edge of fills, so that what is part of one becomes what the fill becomes.
fn between_fills(
    cells: &Cells,
    fills: &[Option<fills::Fill>],
    (column, row): (usize, usize),
    threshold: u8,
) -> u8 {
    let (mut lowest, mut highest) = (1_u8, u8::MAX);
    for near in cells.around(cells.index(column, row)) {
        match fills[near] {
            Some(fills::Fill::Black) => lowest = lowest.max(cells.get(near).mean().saturating_add(MARGIN)),
            Some(fills::Fill::White) => highest = highest.min(cells.get(near).mean().saturating_sub(MARGIN)),
            None => {}
        }
    }
    if lowest <= highest { threshold.clamp(lowest, highest) } else { lowest.midpoint(highest) }
}

fn cut(sheet: &GrayImage, cells: &Cells, photographs: &[bool], thresholds: &[u8], bitmap: &mut Bitmap) {
    let width = PAGE_WIDTH as usize;
    for (y, row) in sheet.as_raw().chunks_exact(width).enumerate() {
        let first = cells.index(0, y / CELL);
        let out = bitmap.row_mut(y);
        for (column, (byte, pixels)) in out.iter_mut().zip(row.chunks_exact(CELL)).enumerate() {
            let threshold = thresholds[first + column];
            if threshold == 0 || photographs[first + column] {
                continue;
            }
            *byte = pixels.iter().fold(0, |bits, tone| bits << 1 | u8::from(*tone < threshold));
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    /// A letter-sized scrap of `paper`, and on it what `ink` says of each pixel.
    fn scrap(paper: u8, ink: impl Fn(u32, u32) -> Option<u8>) -> GrayImage {
        GrayImage::from_fn(PAGE_WIDTH, 400, |x, y| Luma([ink(x, y).unwrap_or(paper)]))
    }

    /// Strokes of two pixels, ten to the inch, in the middle of the scrap.
    fn strokes(tone: u8) -> impl Fn(u32, u32) -> Option<u8> {
        move |x, y| ((100..1600).contains(&x) && (100..300).contains(&y) && x % 20 < 2).then_some(tone)
    }

    fn black_share(bitmap: &Bitmap) -> f64 {
        let black: u32 = bitmap.rows().flatten().map(|byte| byte.count_ones()).sum();
        f64::from(black) / f64::from(PAGE_WIDTH * bitmap.height())
    }

    fn is_black(bitmap: &Bitmap, x: usize, y: usize) -> bool {
        bitmap.rows().nth(y).unwrap()[x / 8] >> (7 - x % 8) & 1 == 1
    }

    #[test]
    fn paper_is_white_and_ink_is_black() {
        for (tone, share) in [(255, 0.0), (230, 0.0), (0, 1.0)] {
            assert_eq!(black_share(&bilevel(&scrap(tone, |_, _| None))), share, "{tone}");
        }
    }

    #[test]
    fn strokes_stay_exactly_whether_dark_or_faint() {
        for (paper, ink) in [(255, 0), (255, 100), (255, 170), (190, 60), (215, 110), (128, 10)] {
            let bitmap = bilevel(&scrap(paper, strokes(ink)));
            let expected = scrap(255, strokes(0));
            for (x, y, tone) in expected.enumerate_pixels() {
                let black = is_black(&bitmap, x as usize, y as usize);
                assert_eq!(black, tone.0[0] == 0, "{ink} on {paper} at {x}, {y}");
            }
        }
    }

    #[test]
    fn a_grey_box_becomes_white_and_what_is_written_on_it_stays() {
        let bitmap = bilevel(&scrap(255, |x, y| {
            let boxed = (80..1640).contains(&x) && (80..320).contains(&y);
            boxed.then(|| strokes(30)(x, y).unwrap_or(190))
        }));
        assert!(is_black(&bitmap, 800, 200) && !is_black(&bitmap, 810, 200));
        assert!(black_share(&bitmap) < 0.06, "{}", black_share(&bitmap));
    }

    #[test]
    fn light_print_on_a_coloured_button_stays_readable() {
        let bitmap = bilevel(&scrap(255, |x, y| {
            let boxed = (80..1640).contains(&x) && (80..320).contains(&y);
            boxed.then(|| strokes(255)(x, y).unwrap_or(135))
        }));
        assert!(!is_black(&bitmap, 801, 200) && is_black(&bitmap, 810, 200));
        assert!(!is_black(&bitmap, 20, 200), "the paper around it stays white");
    }

    #[test]
    fn the_noise_of_a_scan_leaves_no_dots() {
        let mut random = 1_u32;
        let scan = GrayImage::from_fn(PAGE_WIDTH, 400, |_, _| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Luma([200 + (random >> 28) as u8])
        });
        assert_eq!(black_share(&bilevel(&scan)), 0.0);
    }

    #[test]
    fn a_smooth_picture_is_as_dark_on_paper_as_it_is() {
        let picture = |x: u32, y: u32| {
            ((400..1200).contains(&x) && (50..350).contains(&y)).then(|| ((x - 400) * 250 / 800) as u8)
        };
        let bitmap = bilevel(&scrap(255, picture));
        let dots = |columns: std::ops::Range<usize>| {
            let black = columns.clone().flat_map(|x| (60..340).map(move |y| (x, y)));
            black.filter(|(x, y)| is_black(&bitmap, *x, *y)).count() as f64 / (columns.len() * 280) as f64
        };
        let (dark, middle, light) = (dots(420..500), dots(760..840), dots(1040..1120));
        assert!(
            dark > 0.8 && (0.35..0.65).contains(&middle) && (0.05..0.3).contains(&light),
            "{dark} {middle} {light}"
        );
        assert_eq!(dots(100..300), 0.0, "the paper beside it stays white");
    }

    #[test]
    fn the_shadow_on_a_page_is_no_picture() {
        let bitmap = bilevel(&scrap(255, |x, y| {
            let paper = 230 - x * 110 / PAGE_WIDTH;
            Some(strokes(30)(x, y).unwrap_or(paper as u8))
        }));
        assert!(black_share(&bitmap) < 0.06, "{}", black_share(&bitmap));
    }

    #[test]
    fn a_light_part_of_a_smooth_picture_is_no_fill_of_its_own() {
        // As the inside of a cup: lighter than the rest at once, and lighter still on its rim.
        let bitmap = bilevel(&scrap(255, |x, y| {
            if !(200..1500).contains(&x) || !(50..350).contains(&y) {
                return None;
            }
            let inside = (700..1000).contains(&x) && (120..280).contains(&y);
            let rim = (680..1020).contains(&x) && (100..300).contains(&y);
            let around = ((x - 200) * 200 / 1300) as u8;
            Some(if inside {
                170
            } else if rim && y < 110 {
                240
            } else {
                around
            })
        }));
        let inside = (720..980).flat_map(|x| (140..260).map(move |y| (x, y)));
        let black = inside.filter(|(x, y)| is_black(&bitmap, *x, *y)).count() as f64 / (260.0 * 120.0);
        assert!((0.1..0.6).contains(&black), "{black}");
    }

    #[test]
    fn a_photograph_becomes_as_many_dots_as_it_is_dark() {
        let photograph = |darkest: f32| {
            scrap(255, |x, y| {
                // Soft shapes and a fine texture, as no print has them.
                let wave = (x as f32 / 23.0).sin() + (y as f32 / 31.0).cos();
                let texture = (x as f32 * 1.7).sin() * (y as f32 * 1.3).cos();
                Some((darkest + 90.0 + wave * 30.0 + texture * 30.0) as u8)
            })
        };
        let (dark, light) =
            (black_share(&bilevel(&photograph(0.0))), black_share(&bilevel(&photograph(70.0))));
        assert!(dark > light + 0.1 && light > 0.2 && dark < 0.95, "{dark} {light}");
    }
}
