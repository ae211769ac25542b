//! The events of CloudFront that run a function, as far as the renderer reads them.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What a URI may not contain as it stands, beside what is not ASCII (RFC 3986, 2). `%` stays: CloudFront hands over
/// what is encoded as it came.
const NOT_IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
const NOT_IN_PATH: &AsciiSet = &NOT_IN_URI.add(b'?');

/// An event: always of one record.
#[derive(Debug, Deserialize)]
pub struct Event<'a> {
    #[serde(rename = "Records", borrow)]
    pub records: (Record<'a>,),
}

#[derive(Debug, Deserialize)]
pub struct Record<'a> {
    #[serde(borrow)]
    pub cf: Cf<'a>,
}

#[derive(Debug, Deserialize)]
pub struct Cf<'a> {
    pub config: Config,
    /// Kept as it came, so that it can be passed on unchanged.
    #[serde(borrow)]
    pub request: &'a RawValue,
    /// In response events only.
    #[serde(borrow, default)]
    pub response: Option<&'a RawValue>,
}

/// What CloudFront says of the distribution and the trigger.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    pub distribution_domain_name: String,
    pub distribution_id: String,
    pub event_type: EventType,
    /// Names the request in CloudFront's logs as well (`x-edge-request-id`).
    #[serde(default)]
    pub request_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventType {
    ViewerRequest,
    OriginRequest,
    OriginResponse,
    ViewerResponse,
}

/// Headers by their names in lowercase; a header that is repeated has several values.
pub type Headers = BTreeMap<String, Vec<Header>>;

/// One value of a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The name as it stands in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub value: String,
}

/// The request that CloudFront is about to send to the origin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub client_ip: String,
    pub headers: Headers,
    pub method: String,
    /// Without the question mark; empty when there is none.
    pub querystring: String,
    /// The path.
    pub uri: String,
    /// Only where the trigger includes it.
    #[serde(default)]
    pub body: Option<RequestBody>,
    /// In origin events only.
    #[serde(default)]
    pub origin: Option<Origin>,
}

/// The body of a request, cut off at 1 MB for an origin event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestBody {
    pub input_truncated: bool,
    pub action: BodyAction,
    pub encoding: BodyEncoding,
    pub data: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyAction {
    ReadOnly,
    Replace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyEncoding {
    Text,
    Base64,
}

/// Where the request would go: a bucket or a server of our own, never both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    S3(S3Origin),
    Custom(CustomOrigin),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Origin {
    #[serde(default)]
    pub auth_method: String,
    pub custom_headers: Headers,
    pub domain_name: String,
    pub path: String,
    /// Only with an origin access identity.
    #[serde(default)]
    pub region: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomOrigin {
    pub custom_headers: Headers,
    pub domain_name: String,
    /// In seconds.
    pub keepalive_timeout: u32,
    pub path: String,
    pub port: u16,
    pub protocol: String,
    /// In seconds.
    pub read_timeout: u32,
    pub ssl_protocols: Vec<String>,
}

/// Why a request of an event is none of HTTP.
#[derive(Debug, thiserror::Error)]
pub enum NotHttp {
    #[error("no URI: {0}")]
    Uri(#[from] http::uri::InvalidUri),
    #[error("no method: {0}")]
    Method(#[from] http::method::InvalidMethod),
    #[error("no base64: {0}")]
    Body(#[from] base64::DecodeError),
    /// CloudFront hands over the beginning of a large body; it must not be taken for the whole.
    #[error("the body was cut off")]
    Truncated,
}

impl Request {
    /// The same request in the terms of HTTP.
    ///
    /// # Errors
    ///
    /// When path, query, method or body are none, or the body is not there to its end.
    pub fn to_http(&self) -> Result<http::Request<Body>, NotHttp> {
        let mut uri = utf8_percent_encode(&self.uri, NOT_IN_PATH).to_string();
        if !self.querystring.is_empty() {
            uri.push('?');
            uri.extend(utf8_percent_encode(&self.querystring, NOT_IN_URI));
        }
        let mut request = http::Request::new(self.http_body()?);
        *request.uri_mut() = uri.parse::<Uri>()?;
        *request.method_mut() = self.method.parse::<Method>()?;
        *request.headers_mut() = self.http_headers();
        Ok(request)
    }

    /// Of what is no header for HTTP nothing could be made anyway.
    fn http_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, values) in &self.headers {
            let Ok(name) = HeaderName::try_from(name) else { continue };
            for value in values.iter().filter_map(|header| HeaderValue::try_from(&header.value).ok()) {
                headers.append(name.clone(), value);
            }
        }
        headers
    }

    fn http_body(&self) -> Result<Body, NotHttp> {
        Ok(match &self.body {
            None => Body::empty(),
            Some(RequestBody { input_truncated: true, .. }) => return Err(NotHttp::Truncated),
            Some(RequestBody { encoding: BodyEncoding::Base64, data, .. }) => {
                Body::from(BASE64_STANDARD.decode(data)?)
            }
            Some(RequestBody { encoding: BodyEncoding::Text, data, .. }) => Body::from(data.clone()),
        })
    }

    /// A header that the distribution adds for this origin: the configuration of a function that can have no
    /// environment variables. A visitor cannot send it.
    pub fn custom_header(&self, name: &str) -> Option<&str> {
        let headers = match self.origin.as_ref()? {
            Origin::S3(origin) => &origin.custom_headers,
            Origin::Custom(origin) => &origin.custom_headers,
        };
        headers.get(name)?.first().map(|header| header.value.as_str())
    }
}
