//! PDF: fonts, images, transparency, boxes, forms and passwords.

use ab_glyph::{Font, FontRef};
use fax::encoder::Encoder;
use fax::{Color, VecWriter};
use faxdroid_document::DocumentError;

use crate::pdf_file::{LETTER, image, object, pdf, stream};
use crate::sheet::{sheet, sheets};

/// An image in the middle of the page, four inches on each side.
const SHOW_IMAGE: &str = "q 288 0 0 288 162 252 cm /I Do Q";
const IMAGE: &str = "/MediaBox [0 0 612 792] /Resources << /XObject << /I 5 0 R >> >>";

/// The image whose top left quarter is black, as every coding must show it.
fn assert_quarter(file: &[u8], what: &str) {
    let sheet = sheet(file);
    assert!(sheet.ink((2.4, 3.65, 1.7, 1.7)) > 0.97, "{what}: the quarter is black");
    for white in [(4.4, 3.65, 1.7, 1.7), (2.4, 5.65, 1.7, 1.7), (4.4, 5.65, 1.7, 1.7)] {
        assert!(sheet.ink(white) < 0.01, "{what}: the other three are white");
    }
}

/// Its rows, eight bytes each, black set.
fn quarter() -> Vec<u8> {
    (0..64).flat_map(|row| if row < 32 { [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0] } else { [0; 8] }).collect()
}

fn quarter_as_t6() -> Vec<u8> {
    let mut encoder = Encoder::new(VecWriter::new());
    for row in quarter().chunks(8) {
        let pixels = row.iter().flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1 == 1));
        let line = pixels.map(|black| if black { Color::Black } else { Color::White });
        let Ok(()) = encoder.encode_line(line, 64);
    }
    let Ok(writer) = encoder.finish();
    writer.finish()
}

#[test]
fn the_fourteen_standard_fonts_need_not_be_in_the_file() {
    let fonts = [
        "Times-Roman",
        "Times-Bold",
        "Times-Italic",
        "Times-BoldItalic",
        "Helvetica",
        "Helvetica-Bold",
        "Helvetica-Oblique",
        "Helvetica-BoldOblique",
        "Courier",
        "Courier-Bold",
        "Courier-Oblique",
        "Courier-BoldOblique",
        "Symbol",
        "ZapfDingbats",
    ];
    let mut named = String::new();
    let mut content = String::new();
    for (number, font) in fonts.iter().enumerate() {
        named += &format!("/F{number} << /Type /Font /Subtype /Type1 /BaseFont /{font} >> ");
        content += &format!("BT /F{number} 20 Tf 72 {} Td (abcdefg 0123) Tj ET ", 792 - 72 - 36 * number);
    }
    let page = format!("{LETTER} /Resources << /Font << {named} >> >>");
    let sheet = sheet(&pdf(&page, &content, &[]));
    let lines: Vec<_> = (0..fonts.len()).map(|number| (1.0, 0.72 + 0.5 * number as f64, 3.0, 0.36)).collect();
    for (number, line) in lines.iter().enumerate() {
        let ink = sheet.ink(*line);
        assert!((0.02..0.5).contains(&ink), "{}: {ink}", fonts[number]);
        for other in &lines[..number] {
            assert!(sheet.cut(*line) != sheet.cut(*other), "{} looks like another", fonts[number]);
        }
    }
}

#[test]
fn a_font_that_is_neither_standard_nor_in_the_file_is_replaced() {
    for font in ["ArialMT", "TimesNewRomanPS-BoldMT", "Calibri", "NoSuchFont"] {
        let named = format!(
            "{LETTER} /Resources << /Font << /F << /Type /Font /Subtype /TrueType /BaseFont /{font} >> >> >>"
        );
        let sheet = sheet(&pdf(&named, "BT /F 40 Tf 72 700 Td (Replaced) Tj ET", &[]));
        assert!(sheet.ink((1.0, 0.8, 2.5, 0.6)) > 0.05, "{font}");
    }
}

#[test]
fn a_cid_font_in_the_file_draws_its_glyphs() {
    let program = include_bytes!("../../fonts/DejaVuSansMono.ttf");
    let glyph = FontRef::try_from_slice(program).unwrap().glyph_id('█').0;
    let descendant =
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /DejaVuSansMono /DW 602 /FontDescriptor 6 0 R
        /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /CIDToGIDMap /Identity >>";
    let descriptor =
        "<< /Type /FontDescriptor /FontName /DejaVuSansMono /Flags 4 /FontFile2 7 0 R /ItalicAngle 0
        /FontBBox [-558 -375 718 1042] /Ascent 928 /Descent -236 /CapHeight 729 /StemV 80 >>";
    let page = format!(
        "{LETTER} /Resources << /Font << /F << /Type /Font /Subtype /Type0 /BaseFont /DejaVuSansMono /Encoding /Identity-H
        /DescendantFonts [5 0 R] >> >> >>"
    );
    let content = format!("BT /F 144 Tf 72 500 Td <{glyph:04x}{glyph:04x}> Tj ET");
    let objects =
        [object(descendant), object(descriptor), stream(&format!("/Length1 {}", program.len()), program)];
    let sheet = sheet(&pdf(&page, &content, &objects));
    // Two blocks, 0.602 of 2 inches wide each and standing on the baseline 4.06 inches from the top.
    assert!(sheet.ink((1.05, 2.7, 2.3, 1.2)) > 0.99);
    assert!(sheet.ink((3.6, 2.7, 2.0, 1.2)) == 0.0);
}

