//! Files that want to do harm, the same ones in every run.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};

use super::files::{LETTER, png};

/// Hostile file `number` with its name.
pub(crate) fn file(number: u32) -> (String, Bytes) {
    let mut random = Random(u64::from(number) + 1);
    let (name, bytes) = match number % 20 {
        0..=5 => ("flipped.pdf", flipped(LETTER, &mut random)),
        6 | 7 => ("cut.pdf", cut(LETTER, &mut random)),
        8 => ("flipped.png", flipped(&png(300, 300), &mut random)),
        9 => ("noise.jpeg", noise(b"\xff\xd8\xff\xe0\0\x10JFIF\0", &mut random)),
        10 => ("noise.png", noise(b"\x89PNG\r\n\x1a\n", &mut random)),
        11 => ("noise.tiff", noise(b"II*\0\x08\0\0\0", &mut random)),
        12 => ("noise.pdf", [&noise(b"%PDF-1.7\n", &mut random), &b"\n%%EOF\n"[..]].concat()),
        13 => ("circle.tiff", circular_tiff()),
        14 => ("circle.pdf", circular_pages()),
        15 => ("nested.pdf", nested_arrays(2_000_000)),
        16 => ("saved.pdf", pdf(&[&stream("", &b"q ".repeat(1_000_000))])),
        17 => ("image.pdf", image_pdf(&mut random)),
        18 => ("bomb.pdf", inflating_pdf().to_vec()),
        _ => ("runaway.pdf", multiplying_pdf().to_vec()),
    };
    (format!("{number}-{name}"), bytes.into())
}

/// A page whose content unpacks to gigabytes.
pub(crate) fn inflating_pdf() -> Bytes {
    // A full flush makes a piece that stands for itself, so it can be repeated without packing gigabytes.
    let zeros = vec![b' '; 8 * 1024 * 1024];
    let mut deflate = Compress::new(Compression::fast(), false);
    let mut piece = Vec::with_capacity(1024 * 1024);
    deflate.compress_vec(&zeros, &mut piece, FlushCompress::Full).unwrap();
    let packed = [&[0x78, 0x01], piece.repeat(300).as_slice()].concat();
    pdf(&[&stream("/Filter /FlateDecode", &packed)]).into()
}

/// Forms that draw the one below them ten times, ten deep.
pub(crate) fn multiplying_pdf() -> Bytes {
    let forms: Vec<Vec<u8>> = (0..10)
        .map(|level| {
            let below = 6 + level;
            let content = if level == 9 { b"0 0 5 5 re f".to_vec() } else { b"/F Do ".repeat(10) };
            let form = format!(
                "/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /F {below} 0 R >> >>"
            );
            stream(&form, &content)
        })
        .collect();
    let page = stream("", b"/F Do");
    let mut objects = vec![page.as_slice()];
    objects.extend(forms.iter().map(Vec::as_slice));
    pdf(&objects).into()
}

/// A PDF of one page: object 4 and what follows are `objects`, of which the first is its content and the second its form.
fn pdf(objects: &[&[u8]]) -> Vec<u8> {
    let page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
        /Resources << /XObject << /F 5 0 R /I 5 0 R >> >> >>";
    let first: [&[u8]; 3] =
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page];
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

fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let start = format!("<< {dictionary} /Length {} >>\nstream\n", data.len());
    [start.as_bytes(), data, b"\nendstream"].concat()
}

fn flipped(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(40) {
        let at = random.below(bytes.len());
        bytes[at] = random.below(256) as u8;
    }
    bytes
}

fn cut(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let start = random.below(bytes.len());
    let end = start + random.below(bytes.len() - start);
    [&bytes[..start], &bytes[end..], b"\n%%EOF\n"].concat()
}

fn noise(start: &[u8], random: &mut Random) -> Vec<u8> {
    let noise = (0..2_000 + random.below(20_000)).map(|_| random.below(256) as u8);
    start.iter().copied().chain(noise).collect()
}

/// A directory that says it is its own successor.
fn circular_tiff() -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    let entries: [(u16, u32); 8] =
        [(256, 8), (257, 8), (258, 8), (259, 1), (262, 1), (273, 0), (278, 8), (279, 64)];
    file.extend_from_slice(&(entries.len() as u16).to_le_bytes());
    for (tag, value) in entries {
        file.extend_from_slice(&tag.to_le_bytes());
        file.extend_from_slice(&[4, 0, 1, 0, 0, 0]);
        file.extend_from_slice(&value.to_le_bytes());
    }
    file.extend_from_slice(&8_u32.to_le_bytes());
    file
}

fn circular_pages() -> Vec<u8> {
    let letter = pdf(&[&stream("", b"")]);
    let text = String::from_utf8(letter).unwrap();
    text.replace("/Kids [3 0 R]", "/Kids [2 0 R]").into_bytes()
}

fn nested_arrays(depth: usize) -> Vec<u8> {
    pdf(&[&stream("", b""), &b"[".repeat(depth)])
}

/// An image of a coding that is full of traps, and noise for its data.
fn image_pdf(random: &mut Random) -> Vec<u8> {
    let filter = ["JPXDecode", "JBIG2Decode", "CCITTFaxDecode", "DCTDecode", "LZWDecode"][random.below(5)];
    let image = format!(
        "/Type /XObject /Subtype /Image /Width 9000 /Height 9000 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /{filter}"
    );
    let data = noise(b"\0\0\0\x0cjP  \r\n\x87\n", random);
    pdf(&[&stream("", b"600 0 0 700 0 0 cm /I Do"), &stream(&image, &data)])
}

/// Numbers that look like chance and are none (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }
}
