//! The statements of rules: as they are written in a template, and as they are evaluated.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::http::HeaderName;
use ipnet::IpNet;
use regex::bytes::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::Inspected;
use super::rate::Rate;
use super::transformation::{Kind, Transformation, apply};
use crate::Error;
use crate::template::{Stacks, number, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Written {
    #[serde(rename = "AndStatement")]
    And(Nested),
    #[serde(rename = "OrStatement")]
    Or(Nested),
    #[serde(rename = "NotStatement")]
    Not(Negated),
    #[serde(rename = "IPSetReferenceStatement")]
    IpSetReference(IpSetReference),
    #[serde(rename = "ByteMatchStatement")]
    ByteMatch(ByteMatch),
    #[serde(rename = "RegexMatchStatement")]
    RegexMatch(RegexMatch),
    #[serde(rename = "RegexPatternSetReferenceStatement")]
    RegexPatternSetReference(RegexPatternSetReference),
    #[serde(rename = "SizeConstraintStatement")]
    SizeConstraint(SizeConstraint),
    #[serde(rename = "RateBasedStatement")]
    RateBased(RateBased),
    #[serde(rename = "ManagedRuleGroupStatement")]
    ManagedRuleGroup(ManagedRuleGroup),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Nested {
    statements: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Negated {
    statement: Box<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IpSetReference {
    #[serde(rename = "Arn")]
    arn: String,
    #[serde(rename = "IPSetForwardedIPConfig")]
    forwarded: Option<ForwardedIp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ByteMatch {
    field_to_match: FieldToMatch,
    positional_constraint: PositionalConstraint,
    search_string: String,
    text_transformations: Vec<Transformation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum PositionalConstraint {
    Exactly,
    StartsWith,
    EndsWith,
    Contains,
    ContainsWord,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct RegexMatch {
    field_to_match: FieldToMatch,
    regex_string: String,
    text_transformations: Vec<Transformation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct RegexPatternSetReference {
    arn: String,
    field_to_match: FieldToMatch,
    text_transformations: Vec<Transformation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct SizeConstraint {
    field_to_match: FieldToMatch,
    comparison_operator: Comparison,
    #[serde(deserialize_with = "number")]
    size: u64,
    text_transformations: Vec<Transformation>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Comparison {
    Eq,
    Ne,
    Le,
    Lt,
    Ge,
    Gt,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct RateBased {
    aggregate_key_type: AggregateKey,
    #[serde(deserialize_with = "number")]
    limit: u64,
    #[serde(default = "five_minutes", deserialize_with = "number")]
    evaluation_window_sec: u64,
    scope_down_statement: Option<Box<Written>>,
    #[serde(rename = "ForwardedIPConfig")]
    forwarded: Option<ForwardedIp>,
}

fn five_minutes() -> u64 {
    300
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum AggregateKey {
    #[serde(rename = "IP")]
    Ip,
    #[serde(rename = "FORWARDED_IP")]
    ForwardedIp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ManagedRuleGroup {
    #[serde(rename = "VendorName")]
    _vendor: Vendor,
    pub(super) name: String,
}

#[derive(Deserialize)]
enum Vendor {
    #[serde(rename = "AWS")]
    Aws,
}

/// Which address of a header is meant, and what holds where there is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ForwardedIp {
    header_name: String,
    fallback_behavior: Fallback,
    position: Option<Position>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Fallback {
    Match,
    NoMatch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Position {
    First,
    Last,
    Any,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
enum FieldToMatch {
    Method {},
    UriPath {},
    QueryString {},
    SingleHeader {
        #[serde(rename = "Name")]
        name: String,
    },
}

/// A statement whose references are resolved.
#[derive(Debug)]
pub(super) enum Statement {
    All(Vec<Statement>),
    Any(Vec<Statement>),
    Not(Box<Statement>),
    From { networks: Vec<IpNet>, address: AddressOf },
    Compares { field: Field, test: Test },
    Exceeds { rate: Rate, address: AddressOf, scope: Option<Box<Statement>> },
}

#[derive(Debug)]
pub(super) struct Field {
    component: Component,
    transformations: Vec<Kind>,
}

#[derive(Debug)]
enum Component {
    Method,
    Path,
    Query,
    Header(HeaderName),
}

#[derive(Debug)]
pub(super) enum Test {
    Bytes(PositionalConstraint, Vec<u8>),
    Patterns(Vec<Regex>),
    Size(Comparison, u64),
}

/// Whose address counts.
#[derive(Debug)]
pub(super) enum AddressOf {
    Connection,
    Header { name: HeaderName, position: Position, without_address: bool },
}

/// What a header says of addresses.
enum Told {
    /// There is no such header: the statement does not apply.
    Nothing,
    NoAddress,
    Addresses(Vec<IpAddr>),
}

impl Statement {
    pub(super) fn read(at: &str, written: Written, stacks: &Stacks<'_>) -> Result<Self, Error> {
        if let Written::RateBased(rate) = written {
            return Self::rate(at, rate, stacks);
        }
        Self::within(at, written, stacks)
    }

    /// A statement that may stand within others.
    fn within(at: &str, written: Written, stacks: &Stacks<'_>) -> Result<Self, Error> {
        let nested = |nested: Nested| -> Result<Vec<Self>, Error> {
            // "You must specify at least two statements."
            if nested.statements.len() < 2 {
                return Err(Error::refused(at, "And and Or want two statements at least"));
            }
            nested.statements.into_iter().map(|statement| Self::within(at, statement, stacks)).collect()
        };
        Ok(match written {
            Written::And(statements) => Self::All(nested(statements)?),
            Written::Or(statements) => Self::Any(nested(statements)?),
            Written::Not(negated) => Self::Not(Box::new(Self::within(at, *negated.statement, stacks)?)),
            Written::IpSetReference(set) => Self::From {
                networks: networks(at, &set.arn, stacks)?,
                address: AddressOf::read(at, set.forwarded)?,
            },
            Written::ByteMatch(bytes) => Self::Compares {
                field: Field::read(at, bytes.field_to_match, bytes.text_transformations)?,
                test: Test::Bytes(bytes.positional_constraint, bytes.search_string.into_bytes()),
            },
            Written::RegexMatch(regex) => Self::Compares {
                field: Field::read(at, regex.field_to_match, regex.text_transformations)?,
                test: Test::Patterns(vec![pattern(at, &regex.regex_string)?]),
            },
            Written::RegexPatternSetReference(set) => Self::Compares {
                field: Field::read(at, set.field_to_match, set.text_transformations)?,
                test: Test::Patterns(patterns(at, &set.arn, stacks)?),
            },
            Written::SizeConstraint(size) => Self::Compares {
                field: Field::read(at, size.field_to_match, size.text_transformations)?,
                test: Test::Size(size.comparison_operator, size.size),
            },
            Written::RateBased(_) | Written::ManagedRuleGroup(_) => {
                return Err(Error::refused(at, "a rate and a rule group cannot stand within a statement"));
            }
        })
    }

    fn rate(at: &str, rate: RateBased, stacks: &Stacks<'_>) -> Result<Self, Error> {
        if ![60, 120, 300, 600].contains(&rate.evaluation_window_sec) {
            return Err(Error::refused(at, "EvaluationWindowSec is 60, 120, 300 or 600"));
        }
        if (rate.aggregate_key_type == AggregateKey::ForwardedIp) != rate.forwarded.is_some() {
            return Err(Error::refused(at, "ForwardedIPConfig belongs to the key FORWARDED_IP"));
        }
        let limit = usize::try_from(rate.limit).ok().filter(|limit| *limit >= 10);
        let limit = limit.ok_or_else(|| Error::refused(at, "the least Limit is 10"))?;
        Ok(Self::Exceeds {
            rate: Rate::new(limit, Duration::from_secs(rate.evaluation_window_sec)),
            address: AddressOf::read(at, rate.forwarded)?,
            scope: match rate.scope_down_statement {
                Some(statement) => Some(Box::new(Self::within(at, *statement, stacks)?)),
                None => None,
            },
        })
    }

    pub(super) fn matches(&self, request: &Inspected<'_>, now: Instant) -> bool {
        match self {
            Self::All(statements) => statements.iter().all(|statement| statement.matches(request, now)),
            Self::Any(statements) => statements.iter().any(|statement| statement.matches(request, now)),
            Self::Not(statement) => !statement.matches(request, now),
            Self::From { networks, address } => {
                address.any(request, |address| networks.iter().any(|network| network.contains(&address)))
            }
            Self::Compares { field, test } => field.matches(request, test),
            Self::Exceeds { rate, address, scope } => {
                scope.as_ref().is_none_or(|scope| scope.matches(request, now))
                    && address.any(request, |address| rate.exceeded(address, now))
            }
        }
    }
}

impl Field {
    fn read(at: &str, field: FieldToMatch, mut transformations: Vec<Transformation>) -> Result<Self, Error> {
        if transformations.is_empty() {
            return Err(Error::refused(at, "TextTransformations wants one at least: NONE"));
        }
        transformations.sort_by_key(|transformation| transformation.priority);
        let component = match field {
            FieldToMatch::Method {} => Component::Method,
            FieldToMatch::UriPath {} => Component::Path,
            FieldToMatch::QueryString {} => Component::Query,
            FieldToMatch::SingleHeader { name } => Component::Header(header(at, &name)?),
        };
        Ok(Self { component, transformations: transformations.iter().map(|one| one.kind).collect() })
    }

    fn matches(&self, request: &Inspected<'_>, test: &Test) -> bool {
        let tested = |value: &[u8]| test.holds(&apply(&self.transformations, value));
        match &self.component {
            Component::Method => tested(request.method.as_bytes()),
            Component::Path => tested(request.path.as_bytes()),
            Component::Query => tested(request.query.as_bytes()),
            // A header that is not there matches nothing.
            Component::Header(name) => {
                request.headers.get_all(name).iter().any(|value| tested(value.as_bytes()))
            }
        }
    }
}

impl Test {
    fn holds(&self, value: &[u8]) -> bool {
        match self {
            Self::Bytes(constraint, searched) => match constraint {
                PositionalConstraint::Exactly => value == searched,
                PositionalConstraint::StartsWith => value.starts_with(searched),
                PositionalConstraint::EndsWith => value.ends_with(searched),
                PositionalConstraint::Contains => places(value, searched).next().is_some(),
                PositionalConstraint::ContainsWord => places(value, searched).any(|place| {
                    let letter = |byte: Option<&u8>| {
                        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
                    };
                    let before = place.checked_sub(1).and_then(|before| value.get(before));
                    !letter(before) && !letter(value.get(place + searched.len()))
                }),
            },
            Self::Patterns(patterns) => patterns.iter().any(|pattern| pattern.is_match(value)),
            Self::Size(comparison, size) => {
                let length = value.len() as u64;
                match comparison {
                    Comparison::Eq => length == *size,
                    Comparison::Ne => length != *size,
                    Comparison::Le => length <= *size,
                    Comparison::Lt => length < *size,
                    Comparison::Ge => length >= *size,
                    Comparison::Gt => length > *size,
                }
            }
        }
    }
}

/// Where `searched` begins in `value`.
fn places(value: &[u8], searched: &[u8]) -> impl Iterator<Item = usize> {
    let length = searched.len().max(1);
    value.windows(length).enumerate().filter(move |(_, window)| *window == searched).map(|(place, _)| place)
}

impl AddressOf {
    fn read(at: &str, forwarded: Option<ForwardedIp>) -> Result<Self, Error> {
        Ok(match forwarded {
            None => Self::Connection,
            Some(forwarded) => Self::Header {
                name: header(at, &forwarded.header_name)?,
                // Rates take the first; of sets the template says which.
                position: forwarded.position.unwrap_or(Position::First),
                without_address: forwarded.fallback_behavior == Fallback::Match,
            },
        })
    }

    fn any(&self, request: &Inspected<'_>, mut holds: impl FnMut(IpAddr) -> bool) -> bool {
        let Self::Header { name, position, without_address } = self else {
            return holds(request.source);
        };
        match told(request, name, *position) {
            Told::Nothing => false,
            Told::NoAddress => *without_address,
            Told::Addresses(addresses) => addresses.into_iter().any(&mut holds),
        }
    }
}

fn told(request: &Inspected<'_>, name: &HeaderName, position: Position) -> Told {
    let values: Vec<&str> =
        request.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() {
        return Told::Nothing;
    }
    let entries: Vec<Option<IpAddr>> =
        values.iter().flat_map(|value| value.split(',')).map(|entry| entry.trim().parse().ok()).collect();
    let chosen: Vec<IpAddr> = match position {
        Position::First => entries.first().copied().flatten().into_iter().collect(),
        Position::Last => entries.last().copied().flatten().into_iter().collect(),
        Position::Any => entries.into_iter().flatten().collect(),
    };
    if chosen.is_empty() { Told::NoAddress } else { Told::Addresses(chosen) }
}

fn header(at: &str, name: &str) -> Result<HeaderName, Error> {
    HeaderName::try_from(name).map_err(|_| Error::refused(at, format!("{name:?} is no name of a header")))
}

fn pattern(at: &str, text: &str) -> Result<Regex, Error> {
    Regex::new(text).map_err(|error| Error::refused(at, error.to_string()))
}

fn patterns(at: &str, arn: &str, stacks: &Stacks<'_>) -> Result<Vec<Regex>, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct RegexPatternSet {
        #[serde(rename = "Name")]
        _name: String,
        #[serde(rename = "Scope")]
        _scope: Value,
        regular_expression_list: Vec<String>,
    }
    let (set, resource) = stacks.referred(at, arn, "AWS::WAFv2::RegexPatternSet")?;
    let read: RegexPatternSet = read(&set, &resource.properties)?;
    read.regular_expression_list.iter().map(|text| pattern(&set, text)).collect()
}

fn networks(at: &str, arn: &str, stacks: &Stacks<'_>) -> Result<Vec<IpNet>, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct IpSet {
        #[serde(rename = "Name")]
        _name: String,
        #[serde(rename = "Scope")]
        _scope: Value,
        #[serde(rename = "IPAddressVersion")]
        version: String,
        addresses: Vec<String>,
    }
    // The files that play managed rule groups name their addresses themselves.
    let (at, written, version) = match arn.strip_prefix("addresses:") {
        Some(list) => (at.to_owned(), list.split_whitespace().map(str::to_owned).collect(), None),
        None => {
            let (set, resource) = stacks.referred(at, arn, "AWS::WAFv2::IPSet")?;
            let read: IpSet = read(&set, &resource.properties)?;
            (set, read.addresses, Some(read.version))
        }
    };
    let parsed = written.iter().map(|text| {
        let network: IpNet = text
            .parse()
            .map_err(|_| Error::refused(&at, format!("{text} is no network such as 192.0.2.0/24")))?;
        match (version.as_deref(), network) {
            (None, _) | (Some("IPV4"), IpNet::V4(_)) | (Some("IPV6"), IpNet::V6(_)) => Ok(network),
            (Some(version), _) => Err(Error::refused(&at, format!("{text} is not of {version}"))),
        }
    });
    parsed.collect()
}
