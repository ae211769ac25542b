//! Says before a PDF is opened whether its compressed streams are of a size to hold in memory: a few bytes of deflate
//! can promise gigabytes, and the renderer unpacks a stream as a whole. Streams are found by their keyword, so that no
//! structure, however broken, hides one; encrypted streams and those packed twice are not seen through.

use std::io::Read;

use flate2::read::ZlibDecoder;

const KEYWORD: &[u8] = b"stream";
const CHUNK: usize = 64 * 1024;

/// Whether every stream of `pdf` unpacks to at most `limit` bytes.
pub(crate) fn is_bounded(pdf: &[u8], limit: u64) -> bool {
    let mut position = 0;
    while let Some(found) = pdf[position..].windows(KEYWORD.len()).position(|window| window == KEYWORD) {
        position += found + KEYWORD.len();
        let mut data = &pdf[position..];
        while let [b'\r' | b'\n' | b' ', rest @ ..] = data {
            data = rest;
        }
        if !looks_deflated(data) {
            continue;
        }
        let mut stream = ZlibDecoder::new(data);
        if !ends_within(&mut stream, limit) {
            return false;
        }
        // What was unpacked holds no other stream; without this a file of keywords alone takes its length squared.
        position += usize::try_from(stream.total_in()).unwrap_or(0);
        position = position.min(pdf.len());
    }
    true
}

/// The two bytes every zlib stream begins with (RFC 1950, section 2.2).
fn looks_deflated(data: &[u8]) -> bool {
    matches!(data, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31))
}

/// A damaged stream ends where the damage is.
fn ends_within(stream: &mut impl Read, limit: u64) -> bool {
    let mut chunk = vec![0; CHUNK];
    let mut length = 0;
    loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return true,
            Ok(read) => length += read as u64,
        }
        if length > limit {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn pdf_with(unpacked: usize) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(b"%PDF-1.7\n1 0 obj<<>>stream\r\n".to_vec(), Compression::fast());
        encoder.write_all(&vec![0; unpacked]).unwrap();
        [encoder.finish().unwrap().as_slice(), b"\nendstream"].concat()
    }

    #[test]
    fn a_stream_is_bounded_up_to_the_limit() {
        assert!(is_bounded(&pdf_with(1_000_000), 1_000_000));
        assert!(!is_bounded(&pdf_with(1_000_001), 1_000_000));
        let second = [pdf_with(10), pdf_with(2_000_000)].concat();
        assert!(!is_bounded(&second, 1_000_000));
    }

    #[test]
    fn what_is_no_deflate_is_passed_over() {
        assert!(is_bounded(b"stream\nBT ET\nendstream stream", 0));
        assert!(is_bounded(b"stream\x78\x9c\xff\xff\xff", 0));
        assert!(is_bounded(b"", 0));
    }
}
