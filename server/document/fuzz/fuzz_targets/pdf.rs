//! A PDF, as a customer uploads it.

#![no_main]

use faxdroid_document_fuzz::converted;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !(bytes.windows(5).any(|window| window == b"%PDF-")) {
        return Corpus::Reject;
    }
    converted(bytes);
    Corpus::Keep
});
