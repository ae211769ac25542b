//! What a customer writes on a cover page, and his name in the header line.

#![no_main]

use faxdroid_document::{
    CoverPage, FaxDocument, HeaderLine, HeaderLines, Limits, Resolution, SourceFile, convert,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|fields: (String, String, String, String)| {
    let (to, from, subject, message) = fields;
    let name = from.clone();
    let file = SourceFile { name: "fuzz".to_owned(), bytes: "A page.".into() };
    let cover = CoverPage { to, from, subject, message };
    let document = convert(&[file], Some(&cover), &Limits::default()).expect("a cover page takes any text");
    assert_eq!(document.page_count(), 2);
    let header = HeaderLine {
        sent_at: "2026-11-23 19:12 UTC".to_owned(),
        sender_name: name.clone(),
        sender_number: name,
    };
    let mut lines = HeaderLines::new(&header, 1, 2);
    let pages = document.pages().iter().zip(1..);
    let pages = pages.map(|(page, number)| lines.above(page, number).expect("a header line takes any text"));
    let marked = FaxDocument::from_pages(pages.collect());
    let tiff = marked.to_tiff(Resolution::Fine).expect("what was made can be kept");
    assert!(FaxDocument::from_tiff(&tiff).expect("what was kept can be read") == marked);
});
