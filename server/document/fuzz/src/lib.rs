//! What all targets do with a customer's bytes.

use std::sync::Once;

use faxdroid_document::{FaxDocument, Limits, Resolution, SourceFile, convert};

/// Converts `bytes` as a worker does, with small limits, and reads back what was kept of it.
pub fn converted(bytes: &[u8]) {
    // libFuzzer's hook ends the process at every panic, also at one that the pipeline catches: then the file is unreadable.
    static CATCHABLE: Once = Once::new();
    CATCHABLE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let limits = Limits {
        max_bytes: 1 << 20,
        max_pages: 4,
        max_files: 1,
        max_image_side: 2_000,
        max_image_pixels: 1_000_000,
    };
    let file = SourceFile { name: "fuzz".to_owned(), bytes: bytes.to_vec().into() };
    let Ok(document) = convert(&[file], None, &limits) else { return };
    let tiff = document.to_tiff(Resolution::Fine).expect("what was made can be kept");
    let kept = FaxDocument::from_tiff(&tiff).expect("what was kept can be read");
    assert!(kept == document);
    for page in kept.pages() {
        page.png(Resolution::Standard).expect("what was kept can be shown");
    }
}

/// A PDF of one page that draws what `objects` (from number 5) are: an image named I, a font named F, a form named X.
pub fn pdf_with(content: &[u8], objects: &[Vec<u8>]) -> Vec<u8> {
    let resources = "/XObject << /I 5 0 R /X 5 0 R >> /Font << /F 5 0 R >> /Shading << /S 5 0 R >> /ExtGState << /G 5 0 R >>";
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << {resources} >> >>"
    );
    let first = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
        stream("", content),
    ];
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", first.len() + objects.len() + 1);
    for (number, object) in (1..).zip(first.iter().chain(objects)) {
        table += &format!("{:010} 00000 n \n", file.len());
        file.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
    }
    let start = file.len();
    let size = first.len() + objects.len() + 1;
    file.extend(
        format!("{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").into_bytes(),
    );
    file
}

/// A stream object.
pub fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let start = format!("<< {dictionary} /Length {} >>\nstream\n", data.len());
    [start.as_bytes(), data, b"\nendstream"].concat()
}
