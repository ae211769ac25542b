//! A TIFF, as a customer uploads it.

#![no_main]

use faxdroid_document_fuzz::converted;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !(bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*")) {
        return Corpus::Reject;
    }
    converted(bytes);
    Corpus::Keep
});
