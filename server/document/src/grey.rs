//! A picture in shades of grey, 0 black to 255 white: what decoders make and [`crate::bilevel`] takes.

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, Luma};

use crate::geometry::{PAGE_WIDTH, Placement};

/// What light a colour on white paper throws back, in ITU-R BT.601 weights. `alpha` is how much of it covers the paper.
pub(crate) fn on_paper(red: u8, green: u8, blue: u8, alpha: u8) -> u8 {
    let light = (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000;
    let alpha = u32::from(alpha);
    ((light * alpha + 255 * (255 - alpha)) / 255) as u8
}

/// Any picture as grey on white paper.
pub(crate) fn from_picture(picture: &DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.to_luma8();
    }
    let colours = picture.to_rgba8();
    GrayImage::from_fn(colours.width(), colours.height(), |x, y| {
        let [red, green, blue, alpha] = colours.get_pixel(x, y).0;
        Luma([on_paper(red, green, blue, alpha)])
    })
}

/// A white sheet with `content` where `placement` says.
pub(crate) fn sheet(content: &GrayImage, placement: Placement) -> GrayImage {
    let turned = placement.turned.then(|| imageops::rotate90(content));
    let content = turned.as_ref().unwrap_or(content);
    if content.dimensions() == (PAGE_WIDTH, placement.sheet_height)
        && placement.left == 0
        && placement.top == 0
    {
        return content.clone();
    }
    let mut sheet = GrayImage::from_pixel(PAGE_WIDTH, placement.sheet_height, Luma([255]));
    let (left, top) = (i64::from(placement.left), i64::from(placement.top));
    if content.dimensions() == (placement.width, placement.height) {
        imageops::replace(&mut sheet, content, left, top);
    } else {
        let filter =
            if content.width() > placement.width { FilterType::Triangle } else { FilterType::CatmullRom };
        let fitted = imageops::resize(content, placement.width, placement.height, filter);
        imageops::replace(&mut sheet, &fitted, left, top);
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_transparent_is_paper() {
        assert_eq!(on_paper(0, 0, 0, 0), 255);
        assert_eq!(on_paper(0, 0, 0, 255), 0);
        assert_eq!(on_paper(255, 255, 255, 255), 255);
    }
}
