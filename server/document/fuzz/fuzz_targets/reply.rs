//! What a worker says to the server, were it taken over: a message, and the page in it.

#![no_main]

use faxdroid_document::worker::Reply;
use faxdroid_document::{FaxDocument, Resolution};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(Reply::Page(made)) = Reply::read(bytes) else { return };
    let document = FaxDocument::from_pages(vec![made.page]);
    let _ = document.to_tiff(Resolution::Standard);
    let _ = document.pages()[0].png(Resolution::Fine);
});
