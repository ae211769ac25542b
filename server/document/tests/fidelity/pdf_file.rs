//! PDF files of one page, written by hand.

use std::io::Write;

/// A Letter page.
pub(crate) const LETTER: &str = "/MediaBox [0 0 612 792]";

/// A file of one page: `page` are entries of its dictionary, `content` is drawn on it, and `objects` have the numbers
/// from 5.
pub(crate) fn pdf(page: &str, content: &str, objects: &[Vec<u8>]) -> Vec<u8> {
    let page = format!("<< /Type /Page /Parent 2 0 R /Contents 4 0 R {page} >>");
    let first = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
        stream("", content.as_bytes()),
    ];
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in first.iter().chain(objects).enumerate() {
        offsets.push(file.len());
        writeln!(file, "{} 0 obj", number + 1).unwrap();
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let table = file.len();
    write!(file, "xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).unwrap();
    for offset in &offsets {
        writeln!(file, "{offset:010} 00000 n ").unwrap();
    }
    let size = offsets.len() + 1;
    write!(file, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").unwrap();
    file
}

/// An object that is a dictionary or an array.
pub(crate) fn object(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// An object that is a stream.
pub(crate) fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let start = format!("<< {dictionary} /Length {} >>\nstream\n", data.len());
    [start.as_bytes(), data, b"\nendstream"].concat()
}

/// An image of 64 by 64 pixels.
pub(crate) fn image(entries: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("/Type /XObject /Subtype /Image /Width 64 /Height 64 {entries}"), data)
}
