//! TIFF of every common compression, arrangement and kind of sample, made by LibTIFF's tools and ImageMagick.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use tempfile::TempDir;

use crate::sheet::{Sheet, sheets};

/// A folder with `plain.tiff`: two pages, the top left quarter of the first black and the top right of the second.
struct Workshop(TempDir);

impl Workshop {
    fn open() -> Self {
        let workshop = Self(tempfile::tempdir().unwrap());
        for (name, page) in [("first.png", quarter(0)), ("second.png", quarter(1))] {
            let mut bytes = Cursor::new(Vec::new());
            DynamicImage::ImageLuma8(page).write_to(&mut bytes, ImageFormat::Png).unwrap();
            std::fs::write(workshop.path(name), bytes.into_inner()).unwrap();
        }
        workshop.made(
            "plain.tiff",
            "convert",
            &["first.png", "second.png", "-density", "100", "-units", "PixelsPerInch"],
        );
        workshop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a program of the folder's files; its last argument is the file that it makes.
    fn made(&self, name: &str, program: &str, arguments: &[&str]) -> Vec<u8> {
        let run = Command::new(program).current_dir(self.0.path()).args(arguments).arg(name).output();
        let run = run.unwrap_or_else(|error| panic!("{program} is missing, run script/bootstrap: {error}"));
        assert!(run.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
        std::fs::read(self.path(Path::new(name).to_str().unwrap())).unwrap()
    }
}

/// 850 by 1100 pixels: a Letter page at 100 to the inch.
fn quarter(column: u32) -> GrayImage {
    GrayImage::from_fn(850, 1100, |x, y| Luma([if x / 425 == column && y < 550 { 0 } else { 255 }]))
}

fn assert_quarters(what: &str, bytes: &[u8]) {
    let pages = sheets(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(pages.len(), 2, "{what}");
    assert_corner(what, &pages[0], 0);
    assert_corner(what, &pages[1], 1);
}

fn assert_corner(what: &str, sheet: &Sheet, corner: usize) {
    for (number, (x, y)) in [(0.05, 0.05), (0.55, 0.05), (0.05, 0.55), (0.55, 0.55)].into_iter().enumerate() {
        let ink = sheet.ink_of_part((x, y, 0.4, 0.4));
        let black = number == corner;
        assert!(if black { ink > 0.97 } else { ink < 0.02 }, "{what}: {ink} at {x}, {y}");
    }
}

#[test]
fn every_common_compression_is_read() {
    let workshop = Workshop::open();
    for (name, options) in [
        ("none", &["-c", "none"][..]),
        ("LZW", &["-c", "lzw"]),
        ("LZW with differences", &["-c", "lzw:2"]),
        ("deflate", &["-c", "zip"]),
        ("deflate with differences", &["-c", "zip:2"]),
        ("PackBits", &["-c", "packbits"]),
        ("JPEG", &["-c", "jpeg"]),
        ("tiles", &["-c", "zip", "-t", "-w", "256", "-l", "256"]),
        ("the other byte order", &["-c", "none", "-B"]),
        ("BigTIFF", &["-c", "lzw", "-8"]),
        ("strips of few rows", &["-c", "zip", "-r", "16"]),
    ] {
        let arguments = [options, &["plain.tiff"]].concat();
        assert_quarters(name, &workshop.made("made.tiff", "tiffcp", &arguments));
    }
}

#[test]
fn every_kind_of_sample_is_read() {
    let workshop = Workshop::open();
    for (name, options) in [
        ("bilevel", &["-monochrome", "-compress", "none"][..]),
        ("bilevel, group 4", &["-monochrome", "-compress", "group4"]),
        ("bilevel, group 3", &["-monochrome", "-compress", "fax"]),
        (
            "bilevel, black is zero",
            &["-monochrome", "-define", "quantum:polarity=min-is-black", "-compress", "group4"],
        ),
        ("grey of 16 bits", &["-depth", "16", "-compress", "zip"]),
        ("grey of 4 bits", &["-depth", "4", "-compress", "none"]),
        ("colours", &["-type", "TrueColor", "-compress", "lzw"]),
        ("colours of 16 bits", &["-type", "TrueColor", "-depth", "16", "-compress", "lzw"]),
        ("colours apart", &["-type", "TrueColor", "-interlace", "plane", "-compress", "lzw"]),
        ("colours with alpha", &["-type", "TrueColorAlpha", "-compress", "zip"]),
        ("JPEG in colours", &["-type", "TrueColor", "-compress", "jpeg"]),
        ("palette", &["-type", "Palette", "-compress", "lzw"]),
        ("inks", &["-colorspace", "CMYK", "-compress", "lzw"]),
    ] {
        let arguments = [&["plain.tiff"], options].concat();
        assert_quarters(name, &workshop.made("made.tiff", "convert", &arguments));
    }
}

#[test]
fn white_may_be_zero() {
    let workshop = Workshop::open();
    workshop.made("made.tiff", "convert", &["first.png", "-negate", "-compress", "lzw"]);
    let bytes = workshop.made("made.tiff", "tiffset", &["-s", "262", "0"]);
    assert_corner("white is zero", &sheets(&bytes).unwrap()[0], 0);
}

#[test]
fn a_page_is_turned_as_it_says() {
    let workshop = Workshop::open();
    let corners = [(1, 0), (2, 1), (3, 3), (4, 2), (5, 0), (6, 1), (7, 3), (8, 2)];
    for coding in [&["-compress", "lzw"][..], &["-monochrome", "-compress", "group4"]] {
        let arguments = [&["first.png", "-density", "100", "-units", "PixelsPerInch"], coding].concat();
        workshop.made("upright.tiff", "convert", &arguments);
        for (orientation, corner) in corners {
            let bytes = workshop.made("upright.tiff", "tiffset", &["-s", "274", &orientation.to_string()]);
            let pages = sheets(&bytes).unwrap();
            // Letter on its side is turned to fit the sheet, once more clockwise.
            let corner = if orientation < 5 { corner } else { [1, 3, 0, 2][corner] };
            assert_corner(&format!("orientation {orientation}"), &pages[0], corner);
            assert_eq!(pages[0].height(), 2156, "orientation {orientation}");
        }
    }
}
