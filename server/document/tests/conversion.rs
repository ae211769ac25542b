//! What becomes of customers' files, good and bad.

use std::io::Cursor;

use bytes::Bytes;
use faxdroid_document::{
    DocumentError, FaxDocument, HeaderLine, HeaderLines, Limits, Resolution, SourceFile, convert,
};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgba, RgbaImage};
use tiff::decoder::Decoder;
use tiff::tags::Tag;

const LETTER: &[u8] = include_bytes!("../../../end2end/fixtures/three-pages.pdf");

fn fax_of(bytes: &[u8]) -> Result<FaxDocument, DocumentError> {
    convert(&[source("letter.pdf", bytes)], None, &Limits::default())
}

fn source(name: &str, bytes: &[u8]) -> SourceFile {
    SourceFile { name: name.to_owned(), bytes: Bytes::copy_from_slice(bytes) }
}

fn error_of(bytes: &[u8]) -> DocumentError {
    fax_of(bytes).err().expect("the file is no fax")
}

fn unreadable() -> DocumentError {
    DocumentError::Unreadable { file: "letter.pdf".to_owned() }
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn grey_tiff(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let samples = vec![0_u8; (width * height) as usize];
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    for _ in 0..2 {
        encoder.write_image::<tiff::encoder::colortype::Gray8>(width, height, &samples).unwrap();
    }
    bytes.into_inner()
}

fn black_share(fax: &FaxDocument, page: usize) -> f64 {
    let page = &fax.pages()[page];
    let picture = image::load_from_memory(&page.png(Resolution::Fine).unwrap()).unwrap().to_luma8();
    let black = picture.pixels().filter(|pixel| pixel.0[0] == 0).count();
    black as f64 / f64::from(page.width() * page.height())
}

#[test]
fn a_pdf_of_three_pages_becomes_three_letter_pages() {
    let fax = fax_of(LETTER).unwrap();
    assert_eq!(fax.page_count(), 3);
    for (number, page) in fax.pages().iter().enumerate() {
        assert_eq!((page.width(), page.height()), (1728, 2156));
        assert!((0.01..0.30).contains(&black_share(&fax, number)), "page {number} is text on paper");
    }
}

#[test]
fn a_pdf_that_opens_without_its_password_is_read() {
    assert_eq!(fax_of(include_bytes!("fixtures/no-password-to-open.pdf")).unwrap().page_count(), 3);
}

#[test]
fn png_jpeg_tiff_and_text_become_pages() {
    let mut picture = GrayImage::from_pixel(800, 1000, Luma([255]));
    (100..700).for_each(|x| picture.put_pixel(x, 500, Luma([0])));
    let picture = DynamicImage::ImageLuma8(picture);
    for (bytes, pages) in [
        (encoded(&picture, ImageFormat::Png), 1),
        (encoded(&picture, ImageFormat::Jpeg), 1),
        (grey_tiff(200, 100), 2),
        (b"A line.\n\x0cAnother page.".to_vec(), 2),
    ] {
        let fax = fax_of(&bytes).unwrap();
        assert_eq!(fax.page_count(), pages);
        assert!(black_share(&fax, 0) > 0.0);
    }
}

#[test]
fn every_fax_coding_of_tiff_gives_the_same_page() {
    let group_4 = fax_of(include_bytes!("fixtures/group-4.tiff")).unwrap();
    assert!((0.05..0.5).contains(&black_share(&group_4, 0)));
    for other in [
        &include_bytes!("fixtures/group-3.tiff")[..],
        include_bytes!("fixtures/group-3-two-dimensional.tiff"),
        include_bytes!("fixtures/modified-huffman.tiff"),
    ] {
        assert!(fax_of(other).unwrap() == group_4);
    }
}

#[test]
fn another_decoder_reads_the_same_pixels_from_the_tiff() {
    struct Pixels(Vec<bool>);
    impl hayro_ccitt::Decoder for Pixels {
        fn push_row(&mut self, changes: &[u32]) {
            self.0.extend((0..1728).map(|x| changes.iter().filter(|change| **change <= x).count() % 2 == 1));
        }
    }
    let fax = fax_of(LETTER).unwrap();
    for (resolution, rows) in [(Resolution::Fine, 2156), (Resolution::Standard, 1078)] {
        let tiff = fax.to_tiff(resolution).unwrap();
        let mut decoder = Decoder::new(Cursor::new(&tiff)).unwrap();
        let start = decoder.get_tag_u32(Tag::StripOffsets).unwrap() as usize;
        let length = decoder.get_tag_u32(Tag::StripByteCounts).unwrap() as usize;
        let mut context = hayro_ccitt::DecoderContext::new(hayro_ccitt::DecodeSettings {
            columns: 1728,
            rows,
            end_of_block: true,
            end_of_line: false,
            rows_are_byte_aligned: false,
            encoding: hayro_ccitt::EncodingMode::Group4,
            strict: true,
        });
        let mut pixels = Pixels(Vec::new());
        hayro_ccitt::decode(&tiff[start..start + length], &mut pixels, &mut context).unwrap();
        let shown = image::load_from_memory(&fax.pages()[0].png(resolution).unwrap()).unwrap().to_luma8();
        // A row of standard resolution is shown twice.
        let copies = shown.height() / rows;
        let preview: Vec<bool> = (0..rows)
            .flat_map(|row| (0..1728).map(move |x| (x, row * copies)))
            .map(|(x, y)| shown.get_pixel(x, y).0[0] == 0)
            .collect();
        assert!(pixels.0 == preview, "{resolution:?}");
    }
}

#[test]
fn several_files_become_one_fax_in_their_order() {
    let files = [source("a.txt", b"first"), source("b.pdf", LETTER)];
    let fax = convert(&files, None, &Limits::default()).unwrap();
    assert_eq!(fax.page_count(), 4);
    assert!(black_share(&fax, 0) < black_share(&fax, 1));
}

#[test]
fn what_is_transparent_stays_white() {
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(300, 300, Rgba([0, 0, 0, 0])));
    assert_eq!(black_share(&fax_of(&encoded(&clear, ImageFormat::Png)).unwrap(), 0), 0.0);
}

