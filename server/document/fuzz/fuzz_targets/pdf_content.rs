//! What a PDF draws: the content of a page, which has itself as a form, a font of drawings and a shading.

#![no_main]

use faxdroid_document_fuzz::{converted, pdf_with, stream};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let form =
        stream("/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Group << /S /Transparency >>", bytes);
    converted(&pdf_with(bytes, &[form]));
    Corpus::Keep
});
