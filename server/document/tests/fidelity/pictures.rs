//! PNG and JPEG: orientation, alpha, depth and colours.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage};

use crate::sheet::{Sheet, sheet};

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// White, its top left quarter black.
fn quarter(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([if x < width / 2 && y < height / 2 { 0 } else { 255 }]))
}

/// Which quarters of the page are black: top left, top right, bottom left, bottom right.
fn black_quarters(sheet: &Sheet) -> [bool; 4] {
    [(0.05, 0.05), (0.55, 0.05), (0.05, 0.55), (0.55, 0.55)].map(|(x, y)| {
        let ink = sheet.ink_of_part((x, y, 0.4, 0.4));
        assert!(!(0.05..0.95).contains(&ink), "neither black nor white: {ink}");
        ink > 0.5
    })
}

const TOP_LEFT: [bool; 4] = [true, false, false, false];

/// A JPEG with an EXIF orientation (EXIF 2.3, section 4.6.4) of a picture with a black quarter.
fn held(orientation: u8, width: u32, height: u32) -> Vec<u8> {
    let jpeg = encoded(&DynamicImage::ImageLuma8(quarter(width, height)), ImageFormat::Jpeg);
    let tiff = [&b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"[..], &[orientation], &[0; 6]].concat();
    let segment = [&b"Exif\0\0"[..], &tiff].concat();
    let length = u16::try_from(segment.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &segment, &jpeg[2..]].concat()
}

#[test]
fn a_picture_is_turned_as_the_camera_was_held() {
    let corners = [
        (1, [true, false, false, false]),
        (2, [false, true, false, false]),
        (3, [false, false, false, true]),
        (4, [false, false, true, false]),
        (5, [true, false, false, false]),
        (6, [false, true, false, false]),
        (7, [false, false, false, true]),
        (8, [false, false, true, false]),
    ];
    for (orientation, quarters) in corners {
        let sheet = sheet(&held(orientation, 1000, 1400));
        assert_eq!(black_quarters(&sheet), quarters, "orientation {orientation}");
        let upright = if orientation < 5 { 2324 } else { 1186 };
        assert!(sheet.height().abs_diff(upright) < 4, "orientation {orientation}: {}", sheet.height());
    }
}

#[test]
fn pictures_of_every_depth_and_colour_are_seen() {
    let grey = quarter(864, 864);
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> =
        ImageBuffer::from_fn(864, 864, |x, y| Luma([u16::from(grey.get_pixel(x, y).0[0]) * 257]));
    let colours = RgbImage::from_fn(864, 864, |x, y| {
        if grey.get_pixel(x, y).0[0] == 0 { Rgb([60, 0, 0]) } else { Rgb([255, 255, 200]) }
    });
    let alpha = ImageBuffer::from_fn(864, 864, |x, y| LumaA([0_u8, 255 - grey.get_pixel(x, y).0[0]]));
    let deep_alpha = ImageBuffer::from_fn(864, 864, |x, y| {
        LumaA([0_u16, 65_535 - u16::from(grey.get_pixel(x, y).0[0]) * 257])
    });
    for (what, bytes) in [
        ("grey", encoded(&DynamicImage::ImageLuma8(grey.clone()), ImageFormat::Png)),
        ("16 bits", encoded(&DynamicImage::ImageLuma16(deep), ImageFormat::Png)),
        ("colours", encoded(&DynamicImage::ImageRgb8(colours.clone()), ImageFormat::Png)),
        ("alpha", encoded(&DynamicImage::ImageLumaA8(alpha), ImageFormat::Png)),
        ("alpha of 16 bits", encoded(&DynamicImage::ImageLumaA16(deep_alpha), ImageFormat::Png)),
        ("JPEG", encoded(&DynamicImage::ImageLuma8(grey), ImageFormat::Jpeg)),
        ("JPEG in colours", encoded(&DynamicImage::ImageRgb8(colours), ImageFormat::Jpeg)),
        ("JPEG of inks", include_bytes!("../fixtures/quarter-cmyk.jpeg").to_vec()),
        ("palette", palette()),
    ] {
        let sheet = sheet(&bytes);
        // Small ones stand in the middle of the page.
        let middle =
            if what == "JPEG of inks" { black_quarters_of_small(&sheet) } else { black_quarters(&sheet) };
        assert_eq!(middle, TOP_LEFT, "{what}");
    }
}

/// The same for a picture of 64 pixels, which is a sixth of an inch more than half an inch wide in the middle of the page.
fn black_quarters_of_small(sheet: &Sheet) -> [bool; 4] {
    let inches = 64.0 / 96.0;
    let left = 4.25 - inches / 2.0;
    let down = 11.0 / f64::from(sheet.height()) * inches * 196.0;
    [(0.05, 0.05), (0.55, 0.05), (0.05, 0.55), (0.55, 0.55)]
        .map(|(x, y)| sheet.ink((left + x * inches, y * down, 0.4 * inches, 0.4 * down)) > 0.5)
}

/// A PNG whose four colours are a palette with an alpha of its own.
fn palette() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 864, 864);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Two);
    // Black, white, and a black that is not there.
    encoder.set_palette(vec![0, 0, 0, 255, 255, 255, 0, 0, 0]);
    encoder.set_trns(vec![255, 255, 0]);
    let row = |upper: bool| [[if upper { 0x00 } else { 0x55 }; 108], [0xaa; 108]].concat();
    let rows: Vec<u8> = (0..864).flat_map(|y| row(y < 432)).collect();
    encoder.write_header().unwrap().write_image_data(&rows).unwrap();
    bytes
}
