//! What each stage of a page costs: making it of a PDF, of a photograph and of text; keeping, showing and sending it.

use std::hint::black_box;
use std::io::Cursor;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use faxdroid_document::{FaxDocument, HeaderLine, HeaderLines, Limits, Resolution, SourceFile, convert};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};

const LETTER: &[u8] = include_bytes!("../../../end2end/fixtures/three-pages.pdf");

fn pages_of(bytes: &Bytes) -> FaxDocument {
    let file = SourceFile { name: "file".to_owned(), bytes: bytes.clone() };
    convert(&[file], None, &Limits::default()).expect("the file is sound")
}

/// Soft shapes with a fine texture, as a camera sees them.
fn photograph() -> Bytes {
    let picture = GrayImage::from_fn(1728, 2200, |x, y| {
        let wave = (x as f32 / 53.0).sin() + (y as f32 / 71.0).cos();
        let texture = (x as f32 * 1.7).sin() * (y as f32 * 1.3).cos();
        Luma([(128.0 + wave * 45.0 + texture * 30.0) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture).write_to(&mut bytes, ImageFormat::Jpeg).expect("memory takes it");
    bytes.into_inner().into()
}

fn stages(criterion: &mut Criterion) {
    let (letter, picture) = (Bytes::from_static(LETTER), photograph());
    let text = Bytes::from("A line of a letter as people write them.\n".repeat(50));
    for (name, file) in
        [("PDF of 3 pages", &letter), ("photograph, 1 page", &picture), ("text, 1 page", &text)]
    {
        criterion
            .bench_function(&format!("pages of a {name}"), |bench| bench.iter(|| pages_of(black_box(file))));
    }
    let document = pages_of(&letter);
    let tiff = document.to_tiff(Resolution::Fine).expect("just made");
    let header = HeaderLine {
        sent_at: "2026-11-23 19:12 UTC".to_owned(),
        sender_name: "Ada Lovelace".to_owned(),
        sender_number: "+12025550143".to_owned(),
    };
    criterion.bench_function("preview of a page of a kept document", |bench| {
        bench.iter(|| {
            FaxDocument::from_tiff(black_box(&tiff)).expect("kept").pages()[0].png(Resolution::Fine)
        });
    });
    criterion.bench_function("header line on 3 pages", |bench| {
        bench.iter(|| {
            let mut lines = HeaderLines::new(&header, 1, 3);
            let pages = black_box(&document).pages().iter().zip(1..);
            pages.map(|(page, number)| lines.above(page, number)).collect::<Result<Vec<_>, _>>()
        });
    });
    criterion.bench_function("standard resolution of 3 pages", |bench| {
        bench.iter(|| black_box(&document).to_tiff(Resolution::Standard));
    });
}

criterion_group!(benches, stages);
criterion_main!(benches);
