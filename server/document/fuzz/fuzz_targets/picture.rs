//! A PNG or a JPEG, as a customer uploads it.

#![no_main]

use faxdroid_document_fuzz::converted;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !(bytes.starts_with(b"\x89PNG") || bytes.starts_with(b"\xff\xd8\xff")) {
        return Corpus::Reject;
    }
    converted(bytes);
    Corpus::Keep
});
