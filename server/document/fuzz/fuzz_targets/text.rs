//! A text, as a customer uploads it.

#![no_main]

use faxdroid_document_fuzz::converted;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !(std::str::from_utf8(bytes).is_ok()) {
        return Corpus::Reject;
    }
    converted(bytes);
    Corpus::Keep
});
