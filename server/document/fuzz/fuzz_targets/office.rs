//! An archive, a compound file or RTF, which may be an office document.

#![no_main]

use faxdroid_document_fuzz::converted;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !(bytes.starts_with(b"PK") || bytes.starts_with(b"\xd0\xcf") || bytes.starts_with(b"{")) {
        return Corpus::Reject;
    }
    converted(bytes);
    Corpus::Keep
});
