//! Lambda@Edge at origin requests: the event that a function is given, and what CloudFront takes from it.
//!
//! Follows the CloudFront developer guide: "Lambda@Edge event structure", "Generate HTTP responses in request triggers",
//! "Restrictions on edge functions", "Quotas".

use std::collections::BTreeMap;
use std::net::IpAddr;

use async_trait::async_trait;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::distribution::{Origin, OriginKind};

/// Of headers and body of a generated response.
const MOST_BYTES: usize = 1_048_576;
/// Headers that a function may not add.
const DISALLOWED: [&str; 25] = [
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
    "x-amzn-cf-billing",
    "x-amzn-cf-id",
    "x-amzn-cf-xff",
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
/// Headers that are read-only in origin requests.
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

/// A function that answers events: the environment of Lambda, or what a test puts in its place.
#[async_trait]
pub trait Function: std::fmt::Debug + Send + Sync {
    /// # Errors
    ///
    /// When the function failed, said nothing in time, or is not there.
    async fn invoke(&self, event: &Value) -> Result<Value, Failed>;
}

/// Why a function gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// What CloudFront is about to send to an origin.
#[derive(Debug, Clone)]
pub struct OriginRequest {
    pub client: IpAddr,
    pub method: Method,
    /// As the viewer wrote it.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
}

/// What a function decided.
#[derive(Debug, Clone)]
pub enum Decision {
    /// The origin is asked, perhaps for something else than before.
    GoesOn(OriginRequest),
    Generated {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
}

/// Why CloudFront answers 502 instead of what a function said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("LambdaValidationError: {0}")]
pub struct Invalid(String);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Header {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    value: String,
}

type Headers = BTreeMap<String, Vec<Header>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generated {
    status: Value,
    #[serde(default)]
    headers: Headers,
    body: Option<String>,
    body_encoding: Option<String>,
}

#[derive(Deserialize)]
struct Returned {
    uri: String,
    querystring: String,
    method: String,
    headers: Headers,
}

/// The event for `request`, about to go to `origin`.
pub fn event(distribution: &str, request_id: &str, request: &OriginRequest, origin: &Origin) -> Value {
    let mut custom_headers = HeaderMap::new();
    for (name, value) in &origin.custom_headers {
        custom_headers.append(name, value.clone());
    }
    let custom_headers = written(&custom_headers);
    let path = &origin.path;
    let domain = &origin.domain_name;
    let origin = match &origin.kind {
        OriginKind::Bucket => json!({ "s3": {
            "authMethod": "none",
            "customHeaders": custom_headers,
            "domainName": domain,
            "path": path,
            "region": "us-east-1",
        }}),
        OriginKind::Custom { keepalive_seconds, tls } => json!({ "custom": {
            "customHeaders": custom_headers,
            "domainName": domain,
            "keepaliveTimeout": keepalive_seconds,
            "path": path,
            "port": 443,
            "protocol": "https",
            "readTimeout": origin.read_timeout.as_secs(),
            "sslProtocols": tls,
        }}),
    };
    json!({ "Records": [{ "cf": {
        "config": {
            "distributionDomainName": format!("{distribution}.cloudfront.net"),
            "distributionId": distribution,
            "eventType": "origin-request",
            "requestId": request_id,
        },
        "request": {
            "clientIp": request.client.to_string(),
            "headers": written(&request.headers),
            "method": request.method.as_str(),
            "querystring": request.query,
            "uri": request.path,
            "origin": origin,
        },
    }}]})
}

/// What CloudFront makes of what the function returned.
///
/// # Errors
///
/// When CloudFront would refuse it.
pub fn decision(asked: &OriginRequest, returned: Value) -> Result<Decision, Invalid> {
    if returned.get("status").is_some() {
        return generated(returned);
    }
    let returned: Returned = serde_json::from_value(returned)
        .map_err(|error| Invalid(format!("neither request nor response: {error}")))?;
    let method: Method = returned.method.parse().map_err(|_| Invalid("no method".to_owned()))?;
    if method != asked.method {
        return Err(Invalid("the method is read-only".to_owned()));
    }
    if !returned.uri.starts_with('/') {
        return Err(Invalid("uri does not begin with a slash".to_owned()));
    }
    let headers = read(&returned.headers)?;
    for name in READ_ONLY {
        if headers.get_all(name).iter().ne(asked.headers.get_all(name).iter()) {
            return Err(Invalid(format!("{name} is read-only")));
        }
    }
    let request = OriginRequest { path: returned.uri, query: returned.querystring, headers, ..asked.clone() };
    Ok(Decision::GoesOn(request))
}

fn generated(returned: Value) -> Result<Decision, Invalid> {
    let returned: Generated =
        serde_json::from_value(returned).map_err(|error| Invalid(format!("no response: {error}")))?;
    let status = match &returned.status {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64().and_then(|code| u16::try_from(code).ok()),
    };
    let status =
        status.filter(|code| (200..600).contains(code)).and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or_else(|| Invalid(format!("{} is no status", returned.status)))?;
    let headers = read(&returned.headers)?;
    for name in headers.keys().map(HeaderName::as_str) {
        if DISALLOWED.contains(&name)
            || READ_ONLY.contains(&name)
            || DISALLOWED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        {
            return Err(Invalid(format!("a function may not add the header {name}")));
        }
    }
    let written = returned.body.as_ref().map_or(0, String::len);
    let size =
        written + headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>();
    if size > MOST_BYTES {
        return Err(Invalid(format!("a response of {size} bytes")));
    }
    let body = match (returned.body, returned.body_encoding.as_deref()) {
        (None, _) => Bytes::new(),
        (Some(text), None | Some("text")) => Bytes::from(text),
        (Some(text), Some("base64")) => {
            BASE64_STANDARD.decode(text).map_err(|_| Invalid("the body is no base64".to_owned()))?.into()
        }
        (_, Some(other)) => return Err(Invalid(format!("there is no bodyEncoding {other}"))),
    };
    if status == StatusCode::NO_CONTENT && !body.is_empty() {
        return Err(Invalid("204 with a body".to_owned()));
    }
    Ok(Decision::Generated { status, headers, body })
}

fn written(headers: &HeaderMap) -> Headers {
    let mut written = Headers::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        written
            .entry(name.as_str().to_owned())
            .or_default()
            .push(Header { key: Some(name.to_string()), value });
    }
    written
}

fn read(headers: &Headers) -> Result<HeaderMap, Invalid> {
    let mut map = HeaderMap::new();
    for (name, values) in headers {
        let wrong = || Invalid(format!("{name} is no header"));
        let parsed = HeaderName::try_from(name).map_err(|_| wrong())?;
        for header in values {
            if header.key.as_ref().is_some_and(|key| !key.eq_ignore_ascii_case(name)) {
                return Err(Invalid(format!("the key of {name} is another name")));
            }
            map.append(&parsed, HeaderValue::try_from(&header.value).map_err(|_| wrong())?);
        }
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> OriginRequest {
        OriginRequest {
            client: [192, 0, 2, 1].into(),
            method: Method::GET,
            path: "/pricing".to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
        }
    }

    fn refusal(returned: Value) -> String {
        decision(&asked(), returned).unwrap_err().to_string()
    }

    #[test]
    fn a_response_is_taken_as_the_guide_shows_it() {
        let returned = json!({
            "status": "200",
            "headers": { "content-type": [{ "key": "Content-Type", "value": "text/html" }] },
            "body": "PGgxPg==",
            "bodyEncoding": "base64",
        });
        let Decision::Generated { status, headers, body } = decision(&asked(), returned).unwrap() else {
            panic!("passed on")
        };
        assert_eq!((status, &body[..]), (StatusCode::OK, &b"<h1>"[..]));
        assert_eq!(headers["content-type"], "text/html");
    }

    #[test]
    fn what_cloudfront_would_refuse_is_refused() {
        let header = |name: &str| json!({ "status": "200", "headers": { name: [{ "value": "1" }] } });
        for name in ["connection", "via", "x-cache", "content-length", "x-edge-location", "x-amz-cf-id"] {
            assert!(refusal(header(name)).contains(name), "{name}");
        }
        assert!(refusal(json!({ "status": "99" })).contains("no status"));
        assert!(
            refusal(json!({ "status": "200", "body": "%", "bodyEncoding": "base64" })).contains("base64")
        );
        assert!(refusal(json!({ "status": "200", "body": "x".repeat(MOST_BYTES + 1) })).contains("bytes"));
        assert!(refusal(json!({ "status": "204", "body": "x" })).contains("204"));
        assert!(refusal(json!(null)).contains("neither"));
        let headers = json!({ "content-type": [{ "key": "Other", "value": "1" }] });
        assert!(refusal(json!({ "status": "200", "headers": headers })).contains("key"));
    }

    #[test]
    fn a_request_goes_on_with_what_may_be_changed() {
        let returned = |uri: &str, method: &str| json!({ "uri": uri, "querystring": "a=1", "method": method, "headers": {} });
        let Decision::GoesOn(request) = decision(&asked(), returned("/other", "GET")).unwrap() else {
            panic!("generated")
        };
        assert_eq!((request.path.as_str(), request.query.as_str()), ("/other", "a=1"));
        assert!(refusal(returned("/pricing", "POST")).contains("method"));
        assert!(refusal(returned("pricing", "GET")).contains("slash"));
    }
}