#[test]
fn chinese_japanese_and_korean_fonts_need_not_be_in_the_file() {
    // The same character in four character collections, and another one: 中 and 一.
    for (ordering, encoding, middle, one) in [
        ("GB1", "UniGB-UCS2-H", "4e2d", "4e00"),
        ("CNS1", "UniCNS-UCS2-H", "4e2d", "4e00"),
        ("Japan1", "UniJIS-UCS2-H", "4e2d", "4e00"),
        ("Japan1", "90ms-RKSJ-H", "9286", "88ea"),
        ("Korea1", "UniKS-UCS2-H", "4e2d", "4e00"),
    ] {
        let page = format!(
            "{LETTER} /Resources << /Font << /F << /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /{encoding} /DescendantFonts
            [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Song /DW 1000 /CIDSystemInfo << /Registry (Adobe) /Ordering ({ordering})
            /Supplement 2 >> /FontDescriptor << /Type /FontDescriptor /FontName /Song /Flags 4 /ItalicAngle 0 /StemV 80
            /FontBBox [0 -200 1000 900] /Ascent 900 /Descent -200 /CapHeight 700 >> >>] >> >> >>"
        );
        let sheet = sheet(&pdf(&page, &format!("BT /F 72 Tf 72 600 Td <{middle}{one}> Tj ET"), &[]));
        // A middle stroke from top to bottom, and a line from left to right.
        let (middle, one) = (sheet.ink((1.0, 1.75, 1.0, 1.05)), sheet.ink((2.0, 1.75, 1.0, 1.05)));
        assert!((0.08..0.4).contains(&middle) && (0.02..0.2).contains(&one), "{encoding}: {middle} {one}");
        assert!(sheet.ink((1.0, 1.75, 1.0, 0.25)) > 0.01, "{encoding}: the stroke reaches up");
    }
}

#[test]
fn images_of_every_coding_are_seen() {
    let inverted: Vec<u8> = quarter().iter().map(|byte| !byte).collect();
    let t6 = quarter_as_t6();
    let bilevel = "/ColorSpace /DeviceGray /BitsPerComponent 1";
    let fax = "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 64 /Rows 64";
    let codings: [(&str, String, &[u8]); 8] = [
        ("no coding", bilevel.to_owned(), &inverted),
        ("an image mask", "/ImageMask true /BitsPerComponent 1 /Decode [1 0]".to_owned(), &quarter()),
        ("CCITT, black is zero", format!("{bilevel} {fax} >>"), &t6),
        ("CCITT, black is one", format!("{bilevel} /Decode [1 0] {fax} /BlackIs1 true >>"), &t6),
        ("JBIG2", format!("{bilevel} /Filter /JBIG2Decode"), include_bytes!("../fixtures/quarter.jb2")),
        ("JPEG 2000", "/Filter /JPXDecode".to_owned(), include_bytes!("../fixtures/quarter.jp2")),
        (
            "JPEG 2000, lossy",
            "/Filter /JPXDecode".to_owned(),
            include_bytes!("../fixtures/quarter-lossy.jp2"),
        ),
        (
            "JPEG of inks",
            "/ColorSpace /DeviceCMYK /BitsPerComponent 8 /Decode [1 0 1 0 1 0 1 0] /Filter /DCTDecode"
                .to_owned(),
            include_bytes!("../fixtures/quarter-cmyk.jpeg"),
        ),
    ];
    for (coding, entries, data) in codings {
        assert_quarter(&pdf(IMAGE, SHOW_IMAGE, &[image(&entries, data)]), coding);
    }
}

