//! What is in a cache key, what is forwarded to an origin, and which headers are added to responses.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use crate::Error;
use crate::template::{Stacks, boolean, number, read};

#[derive(Debug, Clone)]
pub struct CachePolicy {
    pub min: Duration,
    pub default: Duration,
    pub max: Duration,
    pub brotli: bool,
    pub gzip: bool,
    pub headers: Vec<HeaderName>,
    pub cookies: Chosen,
    pub queries: Chosen,
}

/// Which cookies or parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    None,
    All,
    These(Vec<String>),
    AllExcept(Vec<String>),
}

impl Chosen {
    pub fn includes(&self, name: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|listed| listed == name);
        match self {
            Self::None => false,
            Self::All => true,
            Self::These(names) => listed(names),
            Self::AllExcept(names) => !listed(names),
        }
    }
}

/// What an origin is sent beside what is in the cache key.
#[derive(Debug, Clone)]
pub struct OriginRequestPolicy {
    pub headers: ForwardedHeaders,
    pub cookies: Chosen,
    pub queries: Chosen,
}

#[derive(Debug, Clone)]
pub enum ForwardedHeaders {
    These(Vec<HeaderName>),
    AllExcept(Vec<HeaderName>),
}

impl ForwardedHeaders {
    pub fn includes(&self, name: &HeaderName) -> bool {
        match self {
            Self::These(names) => names.contains(name),
            Self::AllExcept(names) => !names.contains(name),
        }
    }
}

/// Headers that CloudFront adds to what it answers.
#[derive(Debug, Clone, Default)]
pub struct ResponseHeadersPolicy {
    /// With whether they replace what the origin says.
    set: Vec<(HeaderName, HeaderValue, bool)>,
    removed: Vec<HeaderName>,
}