#[test]
fn the_tiff_has_the_tags_of_a_fax_and_gives_back_every_bit() {
    let fax = fax_of(LETTER).unwrap();
    let tiff = fax.to_tiff(Resolution::Fine).unwrap();
    let mut decoder = Decoder::new(Cursor::new(&tiff)).unwrap();
    for page in 0..3 {
        for (tag, value) in [
            (Tag::ImageWidth, 1728),
            (Tag::ImageLength, 2156),
            (Tag::Compression, 4),
            (Tag::BitsPerSample, 1),
            (Tag::PhotometricInterpretation, 0),
            (Tag::RowsPerStrip, 2156),
        ] {
            assert_eq!(decoder.get_tag_u32(tag).unwrap(), value, "{tag:?} of page {page}");
        }
        // How many there are was not known when it was written.
        assert_eq!(decoder.get_tag_u32_vec(Tag::Unknown(297)).unwrap(), [page, 0]);
        if page < 2 {
            decoder.next_image().unwrap();
        }
    }
    assert!(!decoder.more_images());
    assert!(FaxDocument::from_tiff(&tiff).unwrap() == fax);
}

#[test]
fn a_fax_that_is_uploaded_again_keeps_its_pages() {
    let fax = fax_of(LETTER).unwrap();
    let again = fax_of(&fax.to_tiff(Resolution::Fine).unwrap()).unwrap();
    assert_eq!(again.page_count(), 3);
    assert!(again == fax, "bit for bit");
    // What comes in standard resolution goes out in it unchanged.
    let standard = fax.to_tiff(Resolution::Standard).unwrap();
    assert!(fax_of(&standard).unwrap().to_tiff(Resolution::Standard).unwrap() == standard);
}

#[test]
fn a_fax_of_legal_length_stays_one_page_also_with_its_header_line() {
    let mut tiff = fax_of(LETTER).unwrap().to_tiff(Resolution::Fine).unwrap();
    // Rows that are not in the strip are paper: the length of every page becomes Legal's.
    for tag in [257_u16, 278] {
        let entry = [&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0], &2156_u32.to_le_bytes()].concat();
        let places: Vec<_> = (0..tiff.len() - 12).filter(|at| tiff[*at..].starts_with(&entry)).collect();
        assert_eq!(places.len(), 3, "tag {tag}");
        for at in places {
            tiff[at + 8..at + 12].copy_from_slice(&2738_u32.to_le_bytes());
        }
    }
    let legal = fax_of(&tiff).unwrap();
    assert_eq!(legal.pages().iter().map(|page| page.height()).collect::<Vec<_>>(), [2738; 3]);
    let header = HeaderLine {
        sent_at: "2026-11-23 19:12 UTC".to_owned(),
        sender_name: "Ada Lovelace".to_owned(),
        sender_number: "+12025550143".to_owned(),
    };
    let mut lines = HeaderLines::new(&header, 1, 3);
    for (page, number) in legal.pages().iter().zip(1..) {
        assert_eq!(lines.above(page, number).unwrap().height(), 2738, "no longer than machines take");
    }
}

