//! What a file is, told by its bytes.

use crate::office::{self, OfficeFormat};
use crate::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Pdf,
    Picture,
    Tiff,
    Text,
    Office(OfficeFormat),
    /// An office document that opens with a password only.
    EncryptedOffice,
}

/// A PDF may have so much before its header (ISO 32000-1, annex H, note 13).
const PDF_HEADER_WITHIN: usize = 1024;

/// TIFF 6.0 and BigTIFF, in both byte orders.
const TIFF: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];

pub(crate) fn of(bytes: &[u8]) -> Option<Kind> {
    let start = &bytes[..bytes.len().min(PDF_HEADER_WITHIN)];
    if let Some(office) = office::of(bytes) {
        Some(office)
    } else if start.windows(5).any(|window| window == b"%PDF-") {
        Some(Kind::Pdf)
    } else if start.starts_with(b"\x89PNG\r\n\x1a\n") || start.starts_with(b"\xff\xd8\xff") {
        Some(Kind::Picture)
    } else if TIFF.iter().any(|magic| start.starts_with(magic)) {
        Some(Kind::Tiff)
    } else if text::is_text(bytes) {
        Some(Kind::Text)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_decide_what_a_file_is() {
        assert_eq!(of(b"%PDF-1.7\n"), Some(Kind::Pdf));
        assert_eq!(of(b"\x89PNG\r\n\x1a\n...."), Some(Kind::Picture));
        assert_eq!(of(b"II*\0...."), Some(Kind::Tiff));
        assert_eq!(of("Grüße".as_bytes()), Some(Kind::Text));
        assert_eq!(of(b"{\\rtf1}"), Some(Kind::Office(OfficeFormat::Rtf)));
        assert_eq!(of(b"PK\x03\x04\x00\x00"), None);
        assert_eq!(of(b"\xff\xfe\x00"), None);
    }
}
