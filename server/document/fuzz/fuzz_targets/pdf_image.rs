//! An image in a PDF, in each of the codings that images have: the first byte says which.

#![no_main]

use faxdroid_document_fuzz::{converted, pdf_with, stream};
use libfuzzer_sys::{Corpus, fuzz_target};

const CODINGS: [&str; 8] = [
    "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /JPXDecode",
    "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode",
    "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode",
    "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 64 /Rows 64 >>",
    "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K 1 /Columns 64 /Rows 64 >>",
    "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K 0 /Columns 64 /Rows 64 >>",
    "/ColorSpace /DeviceRGB /BitsPerComponent 4 /Filter /LZWDecode /DecodeParms << /Predictor 15 /Colors 3 /BitsPerComponent 4 /Columns 64 >>",
    "/ColorSpace [/Indexed /DeviceCMYK 15 <00>] /BitsPerComponent 4 /Filter /RunLengthDecode",
];

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((coding, data)) = bytes.split_first() else { return Corpus::Reject };
    let coding = CODINGS[usize::from(*coding) % CODINGS.len()];
    let image = stream(&format!("/Type /XObject /Subtype /Image /Width 64 /Height 64 {coding}"), data);
    converted(&pdf_with(b"200 0 0 200 0 0 cm /I Do", &[image]));
    Corpus::Keep
});