#[test]
fn group_3_images_are_seen() {
    // The strips of TIFF files have the same coding; in these black is zero.
    for (tiff, parameters) in [
        (&include_bytes!("../fixtures/group-3.tiff")[..], "/K 0 /EndOfLine true /BlackIs1 true"),
        (include_bytes!("../fixtures/group-3-two-dimensional.tiff"), "/K 1 /EndOfLine true /BlackIs1 true"),
    ] {
        let mut decoder = tiff::decoder::Decoder::new(std::io::Cursor::new(tiff)).unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        let mut tag = |tag| decoder.get_tag_u32(tag).unwrap() as usize;
        let (start, length) = (tag(tiff::tags::Tag::StripOffsets), tag(tiff::tags::Tag::StripByteCounts));
        let entries = format!(
            "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 1
            /Filter /CCITTFaxDecode /DecodeParms << {parameters} /Columns {width} /Rows {height} >>"
        );
        let image = stream(&entries, &tiff[start..start + length]);
        let sheet = sheet(&pdf(IMAGE, SHOW_IMAGE, &[image]));
        let ink = sheet.ink((2.25, 3.5, 4.0, 4.0));
        assert!((0.03..0.6).contains(&ink), "{parameters}: {ink}");
    }
}

#[test]
fn what_is_transparent_lets_through_what_is_below() {
    let resources = "/MediaBox [0 0 612 792] /Resources << /XObject << /I 5 0 R /G 7 0 R >> /ExtGState <<
        /Clear << /ca 0 >> /Multiply << /BM /Multiply >> >> >>";
    let objects = [
        // Black, and seen in its left half alone.
        image("/ColorSpace /DeviceGray /BitsPerComponent 8 /SMask 6 0 R", &[0; 64 * 64]),
        image(
            "/ColorSpace /DeviceGray /BitsPerComponent 8",
            &(0..64 * 64).map(|pixel| if pixel % 64 < 32 { 255 } else { 0 }).collect::<Vec<u8>>(),
        ),
        stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Group << /S /Transparency >>",
            b"1 g 72 72 144 72 re f",
        ),
    ];
    let content = "q 144 0 0 144 72 360 cm /I Do Q
        0 g 72 72 144 72 re f /Multiply gs /G Do /Clear gs 1 g 72 72 144 72 re f
        q /Clear gs 0 g 300 300 144 144 re f Q";
    let sheet = sheet(&pdf(resources, content, &objects));
    assert!(
        sheet.ink((1.1, 4.1, 0.8, 1.8)) > 0.99 && sheet.ink((2.1, 4.1, 0.8, 1.8)) == 0.0,
        "a mask of an image"
    );
    assert!(
        sheet.ink((1.1, 9.1, 1.8, 0.8)) > 0.99,
        "white multiplied with black is black, and clear is nothing"
    );
    assert!(sheet.ink((4.2, 4.9, 1.8, 1.8)) == 0.0, "clear ink is no ink");
}

#[test]
fn a_soft_mask_hides_what_it_is_dark_over() {
    let resources = "/MediaBox [0 0 612 792] /Resources << /ExtGState <<
        /Masked << /SMask << /Type /Mask /S /Luminosity /G 5 0 R >> >> >> >>";
    let mask = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Group << /S /Transparency /CS /DeviceGray >>",
        b"1 g 72 600 72 72 re f",
    );
    let sheet = sheet(&pdf(resources, "/Masked gs 0 g 72 600 144 72 re f", &[mask]));
    assert!(sheet.ink((1.1, 1.8, 0.8, 0.8)) > 0.99, "seen where the mask is light");
    assert!(sheet.ink((2.1, 1.8, 0.8, 0.8)) == 0.0, "hidden where it is dark");
}

#[test]
fn a_turned_page_is_seen_upright() {
    // A mark at the top left of the page as it lies in the file.
    let mark = "0 g 36 684 72 72 re f";
    for (turn, corner) in [(0, (0.06, 0.045)), (180, (0.825, 0.865))] {
        let sheet = sheet(&pdf(&format!("{LETTER} /Rotate {turn}"), mark, &[]));
        assert_eq!(sheet.height(), 2156, "{turn}");
        assert!(sheet.ink_of_part((corner.0 + 0.01, corner.1 + 0.01, 0.09, 0.065)) > 0.97, "{turn}");
        assert!(sheet.ink_of_part((0.0, 0.3, 1.0, 0.4)) == 0.0, "{turn}");
    }
    // A quarter makes landscape of it, which is turned by a quarter again to fit the sheet.
    let turned: Vec<_> =
        [90, 270].map(|turn| sheet(&pdf(&format!("{LETTER} /Rotate {turn}"), mark, &[]))).into();
    let landscape = sheet(&pdf("/MediaBox [0 0 792 612]", "0 g 36 504 72 72 re f", &[]));
    for sheet in turned.iter().chain([&landscape]) {
        assert_eq!(sheet.height(), 2156);
    }
    let corner = |sheet: &crate::sheet::Sheet| {
        [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)]
            .map(|(x, y)| sheet.ink_of_part((x, y, 0.5, 0.5)) > 0.01)
    };
    // Turned clockwise to landscape the mark is at the top right; that again clockwise puts it at the bottom right.
    assert_eq!(corner(&turned[0]), [false, false, false, true]);
    assert_eq!(corner(&turned[1]), [true, false, false, false]);
    assert_eq!(corner(&landscape), [false, true, false, false]);
}