#[test]
fn standard_resolution_has_half_the_rows_and_takes_less_time() {
    let fax = fax_of(LETTER).unwrap();
    let tiff = fax.to_tiff(Resolution::Standard).unwrap();
    let mut decoder = Decoder::new(Cursor::new(&tiff)).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (1728, 1078));
    assert!(tiff.len() < fax.to_tiff(Resolution::Fine).unwrap().len());
    let preview = image::load_from_memory(&fax.pages()[0].png(Resolution::Standard).unwrap()).unwrap();
    assert_eq!((preview.width(), preview.height()), (1728, 2156));
}

#[test]
fn a_file_without_bytes_is_empty_and_so_is_no_file() {
    assert_eq!(error_of(b""), DocumentError::Empty);
    assert_eq!(convert(&[], None, &Limits::default()).err(), Some(DocumentError::Empty));
}

#[test]
fn a_pdf_without_pages_and_a_text_without_letters_have_no_pages() {
    assert_eq!(error_of(include_bytes!("fixtures/no-pages.pdf")), DocumentError::NoPages);
    assert_eq!(error_of(b" \n \n"), DocumentError::NoPages);
}

#[test]
fn a_pdf_that_was_cut_off_is_unreadable() {
    assert_eq!(error_of(&LETTER[..LETTER.len() / 2]), unreadable());
    assert_eq!(error_of(b"%PDF-1.7\n%%EOF"), unreadable());
}

#[test]
fn a_pdf_with_a_password_is_encrypted() {
    assert_eq!(error_of(include_bytes!("fixtures/password.pdf")), DocumentError::Encrypted);
}

#[test]
fn a_name_does_not_make_a_type() {
    let unsupported = DocumentError::UnsupportedType { file: "letter.pdf".to_owned() };
    assert_eq!(error_of(b"PK\x03\x04\0\0\0\0"), unsupported);
    let png = encoded(&DynamicImage::new_luma8(10, 10), ImageFormat::Png);
    assert_eq!(fax_of(&png).unwrap().page_count(), 1, "a PNG is one under any name");
}

#[test]
fn a_damaged_picture_is_unreadable() {
    let mut png = encoded(&DynamicImage::new_luma8(100, 100), ImageFormat::Png);
    png.truncate(60);
    assert_eq!(error_of(&png), unreadable());
    assert_eq!(error_of(b"II*\0\x08\0\0\0"), unreadable());
    assert_eq!(error_of(b"\xff\xd8\xff\xe0nothing"), unreadable());
}

#[test]
fn more_than_the_limits_allow_is_refused_before_it_is_decoded() {
    let limits = Limits::default();
    let too_large = DocumentError::ImageTooLarge { file: "letter.pdf".to_owned(), limit: 20_000 };
    // A header that promises 30,000 pixels, and one of 4 gigapixels, in a few bytes.
    for side in [30_000_u32, 65_000] {
        let mut png = encoded(&DynamicImage::new_luma8(1, 1), ImageFormat::Png);
        png[16..20].copy_from_slice(&side.to_be_bytes());
        png[20..24].copy_from_slice(&side.to_be_bytes());
        let checksum = crc32fast::hash(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(error_of(&png), too_large);
    }
    let mut tiff = grey_tiff(10, 10);
    // The first entry of the directory of the first page is its width.
    let width = tiff.windows(4).position(|window| window == [0, 1, 3, 0] || window == [0, 1, 4, 0]).unwrap();
    tiff[width + 8..width + 12].copy_from_slice(&40_000_u32.to_le_bytes());
    tiff[width + 2] = 4;
    assert_eq!(error_of(&tiff), too_large);

    let file = source("a.txt", b"a");
    assert_eq!(
        convert(&vec![file.clone(); 100], None, &limits).err(),
        Some(DocumentError::TooManyFiles { limit: 20 })
    );
    let small = Limits { max_bytes: 1_000, ..limits };
    let letter = source("letter.pdf", LETTER);
    assert_eq!(
        convert(std::slice::from_ref(&letter), None, &small).err(),
        Some(DocumentError::TooLarge { limit: 1_000 })
    );
    let short = Limits { max_pages: 2, ..limits };
    assert_eq!(convert(&[letter], None, &short).err(), Some(DocumentError::TooManyPages { limit: 2 }));
    assert_eq!(convert(&vec![file; 3], None, &short).err(), Some(DocumentError::TooManyPages { limit: 2 }));
}
