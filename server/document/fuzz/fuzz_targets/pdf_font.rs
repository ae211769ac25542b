//! A font program in a PDF, in each of the formats that programs have: the first byte says which.

#![no_main]

use faxdroid_document_fuzz::{converted, pdf_with, stream};
use libfuzzer_sys::{Corpus, fuzz_target};

const FORMATS: [(&str, &str, &str); 5] = [
    ("Type1", "FontFile", ""),
    ("TrueType", "FontFile2", ""),
    ("Type1", "FontFile3", "/Subtype /Type1C"),
    ("TrueType", "FontFile3", "/Subtype /OpenType"),
    ("Type0", "FontFile3", "/Subtype /CIDFontType0C"),
];

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((format, program)) = bytes.split_first() else { return Corpus::Reject };
    let (kind, key, subtype) = FORMATS[usize::from(*format) % FORMATS.len()];
    let font = if kind == "Type0" {
        "<< /Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H /DescendantFonts [<< /Type /Font
            /Subtype /CIDFontType0 /BaseFont /F /FontDescriptor 6 0 R >>] >>"
            .to_owned()
    } else {
        format!(
            "<< /Type /Font /Subtype /{kind} /BaseFont /F /FontDescriptor 6 0 R /FirstChar 0 /LastChar 0 /Widths [500] >>"
        )
    };
    let descriptor = format!("<< /Type /FontDescriptor /FontName /F /Flags 4 /{key} 7 0 R >>");
    let lengths = format!("{subtype} /Length1 {} /Length2 {}", program.len() / 2, program.len() / 2);
    let objects = [font.into_bytes(), descriptor.into_bytes(), stream(&lengths, program)];
    converted(&pdf_with(b"BT /F 20 Tf 20 100 Td <0001202141424344616263> Tj ET", &objects));
    Corpus::Keep
});
