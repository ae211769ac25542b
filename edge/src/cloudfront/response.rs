//! The response that a function generates instead of the origin.

use axum::body::Bytes;
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, HeaderName, Response, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use super::event::{BodyEncoding, Header, Headers};

/// Of headers and body together, as they stand in the response. The guide says 1 MB for origin requests and leaves open
/// whether base64 counts and how large a MB is: here it counts, and a MB is the smaller one.
pub const MAX_BYTES: usize = 1_000_000;

/// Headers that a function may not add: CloudFront answers 502 when it does.
const DISALLOWED: [&str; 22] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "trailer",
    "upgrade",
    "x-accel-buffering",
    "x-accel-charset",
    "x-accel-limit-rate",
    "x-accel-redirect",
    "x-amzn-auth",
    "x-amzn-errortype",
    "x-amzn-fle-profile",
    "x-amzn-header-count",
    "x-amzn-header-order",
    "x-amzn-lambda-integration-tag",
    "x-amzn-requestid",
    "x-cache",
    "x-forwarded-proto",
    "x-real-ip",
];
const DISALLOWED_PREFIXES: [&str; 3] = ["x-amz-cf-", "x-amzn-cf-", "x-edge-"];

/// Headers that are read-only in origin requests: CloudFront sets them itself.
const READ_ONLY: [&str; 8] = [
    "accept-encoding",
    "content-length",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "transfer-encoding",
    "via",
];

/// A response as CloudFront takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GeneratedResponse {
    /// Three digits.
    pub status: String,
    pub status_description: String,
    pub headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_encoding: Option<BodyEncoding>,
}

impl GeneratedResponse {
    /// The response without the headers that CloudFront would refuse. What is not text goes as base64.
    pub fn new(response: &Response<Bytes>) -> Self {
        let body = response.body();
        let is_coded = response.headers().contains_key(CONTENT_ENCODING);
        let (body, body_encoding) = match std::str::from_utf8(body) {
            // 204 with a body is refused, and so may an empty one be.
            Ok("") => (None, None),
            Ok(text) if !is_coded => (Some(text.to_owned()), Some(BodyEncoding::Text)),
            _ => (Some(BASE64_STANDARD.encode(body)), Some(BodyEncoding::Base64)),
        };
        let status = response.status();
        Self {
            status: status.as_str().to_owned(),
            status_description: status.canonical_reason().unwrap_or_default().to_owned(),
            headers: headers(response.headers()),
            body,
            body_encoding,
        }
    }

    /// A status and nothing else.
    pub(super) fn bare(status: StatusCode) -> Self {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        Self::new(&response)
    }

    /// Whether CloudFront takes it: over the limit it would answer 502 instead.
    pub(super) fn fits(&self) -> bool {
        let headers: usize = self
            .headers
            .iter()
            .flat_map(|(name, values)| {
                values.iter().map(move |header| name.len() + header.value.len() + ": \r\n".len())
            })
            .sum();
        headers + self.body.as_ref().map_or(0, String::len) <= MAX_BYTES
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.first().map(|header| header.value.as_str())
    }
}

fn headers(from: &HeaderMap) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in from.iter().filter(|(name, _)| is_allowed(name.as_str())) {
        // CloudFront takes JSON, which has no bytes that are no text.
        let Ok(value) = value.to_str() else { continue };
        let header = Header { key: Some(usual_spelling(name)), value: value.to_owned() };
        headers.entry(name.as_str().to_owned()).or_default().push(header);
    }
    headers
}

fn is_allowed(name: &str) -> bool {
    !DISALLOWED.contains(&name)
        && !READ_ONLY.contains(&name)
        && !DISALLOWED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// `content-type` as `Content-Type`.
fn usual_spelling(name: &HeaderName) -> String {
    let mut spelled = String::with_capacity(name.as_str().len());
    for part in name.as_str().split('-') {
        if !spelled.is_empty() {
            spelled.push('-');
        }
        let mut letters = part.chars();
        spelled.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        spelled.push_str(letters.as_str());
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)], body: &'static [u8]) -> GeneratedResponse {
        let mut response = Response::new(Bytes::from_static(body));
        for (name, value) in headers {
            response.headers_mut().append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        GeneratedResponse::new(&response)
    }

    #[test]
    fn it_is_written_as_the_guide_shows() {
        let written = serde_json::to_value(response(
            &[("content-type", "text/plain"), ("set-cookie", "a=1"), ("set-cookie", "b=2")],
            b"content",
        ));
        let expected = serde_json::json!({
            "status": "200",
            "statusDescription": "OK",
            "headers": {
                "content-type": [{ "key": "Content-Type", "value": "text/plain" }],
                "set-cookie": [{ "key": "Set-Cookie", "value": "a=1" }, { "key": "Set-Cookie", "value": "b=2" }],
            },
            "body": "content",
            "bodyEncoding": "text",
        });
        assert_eq!(written.unwrap(), expected);
    }

    #[test]
    fn what_is_no_text_or_is_compressed_goes_as_base64() {
        assert_eq!(response(&[], &[0xff, 0xfe]).body.as_deref(), Some("//4="));
        let coded = response(&[("content-encoding", "br")], b"abc");
        assert_eq!(coded.body_encoding, Some(BodyEncoding::Base64));
        assert_eq!(coded.body.as_deref(), Some("YWJj"));
    }

    #[test]
    fn an_empty_body_is_left_out() {
        let written = serde_json::to_value(GeneratedResponse::bare(StatusCode::NO_CONTENT)).unwrap();
        assert_eq!(
            written,
            serde_json::json!({ "status": "204", "statusDescription": "No Content", "headers": {} })
        );
    }

    #[test]
    fn headers_that_cloudfront_refuses_are_left_out() {
        let refused = [
            "Connection",
            "Content-Length",
            "Transfer-Encoding",
            "Via",
            "X-Cache",
            "X-Amz-Cf-Id",
            "X-Edge-Anything",
            "X-Real-IP",
        ];
        for name in refused {
            assert!(response(&[(name, "1")], b"").headers.is_empty(), "{name}");
        }
        assert_eq!(response(&[("x-frame-options", "DENY")], b"").headers.len(), 1);
    }

    #[test]
    fn headers_and_body_count_against_the_limit() {
        let mut large = response(&[], b"");
        large.body = Some("x".repeat(MAX_BYTES));
        assert!(large.fits());
        large.headers.insert("a".to_owned(), vec![Header { key: None, value: "b".to_owned() }]);
        assert!(!large.fits());
    }
}
