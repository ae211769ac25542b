//! A CloudFront distribution as its template describes it: which behavior a path has, where the origins are, what is kept
//! and for how long.
//!
//! Follows the CloudFront developer guide, "All distribution settings reference".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use faxdroid_evaluator::Stack;
use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::template::{Stacks, boolean, number, read};
use crate::viewer_function::ViewerFunction;

pub mod path;
pub mod policies;

use path::PathPattern;
use policies::{CachePolicy, OriginRequestPolicy, ResponseHeadersPolicy};

/// A distribution whose policies and origins are resolved.
#[derive(Debug)]
pub struct Distribution {
    /// `stack.Resource` of the template; its last part names the distribution in events and in the API.
    pub id: String,
    /// The hosts it answers for.
    pub aliases: Vec<String>,
    pub default_root_object: Option<String>,
    origins: BTreeMap<String, Origin>,
    groups: BTreeMap<String, Group>,
    behaviors: Vec<(PathPattern, Arc<Behavior>)>,
    default_behavior: Arc<Behavior>,
    error_responses: BTreeMap<u16, ErrorResponse>,
}

#[derive(Debug, Clone)]
pub struct Behavior {
    /// An origin or a group of origins.
    pub target: String,
    pub viewer_protocol: ViewerProtocol,
    pub allowed_methods: Vec<Method>,
    pub cached_methods: Vec<Method>,
    pub compress: bool,
    pub cache: CachePolicy,
    pub forwarded: OriginRequestPolicy,
    pub response_headers: ResponseHeadersPolicy,
    pub viewer_request_function: Option<ViewerFunction>,
    /// `stack.Resource` of the version that runs at origin requests.
    pub origin_request_function: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewerProtocol {
    AllowAll,
    HttpsOnly,
    RedirectToHttps,
}

#[derive(Debug, Clone)]
pub struct Origin {
    pub id: String,
    /// As in the template, where it may be `<stack.Resource.Attribute>`.
    pub domain_name: String,
    /// Goes before the path of a request.
    pub path: String,
    pub custom_headers: Vec<(HeaderName, HeaderValue)>,
    pub attempts: u64,
    pub connection_timeout: Duration,
    pub read_timeout: Duration,
    pub kind: OriginKind,
}

#[derive(Debug, Clone)]
pub enum OriginKind {
    Bucket,
    Custom { keepalive_seconds: u64, tls: Vec<String> },
}

/// Two origins, the second for the time when the first fails.
#[derive(Debug, Clone)]
struct Group {
    members: [String; 2],
    fails_over_at: Vec<u16>,
}

#[derive(Debug, Clone)]
pub struct ErrorResponse {
    /// Where the page is that is shown instead, and with which status.
    pub page: Option<(String, StatusCode)>,
    pub kept: Duration,
}

/// The origins of a request in the order in which they are asked, and the statuses after which the next one is.
#[derive(Debug)]
pub struct Route<'a> {
    pub origins: Vec<&'a Origin>,
    pub fails_over_at: &'a [u16],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    distribution_config: Config,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Config {
    #[serde(deserialize_with = "boolean")]
    enabled: bool,
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    aliases: Vec<String>,
    #[serde(rename = "HttpVersion")]
    _http_version: Option<String>,
    #[serde(rename = "IPV6Enabled")]
    _ipv6: Option<Value>,
    #[serde(rename = "PriceClass")]
    _price_class: Option<String>,
    #[serde(rename = "WebACLId")]
    web_acl: String,
    #[serde(rename = "ViewerCertificate")]
    _certificate: Value,
    default_root_object: Option<String>,
    origins: Vec<WrittenOrigin>,
    origin_groups: Option<Quantified<WrittenGroup>>,
    default_cache_behavior: WrittenBehavior,
    #[serde(default)]
    cache_behaviors: Vec<WrittenBehavior>,
    #[serde(default)]
    custom_error_responses: Vec<WrittenErrorResponse>,
}

/// A list that says its length as well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Quantified<T> {
    #[serde(deserialize_with = "number")]
    quantity: u64,
    items: Vec<T>,
}

