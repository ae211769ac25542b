//! Compression at the edge ("Serve compressed files").

use std::io::Write;

use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;

use crate::distribution::policies::CachePolicy;

/// Smaller and larger ones are left as they are.
const SIZES: std::ops::RangeInclusive<usize> = 1_000..=10_000_000;

/// "File types that CloudFront compresses", as far as a site like this has them. `application/wasm` is not among them.
const TYPES: [&str; 18] = [
    "application/javascript",
    "application/json",
    "application/ld+json",
    "application/manifest+json",
    "application/rss+xml",
    "application/vnd.ms-fontobject",
    "application/x-javascript",
    "application/xhtml+xml",
    "application/xml",
    "font/otf",
    "font/ttf",
    "image/svg+xml",
    "image/vnd.microsoft.icon",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
];

/// Brotli's quality; CloudFront does not say its own.
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 22;

/// What an origin is told of the codings that the viewer takes, which is part of the cache key too.
pub fn normalized(headers: &HeaderMap, policy: &CachePolicy) -> String {
    let accepted = |coding: &str| {
        headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).any(|value| {
            value.split(',').any(|entry| {
                let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
                let refused =
                    parameters.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
                name.trim().eq_ignore_ascii_case(coding) && !refused
            })
        })
    };
    let codings = [(policy.brotli, "br"), (policy.gzip, "gzip")];
    codings
        .iter()
        .filter(|(on, coding)| *on && accepted(coding))
        .map(|(_, coding)| *coding)
        .collect::<Vec<_>>()
        .join(",")
}

/// Compresses a response by the first of `encodings` if it is of a kind that CloudFront compresses.
pub fn compress(status: StatusCode, headers: &mut HeaderMap, body: Bytes, encodings: &str) -> Bytes {
    let coding = encodings.split(',').next().unwrap_or_default();
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let suits = matches!(status.as_u16(), 200 | 403 | 404)
        && TYPES.contains(&kind.as_str())
        && SIZES.contains(&body.len())
        && !headers.contains_key(CONTENT_ENCODING);
    let compressed = match coding {
        "br" if suits => brotli(&body),
        "gzip" if suits => gzip(&body),
        _ => return body,
    };
    let Ok(compressed) = compressed else { return body };
    headers.insert(
        CONTENT_ENCODING,
        if coding == "br" { HeaderValue::from_static("br") } else { HeaderValue::from_static("gzip") },
    );
    headers.remove(CONTENT_LENGTH);
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    weaken(headers);
    Bytes::from(compressed)
}

/// "CloudFront converts the strong ETag value to a weak ETag value".
fn weaken(headers: &mut HeaderMap) {
    let strong = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).filter(|tag| !tag.starts_with("W/"));
    if let Some(weak) = strong.and_then(|tag| HeaderValue::try_from(format!("W/{tag}")).ok()) {
        headers.insert(ETAG, weak);
    }
}

fn brotli(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(body)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(body)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn headers(kind: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(ETAG, HeaderValue::from_static("\"1\""));
        headers
    }

    #[test]
    fn text_is_compressed_by_what_the_viewer_likes_best_and_its_tag_becomes_weak() {
        let body = Bytes::from("fax ".repeat(500));
        let mut head = headers("text/html; charset=utf-8");
        let compressed = compress(StatusCode::OK, &mut head, body.clone(), "br,gzip");
        assert_eq!(head[CONTENT_ENCODING], "br");
        assert_eq!(head[ETAG], "W/\"1\"");
        let mut read = Vec::new();
        brotli::Decompressor::new(&compressed[..], 4096).read_to_end(&mut read).unwrap();
        assert_eq!(read, body);

        let mut head = headers("text/css");
        let compressed = compress(StatusCode::OK, &mut head, body.clone(), "gzip");
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&compressed[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, body);
    }

    #[test]
    fn what_is_small_or_no_text_or_compressed_already_stays_as_it_is() {
        let long = Bytes::from("fax ".repeat(500));
        let mut coded = headers("text/css");
        coded.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
        for (mut head, body) in [
            (headers("text/html"), Bytes::from_static(b"short")),
            (headers("application/wasm"), long.clone()),
            (headers("image/png"), long.clone()),
            (coded, long.clone()),
        ] {
            assert_eq!(compress(StatusCode::OK, &mut head, body.clone(), "br"), body);
        }
    }

    #[test]
    fn of_what_the_viewer_accepts_brotli_and_gzip_are_left() {
        let policy = CachePolicy {
            min: std::time::Duration::ZERO,
            default: std::time::Duration::ZERO,
            max: std::time::Duration::MAX,
            brotli: true,
            gzip: true,
            headers: Vec::new(),
            cookies: crate::distribution::policies::Chosen::None,
            queries: crate::distribution::policies::Chosen::None,
        };
        for (accepted, left) in [
            ("gzip, deflate, br, zstd", "br,gzip"),
            ("gzip;q=1.0, br;q=0", "gzip"),
            ("identity", ""),
            ("*", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(normalized(&headers, &policy), left, "{accepted}");
        }
    }
}