#[test]
fn a_page_is_as_large_as_its_crop_box() {
    let page = "/MediaBox [0 0 1000 1000] /CropBox [100 100 712 892]";
    let content = "0 g 0 0 90 1000 re f 0 900 1000 100 re f 136 784 72 72 re f";
    let cropped = sheet(&pdf(page, content, &[]));
    assert_eq!(cropped.height(), 2156);
    assert!(cropped.ink((0.55, 0.55, 0.9, 0.9)) > 0.99, "measured from the corner of the box");
    assert!(cropped.ink((2.0, 0.0, 6.5, 11.0)) == 0.0, "what is outside is not seen");
    // A page box may be written from any corner to the opposite one.
    let backwards = sheet(&pdf("/MediaBox [612 792 0 0]", "0 g 36 684 72 72 re f", &[]));
    assert!(backwards.ink((0.55, 0.55, 0.9, 0.9)) > 0.99);
}

#[test]
fn a_page_in_larger_units_has_its_size_in_them() {
    let double = sheet(&pdf("/MediaBox [0 0 306 396] /UserUnit 2", "0 g 18 342 36 36 re f", &[]));
    assert_eq!(double.height(), 2156);
    assert!(double.ink((0.55, 0.55, 0.9, 0.9)) > 0.99);
}

#[test]
fn fields_and_annotations_are_seen_by_their_appearance() {
    let page = format!("{LETTER} /Annots [5 0 R 6 0 R 7 0 R 8 0 R]");
    let appearance = "/Type /XObject /Subtype /Form /BBox [0 0 10 10]";
    let objects = [
        object(
            "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada) /F 4 /Rect [72 648 216 720] /AP << /N 9 0 R >> >>",
        ),
        object(
            "<< /Type /Annot /Subtype /Widget /FT /Btn /T (yes) /F 4 /Rect [72 504 144 576] /AS /On
            /AP << /N << /On 9 0 R /Off 10 0 R >> >> >>",
        ),
        object("<< /Type /Annot /Subtype /Stamp /F 4 /Rect [300 504 372 576] /AP << /N 9 0 R >> >>"),
        object("<< /Type /Annot /Subtype /Stamp /F 2 /Rect [300 300 372 372] /AP << /N 9 0 R >> >>"),
        stream(appearance, b"0 g 0 0 10 10 re f"),
        stream(appearance, b""),
    ];
    let sheet = sheet(&pdf(&page, "", &objects));
    assert!(sheet.ink((1.05, 1.05, 1.9, 0.9)) > 0.99, "a text field");
    assert!(sheet.ink((1.05, 3.05, 0.9, 0.9)) > 0.99, "a box that is checked");
    assert!(sheet.ink((4.25, 3.05, 0.85, 0.9)) > 0.99, "a stamp");
    assert!(sheet.ink((4.1, 5.7, 1.2, 1.2)) == 0.0, "a hidden one is not seen");
    let off = String::from_utf8(pdf(&page, "", &objects)).unwrap().replace("/AS /On\n", "/AS /Off\n");
    assert!(crate::sheet::sheet(off.as_bytes()).ink((1.05, 3.05, 0.9, 0.9)) == 0.0, "a box that is not");
}

/// All have a square of 200 points; made by `qpdf --encrypt "" owner`, of every kind that it knows.
#[test]
fn a_pdf_that_is_encrypted_with_an_empty_password_opens() {
    for (kind, bytes) in [
        ("RC4 of 40 bits", &include_bytes!("../fixtures/no-password-rc4-40.pdf")[..]),
        ("RC4 of 128 bits", include_bytes!("../fixtures/no-password-rc4-128.pdf")),
        ("AES of 128 bits", include_bytes!("../fixtures/no-password-aes-128.pdf")),
        ("AES of 256 bits", include_bytes!("../fixtures/no-password-aes-256.pdf")),
    ] {
        assert!(sheet(bytes).ink((1.5, 1.4, 2.6, 2.5)) > 0.99, "{kind}");
    }
    let locked = sheets(include_bytes!("../fixtures/password-aes-256.pdf"));
    assert_eq!(locked.err(), Some(DocumentError::Encrypted));
}

#[test]
fn what_mail_gateways_append_does_no_harm() {
    let letter = pdf(LETTER, "0 g 36 684 72 72 re f", &[]);
    let padded = [letter.as_slice(), &[0; 5000]].concat();
    assert!(sheet(&padded) == sheet(&letter));
    let cut = &letter[..letter.len() - 8];
    assert!(sheets(cut).is_err(), "a file without its end may lack pages");
}