impl<T> Quantified<T> {
    fn items(self, at: &str) -> Result<Vec<T>, Error> {
        if self.quantity == self.items.len() as u64 {
            return Ok(self.items);
        }
        Err(Error::refused(at, format!("Quantity is {}, and there are {}", self.quantity, self.items.len())))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct WrittenOrigin {
    id: String,
    domain_name: String,
    #[serde(default)]
    origin_path: String,
    #[serde(rename = "OriginAccessControlId")]
    access_control: Option<String>,
    #[serde(rename = "S3OriginConfig")]
    s3: Option<S3Config>,
    custom_origin_config: Option<CustomConfig>,
    #[serde(default = "three", deserialize_with = "number")]
    connection_attempts: u64,
    #[serde(default = "ten", deserialize_with = "number")]
    connection_timeout: u64,
    #[serde(default)]
    origin_custom_headers: Vec<CustomHeader>,
}

fn three() -> u64 {
    3
}

fn ten() -> u64 {
    10
}

fn thirty() -> u64 {
    30
}

fn five() -> u64 {
    5
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct S3Config {
    origin_access_identity: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CustomConfig {
    #[serde(rename = "OriginProtocolPolicy")]
    _protocol: String,
    #[serde(rename = "OriginSSLProtocols", default)]
    tls: Vec<String>,
    #[serde(default = "thirty", deserialize_with = "number")]
    origin_read_timeout: u64,
    #[serde(default = "five", deserialize_with = "number")]
    origin_keepalive_timeout: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CustomHeader {
    header_name: String,
    header_value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct WrittenGroup {
    id: String,
    failover_criteria: FailoverCriteria,
    members: Quantified<Member>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct FailoverCriteria {
    status_codes: Quantified<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Member {
    origin_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct WrittenBehavior {
    path_pattern: Option<String>,
    target_origin_id: String,
    viewer_protocol_policy: ViewerProtocol,
    #[serde(default = "get_and_head")]
    allowed_methods: Vec<String>,
    #[serde(default = "get_and_head")]
    cached_methods: Vec<String>,
    cache_policy_id: String,
    origin_request_policy_id: Option<String>,
    response_headers_policy_id: Option<String>,
    #[serde(default, deserialize_with = "boolean")]
    compress: bool,
    #[serde(default)]
    function_associations: Vec<ViewerFunctionAssociation>,
    #[serde(default)]
    lambda_function_associations: Vec<LambdaAssociation>,
}

fn get_and_head() -> Vec<String> {
    ["GET", "HEAD"].map(str::to_owned).into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ViewerFunctionAssociation {
    event_type: ViewerEvent,
    #[serde(rename = "FunctionARN")]
    arn: String,
}

/// The only event that is played here for a CloudFront Function.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ViewerEvent {
    ViewerRequest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct LambdaAssociation {
    event_type: OriginEvent,
    #[serde(rename = "LambdaFunctionARN")]
    arn: String,
    #[serde(default, deserialize_with = "boolean")]
    include_body: bool,
}

/// The only event that is played here for Lambda@Edge.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OriginEvent {
    OriginRequest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct WrittenErrorResponse {
    #[serde(deserialize_with = "number")]
    error_code: u64,
    #[serde(default = "ten", rename = "ErrorCachingMinTTL", deserialize_with = "number")]
    kept_seconds: u64,
    response_page_path: Option<String>,
    response_code: Option<Value>,
}

impl Distribution {
    /// The distribution of `stacks`.
    ///
    /// # Errors
    ///
    /// When there is none, or it has something that is not known here or that CloudFront would refuse.
    pub fn read(stacks: &[Stack]) -> Result<Self, Error> {
        let stacks = Stacks(stacks);
        let (id, resource) = stacks.the("AWS::CloudFront::Distribution")?;
        let config = read::<Properties>(&id, &resource.properties)?.distribution_config;
        if !config.enabled {
            return Err(Error::refused(&id, "is not enabled"));
        }
        stacks.referred(&id, &config.web_acl, "AWS::WAFv2::WebACL")?;
        let reading = Reading { at: &id, stacks };
        let groups = config.origin_groups.map_or(Ok(Vec::new()), |groups| groups.items(&id))?;
        let mut behaviors = Vec::new();
        for behavior in config.cache_behaviors {
            let pattern = behavior.path_pattern.as_deref();
            let pattern =
                pattern.ok_or_else(|| Error::refused(&id, "a cache behavior without a PathPattern"))?;
            behaviors.push((PathPattern::new(pattern), Arc::new(reading.behavior(behavior)?)));
        }
        let distribution = Self {
            aliases: config.aliases,
            default_root_object: config.default_root_object.filter(|object| !object.is_empty()),
            origins: reading.each(config.origins, Reading::origin)?,
            groups: reading.each(groups, Reading::group)?,
            behaviors,
            default_behavior: Arc::new(reading.behavior(config.default_cache_behavior)?),
            error_responses: reading.each(config.custom_error_responses, Reading::error_response)?,
            id: id.clone(),
        };
        distribution.check_references()?;
        Ok(distribution)
    }

    fn check_references(&self) -> Result<(), Error> {
        let missing = |what: &str| Err(Error::refused(&self.id, format!("there is no origin {what}")));
        for group in self.groups.values() {
            if let Some(member) = group.members.iter().find(|member| !self.origins.contains_key(*member)) {
                return missing(member);
            }
        }
        let behaviors = self.behaviors.iter().map(|(_, behavior)| behavior).chain([&self.default_behavior]);
        for behavior in behaviors {
            if !self.origins.contains_key(&behavior.target) && !self.groups.contains_key(&behavior.target) {
                return missing(&behavior.target);
            }
        }
        Ok(())
    }

    /// The behavior of a path as it came: of the first pattern that fits its normal form, else the default.
    pub fn behavior(&self, raw_path: &str) -> &Arc<Behavior> {
        let path = path::normal_form(raw_path);
        let found = self.behaviors.iter().find(|(pattern, _)| pattern.matches(&path));
        found.map_or(&self.default_behavior, |(_, behavior)| behavior)
    }

    /// By which events and the API know it.
    pub fn name(&self) -> &str {
        self.id.rsplit('.').next().unwrap_or_default()
    }

    pub fn route(&self, target: &str) -> Route<'_> {
        let origin = |id: &str| self.origins.get(id);
        match self.groups.get(target) {
            Some(group) => Route {
                origins: group.members.iter().filter_map(|id| origin(id)).collect(),
                fails_over_at: &group.fails_over_at,
            },
            None => Route { origins: origin(target).into_iter().collect(), fails_over_at: &[] },
        }
    }

    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.origins.values()
    }

    pub fn error_response(&self, status: StatusCode) -> Option<&ErrorResponse> {
        self.error_responses.get(&status.as_u16())
    }

    /// The functions that its behaviors run.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let behaviors = self.behaviors.iter().map(|(_, behavior)| behavior).chain([&self.default_behavior]);
        behaviors.filter_map(|behavior| behavior.origin_request_function.as_deref())
    }

    /// The site at another port than its protocol's own: what custom headers say of its address follows. Templates name no
    /// ports.
    #[must_use]
    pub fn at_port(mut self, port: u16) -> Self {
        let sites: Vec<String> = self.aliases.iter().map(|alias| format!("https://{alias}")).collect();
        for (_, value) in self.origins.values_mut().flat_map(|origin| &mut origin.custom_headers) {
            let moved = value.to_str().ok().filter(|text| sites.iter().any(|site| site == text));
            if let Some(moved) = moved.and_then(|site| HeaderValue::try_from(format!("{site}:{port}")).ok()) {
                *value = moved;
            }
        }
        self
    }
}

struct Reading<'a> {
    at: &'a str,
    stacks: Stacks<'a>,
}

impl Reading<'_> {
    fn each<W, K: Ord, T>(
        &self,
        written: Vec<W>,
        one: impl Fn(&Self, W) -> Result<(K, T), Error>,
    ) -> Result<BTreeMap<K, T>, Error> {
        written.into_iter().map(|written| one(self, written)).collect()
    }

    fn refused(&self, what: impl Into<String>) -> Error {
        Error::refused(self.at, what)
    }

    fn origin(&self, origin: WrittenOrigin) -> Result<(String, Origin), Error> {
        let at = |what: &str| self.refused(format!("origin {}: {what}", origin.id));
        let (kind, read_seconds) = match (origin.s3, origin.custom_origin_config) {
            (Some(s3), None) => {
                if !s3.origin_access_identity.is_empty() {
                    return Err(at(
                        "has an origin access identity, which origin access control has replaced",
                    ));
                }
                let control = origin.access_control.as_deref();
                let control =
                    control.ok_or_else(|| at("has no OriginAccessControlId: its bucket would be public"))?;
                self.stacks.referred(self.at, control, "AWS::CloudFront::OriginAccessControl")?;
                (OriginKind::Bucket, 30)
            }
            (None, Some(custom)) => {
                let keepalive_seconds = custom.origin_keepalive_timeout;
                (OriginKind::Custom { keepalive_seconds, tls: custom.tls }, custom.origin_read_timeout)
            }
            _ => return Err(at("wants either S3OriginConfig or CustomOriginConfig")),
        };
        let mut custom_headers = Vec::new();
        for header in origin.origin_custom_headers {
            let name = HeaderName::try_from(&header.header_name).map_err(|_| at(&header.header_name))?;
            custom_headers
                .push((name, HeaderValue::try_from(&header.header_value).map_err(|_| at("no header"))?));
        }
        let read = Origin {
            id: origin.id.clone(),
            domain_name: origin.domain_name,
            path: origin.origin_path,
            custom_headers,
            attempts: origin.connection_attempts,
            connection_timeout: Duration::from_secs(origin.connection_timeout),
            read_timeout: Duration::from_secs(read_seconds),
            kind,
        };
        Ok((origin.id, read))
    }

    fn group(&self, group: WrittenGroup) -> Result<(String, Group), Error> {
        let members = group.members.items(self.at)?.into_iter().map(|member| member.origin_id);
        let members: Vec<String> = members.collect();
        let members = members.try_into().map_err(|_| self.refused("an origin group wants two members"))?;
        let fails_over_at = group.failover_criteria.status_codes.items(self.at)?;
        // "Choose the HTTP status codes", the whole list.
        if let Some(code) =
            fails_over_at.iter().find(|code| ![400, 403, 404, 416, 429, 500, 502, 503, 504].contains(*code))
        {
            return Err(self.refused(format!("no origin group fails over at {code}")));
        }
        Ok((group.id, Group { members, fails_over_at }))
    }

    fn behavior(&self, behavior: WrittenBehavior) -> Result<Behavior, Error> {
        let methods = |names: &[String]| -> Result<Vec<Method>, Error> {
            names
                .iter()
                .map(|name| name.parse().map_err(|_| self.refused(format!("no method {name}"))))
                .collect()
        };
        let mut viewer_request_function = None;
        for association in behavior.function_associations {
            let ViewerEvent::ViewerRequest = association.event_type;
            let function = ViewerFunction::find(self.at, &self.stacks, &association.arn)?;
            if viewer_request_function.replace(function).is_some() {
                return Err(self.refused("two functions for one event"));
            }
        }
        let mut origin_request_function = None;
        for association in behavior.lambda_function_associations {
            let OriginEvent::OriginRequest = association.event_type;
            if association.include_body {
                return Err(self.refused("IncludeBody is not played here"));
            }
            let (name, _) = self.stacks.referred(self.at, &association.arn, "AWS::Lambda::Version")?;
            if origin_request_function.replace(name).is_some() {
                return Err(self.refused("two functions for one event"));
            }
        }
        Ok(Behavior {
            target: behavior.target_origin_id,
            viewer_protocol: behavior.viewer_protocol_policy,
            allowed_methods: methods(&behavior.allowed_methods)?,
            cached_methods: methods(&behavior.cached_methods)?,
            compress: behavior.compress,
            cache: CachePolicy::find(self.at, &self.stacks, &behavior.cache_policy_id)?,
            forwarded: OriginRequestPolicy::find(
                self.at,
                &self.stacks,
                behavior.origin_request_policy_id.as_deref(),
            )?,
            response_headers: ResponseHeadersPolicy::find(
                self.at,
                &self.stacks,
                behavior.response_headers_policy_id.as_deref(),
            )?,
            viewer_request_function,
            origin_request_function,
        })
    }

    fn error_response(&self, written: WrittenErrorResponse) -> Result<(u16, ErrorResponse), Error> {
        let code = u16::try_from(written.error_code).ok().filter(|code| (400..600).contains(code));
        let code = code.ok_or_else(|| self.refused(format!("{} is no error", written.error_code)))?;
        let status =
            written.response_code.map(|code| code.to_string().trim_matches('"').parse::<StatusCode>());
        let page = match (written.response_page_path, status) {
            (Some(page), Some(Ok(status))) => Some((page, status)),
            (None, None) => None,
            _ => return Err(self.refused("ResponsePagePath and ResponseCode belong together")),
        };
        Ok((code, ErrorResponse { page, kept: Duration::from_secs(written.kept_seconds) }))
    }
}