impl ResponseHeadersPolicy {
    pub fn apply(&self, headers: &mut HeaderMap) {
        for name in &self.removed {
            headers.remove(name);
        }
        for (name, value, replaces) in &self.set {
            if *replaces || !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

/// AWS's managed policy "CachingDisabled" ("Use managed cache policies").
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
/// AWS's managed policy "CachingOptimized".
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// AWS's managed policy "AllViewerExceptHostHeader" ("Use managed origin request policies").
const ALL_VIEWER_EXCEPT_HOST_HEADER: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct WrittenCachePolicy {
    cache_policy_config: CacheConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CacheConfig {
    #[serde(rename = "Name")]
    _name: String,
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    #[serde(rename = "MinTTL", deserialize_with = "number")]
    min: u64,
    #[serde(rename = "DefaultTTL", deserialize_with = "number")]
    default: u64,
    #[serde(rename = "MaxTTL", deserialize_with = "number")]
    max: u64,
    parameters_in_cache_key_and_forwarded_to_origin: CacheKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CacheKey {
    #[serde(default, deserialize_with = "boolean")]
    enable_accept_encoding_brotli: bool,
    #[serde(default, deserialize_with = "boolean")]
    enable_accept_encoding_gzip: bool,
    cookies_config: CookiesConfig,
    headers_config: HeadersConfig,
    query_strings_config: QueryStringsConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CookiesConfig {
    cookie_behavior: String,
    #[serde(default)]
    cookies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct QueryStringsConfig {
    query_string_behavior: String,
    #[serde(default)]
    query_strings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct HeadersConfig {
    header_behavior: String,
    #[serde(default)]
    headers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct WrittenOriginRequestPolicy {
    origin_request_policy_config: OriginRequestConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct OriginRequestConfig {
    #[serde(rename = "Name")]
    _name: String,
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    cookies_config: CookiesConfig,
    headers_config: HeadersConfig,
    query_strings_config: QueryStringsConfig,
}

fn chosen(at: &str, behavior: &str, names: Vec<String>) -> Result<Chosen, Error> {
    match behavior {
        "none" => Ok(Chosen::None),
        "all" => Ok(Chosen::All),
        "whitelist" => Ok(Chosen::These(names)),
        "allExcept" => Ok(Chosen::AllExcept(names)),
        other => Err(Error::refused(at, format!("the behavior {other} is not known"))),
    }
}

fn names(at: &str, names: &[String]) -> Result<Vec<HeaderName>, Error> {
    let parsed = |name: &String| {
        HeaderName::try_from(name).map_err(|_| Error::refused(at, format!("no header {name}")))
    };
    names.iter().map(parsed).collect()
}

impl CachePolicy {
    pub(crate) fn find(at: &str, stacks: &Stacks<'_>, id: &str) -> Result<Self, Error> {
        let managed = |min, default, max, compressed| Self {
            min: Duration::from_secs(min),
            default: Duration::from_secs(default),
            max: Duration::from_secs(max),
            brotli: compressed,
            gzip: compressed,
            headers: Vec::new(),
            cookies: Chosen::None,
            queries: Chosen::None,
        };
        match id {
            CACHING_DISABLED => return Ok(managed(0, 0, 0, false)),
            CACHING_OPTIMIZED => return Ok(managed(1, 86_400, 31_536_000, true)),
            _ => {}
        }
        let (at, resource) = stacks.referred(at, id, "AWS::CloudFront::CachePolicy")?;
        let config = read::<WrittenCachePolicy>(&at, &resource.properties)?.cache_policy_config;
        let key = config.parameters_in_cache_key_and_forwarded_to_origin;
        if !(config.min <= config.default && config.default <= config.max) {
            return Err(Error::refused(&at, "MinTTL, DefaultTTL and MaxTTL do not ascend"));
        }
        Ok(Self {
            min: Duration::from_secs(config.min),
            default: Duration::from_secs(config.default),
            max: Duration::from_secs(config.max),
            brotli: key.enable_accept_encoding_brotli,
            gzip: key.enable_accept_encoding_gzip,
            headers: match key.headers_config.header_behavior.as_str() {
                "none" => Vec::new(),
                "whitelist" => names(&at, &key.headers_config.headers)?,
                other => return Err(Error::refused(&at, format!("HeaderBehavior {other} is not known"))),
            },
            cookies: chosen(&at, &key.cookies_config.cookie_behavior, key.cookies_config.cookies)?,
            queries: chosen(
                &at,
                &key.query_strings_config.query_string_behavior,
                key.query_strings_config.query_strings,
            )?,
        })
    }

    /// Whether nothing but errors is ever kept.
    pub fn keeps_nothing(&self) -> bool {
        self.max.is_zero()
    }
}

impl OriginRequestPolicy {
    pub(crate) fn find(at: &str, stacks: &Stacks<'_>, id: Option<&str>) -> Result<Self, Error> {
        let Some(id) = id else {
            let headers = ForwardedHeaders::These(Vec::new());
            return Ok(Self { headers, cookies: Chosen::None, queries: Chosen::None });
        };
        if id == ALL_VIEWER_EXCEPT_HOST_HEADER {
            let headers = ForwardedHeaders::AllExcept(vec![axum::http::header::HOST]);
            return Ok(Self { headers, cookies: Chosen::All, queries: Chosen::All });
        }
        let (at, resource) = stacks.referred(at, id, "AWS::CloudFront::OriginRequestPolicy")?;
        let config =
            read::<WrittenOriginRequestPolicy>(&at, &resource.properties)?.origin_request_policy_config;
        let listed = names(&at, &config.headers_config.headers)?;
        Ok(Self {
            headers: match config.headers_config.header_behavior.as_str() {
                "none" | "whitelist" => ForwardedHeaders::These(listed),
                "allViewer" | "allExcept" => ForwardedHeaders::AllExcept(listed),
                other => return Err(Error::refused(&at, format!("HeaderBehavior {other} is not known"))),
            },
            cookies: chosen(&at, &config.cookies_config.cookie_behavior, config.cookies_config.cookies)?,
            queries: chosen(
                &at,
                &config.query_strings_config.query_string_behavior,
                config.query_strings_config.query_strings,
            )?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct WrittenResponseHeaders {
    response_headers_policy_config: ResponseHeadersConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ResponseHeadersConfig {
    #[serde(rename = "Name")]
    _name: String,
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    security_headers_config: Option<SecurityHeaders>,
    remove_headers_config: Option<Items<RemovedHeader>>,
    custom_headers_config: Option<Items<AddedHeader>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RemovedHeader {
    header: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct AddedHeader {
    header: String,
    value: String,
    #[serde(rename = "Override", deserialize_with = "boolean")]
    replaces: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct SecurityHeaders {
    strict_transport_security: Option<StrictTransportSecurity>,
    content_type_options: Option<Switch>,
    referrer_policy: Option<ReferrerPolicy>,
    frame_options: Option<FrameOptions>,
    content_security_policy: Option<ContentSecurityPolicy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct StrictTransportSecurity {
    #[serde(deserialize_with = "number")]
    access_control_max_age_sec: u64,
    #[serde(default, deserialize_with = "boolean")]
    include_subdomains: bool,
    #[serde(default, deserialize_with = "boolean")]
    preload: bool,
    #[serde(rename = "Override", deserialize_with = "boolean")]
    replaces: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    #[serde(rename = "Override", deserialize_with = "boolean")]
    replaces: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferrerPolicy {
    #[serde(rename = "ReferrerPolicy")]
    value: String,
    #[serde(rename = "Override", deserialize_with = "boolean")]
    replaces: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameOptions {
    #[serde(rename = "FrameOption")]
    value: String,
    #[serde(rename = "Override", deserialize_with = "boolean")]
    replaces: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentSecurityPolicy {
    #[serde(rename = "ContentSecurityPolicy")]
    value: String,
    #[serde(rename = "Override", deserialize_with = "boolean")]
    replaces: bool,
}

impl ResponseHeadersPolicy {
    pub(crate) fn find(at: &str, stacks: &Stacks<'_>, id: Option<&str>) -> Result<Self, Error> {
        let Some(id) = id else { return Ok(Self::default()) };
        let (at, resource) = stacks.referred(at, id, "AWS::CloudFront::ResponseHeadersPolicy")?;
        let config =
            read::<WrittenResponseHeaders>(&at, &resource.properties)?.response_headers_policy_config;
        let mut headers: Vec<(String, String, bool)> = Vec::new();
        if let Some(security) = config.security_headers_config {
            headers.extend(security.written());
        }
        let custom = config.custom_headers_config.map(|custom| custom.items).unwrap_or_default();
        headers.extend(custom.into_iter().map(|header| (header.header, header.value, header.replaces)));
        let mut set = Vec::new();
        for (name, value, replaces) in headers {
            let wrong = || Error::refused(&at, format!("{name}: {value} is no header"));
            let parsed = HeaderName::try_from(&name).map_err(|_| wrong())?;
            set.push((parsed, HeaderValue::try_from(&value).map_err(|_| wrong())?, replaces));
        }
        let removed = config.remove_headers_config.map(|removed| removed.items).unwrap_or_default();
        let removed: Vec<String> = removed.into_iter().map(|removed| removed.header).collect();
        Ok(Self { set, removed: names(&at, &removed)? })
    }
}

impl SecurityHeaders {
    fn written(self) -> Vec<(String, String, bool)> {
        let mut headers = Vec::new();
        if let Some(transport) = self.strict_transport_security {
            let mut value = format!("max-age={}", transport.access_control_max_age_sec);
            if transport.include_subdomains {
                value.push_str("; includeSubDomains");
            }
            if transport.preload {
                value.push_str("; preload");
            }
            headers.push(("strict-transport-security", value, transport.replaces));
        }
        if let Some(options) = self.content_type_options {
            headers.push(("x-content-type-options", "nosniff".to_owned(), options.replaces));
        }
        if let Some(policy) = self.referrer_policy {
            headers.push(("referrer-policy", policy.value, policy.replaces));
        }
        if let Some(options) = self.frame_options {
            headers.push(("x-frame-options", options.value, options.replaces));
        }
        if let Some(policy) = self.content_security_policy {
            headers.push(("content-security-policy", policy.value, policy.replaces));
        }
        headers.into_iter().map(|(name, value, replaces)| (name.to_owned(), value, replaces)).collect()
    }
}
