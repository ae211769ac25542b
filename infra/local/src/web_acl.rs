//! AWS WAF: the rules of a web ACL in the order of their priorities, on what a viewer sent.
//!
//! Follows the AWS WAF developer guide ("Web ACL rule and rule group evaluation", "Rule statements list"), with two
//! differences that make a rule no weaker: a rate is known at once instead of some seconds later, and AWS's managed rule
//! groups, whose content is AWS's own, are played by the files in `infra/local/managed/`, written as rules.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use faxdroid_evaluator::{Stack, web_acl};
use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::template::{Stacks, number, read};

mod rate;
mod statement;
mod transformation;

use statement::{Statement, Written};

/// Beyond this AWS creates no web ACL ("AWS WAF quotas").
const MOST_CAPACITY: u32 = 5_000;

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub struct Inspected<'a> {
    /// The address at the other end of the viewer's connection.
    pub source: IpAddr,
    pub method: &'a str,
    /// As the viewer wrote it: WAF sees no path in another form unless a rule asks for that.
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Passes,
    Blocked { rule: String, answer: BlockedAnswer },
}

/// What a viewer is told whose request is blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedAnswer {
    pub status: StatusCode,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: String,
}

/// A web ACL with what its rate limits have counted.
#[derive(Debug)]
pub struct WebAcl {
    rules: Vec<Rule>,
    passes_by_default: bool,
    capacity: u32,
}

#[derive(Debug)]
struct Rule {
    name: String,
    content: Content,
    matched: AtomicU64,
}

#[derive(Debug)]
enum Content {
    Own(Statement, Action),
    /// A managed rule group; only counted where its actions are overridden.
    Group {
        rules: Vec<Rule>,
        counts_only: bool,
    },
}

#[derive(Debug, Clone)]
enum Action {
    Allow,
    Block(BlockedAnswer),
    Count,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    #[allow(dead_code, reason = "a name changes nothing")]
    name: String,
    scope: Scope,
    default_action: WrittenAction,
    rules: Vec<WrittenRule>,
    #[serde(default)]
    custom_response_bodies: BTreeMap<String, ResponseBody>,
    #[allow(dead_code, reason = "metrics are not played")]
    visibility_config: VisibilityConfig,
}

/// One that protects load balancers would see the addresses of CloudFront.
#[derive(Deserialize)]
enum Scope {
    #[serde(rename = "CLOUDFRONT")]
    CloudFront,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct WrittenRule {
    name: String,
    priority: u32,
    statement: Written,
    action: Option<WrittenAction>,
    override_action: Option<OverrideAction>,
    #[allow(dead_code, reason = "metrics are not played")]
    visibility_config: Option<VisibilityConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
#[allow(dead_code, reason = "metrics are not played; that they are well formed is")]
struct VisibilityConfig {
    sampled_requests_enabled: bool,
    cloud_watch_metrics_enabled: bool,
    metric_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
enum WrittenAction {
    Allow {},
    Block {
        #[serde(rename = "CustomResponse")]
        custom_response: Option<CustomResponse>,
    },
    Count {},
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
enum OverrideAction {
    None {},
    Count {},
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CustomResponse {
    #[serde(deserialize_with = "number")]
    response_code: u64,
    custom_response_body_key: Option<String>,
    #[serde(default)]
    response_headers: Vec<NameAndValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct NameAndValue {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ResponseBody {
    content_type: ContentType,
    content: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ContentType {
    TextPlain,
    TextHtml,
    ApplicationJson,
}

/// A file of `infra/local/managed/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ManagedRuleGroup {
    rules: Vec<WrittenRule>,
}

impl WebAcl {
    /// The web ACL of `stacks`; the content of managed rule groups is in the folder `managed`.
    ///
    /// # Errors
    ///
    /// When there is none, or it has something that is not known here or that AWS would refuse.
    pub fn read(stacks: &[Stack], managed: &Path) -> Result<Self, Error> {
        let stacks = Stacks(stacks);
        let (at, resource) = stacks.the("AWS::WAFv2::WebACL")?;
        let properties: Properties = read(&at, &resource.properties)?;
        let Scope::CloudFront = properties.scope;
        let capacity = web_acl::capacity(&resource.properties)
            .map_err(|error| Error::refused(&at, error.to_string()))?;
        if capacity > MOST_CAPACITY {
            return Err(Error::refused(
                &at,
                format!("costs {capacity} capacity units, more than {MOST_CAPACITY}"),
            ));
        }
        let reading = Reading { stacks, managed, bodies: &properties.custom_response_bodies };
        Ok(Self {
            rules: reading.rules(&at, properties.rules)?,
            passes_by_default: match properties.default_action {
                WrittenAction::Allow {} => true,
                WrittenAction::Block { custom_response: None } => false,
                _ => {
                    return Err(Error::refused(&at, "the default action is neither Allow nor a plain Block"));
                }
            },
            capacity,
        })
    }

    /// What becomes of this request at this time. It is counted where a rate limit applies to it.
    pub fn verdict(&self, request: &Inspected<'_>, now: Instant) -> Verdict {
        decide(&self.rules, request, now).unwrap_or_else(|| {
            if self.passes_by_default {
                return Verdict::Passes;
            }
            Verdict::Blocked { rule: "default".to_owned(), answer: BlockedAnswer::plain() }
        })
    }

    /// In web ACL capacity units.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How many requests each rule has matched, in the order of their priorities.
    pub fn matched(&self) -> Vec<(&str, u64)> {
        self.rules.iter().map(|rule| (rule.name.as_str(), rule.matched.load(Ordering::Relaxed))).collect()
    }
}

/// By the first rule whose action ends the evaluation.
fn decide(rules: &[Rule], request: &Inspected<'_>, now: Instant) -> Option<Verdict> {
    rules.iter().find_map(|rule| {
        let verdict = match &rule.content {
            Content::Own(statement, action) => {
                statement.matches(request, now).then(|| action.verdict(&rule.name))
            }
            Content::Group { rules, counts_only } => {
                let decided = decide(rules, request, now);
                decided.map(|verdict| (!counts_only).then_some(verdict))
            }
        };
        let verdict = verdict?;
        rule.matched.fetch_add(1, Ordering::Relaxed);
        match (verdict, &rule.content) {
            (Some(Verdict::Blocked { answer, .. }), Content::Group { .. }) => {
                Some(Verdict::Blocked { rule: rule.name.clone(), answer })
            }
            (verdict, _) => verdict,
        }
    })
}

impl Action {
    /// `None`: the evaluation goes on.
    fn verdict(&self, rule: &str) -> Option<Verdict> {
        match self {
            Self::Allow => Some(Verdict::Passes),
            Self::Block(answer) => Some(Verdict::Blocked { rule: rule.to_owned(), answer: answer.clone() }),
            Self::Count => None,
        }
    }
}

impl BlockedAnswer {
    /// What CloudFront says where the rule says nothing.
    fn plain() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            headers: vec![(axum::http::header::CONTENT_TYPE, HeaderValue::from_static("text/html"))],
            body: "<html><head><title>ERROR: The request could not be satisfied</title></head><body><h1>403 ERROR</h1>\
                   <p>Request blocked.</p></body></html>"
                .to_owned(),
        }
    }
}

/// What rules refer to.
struct Reading<'a> {
    stacks: Stacks<'a>,
    managed: &'a Path,
    bodies: &'a BTreeMap<String, ResponseBody>,
}

impl Reading<'_> {
    fn rules(&self, at: &str, mut written: Vec<WrittenRule>) -> Result<Vec<Rule>, Error> {
        written.sort_by_key(|rule| rule.priority);
        if let Some(pair) = written.windows(2).find(|pair| pair[0].priority == pair[1].priority) {
            return Err(Error::refused(
                at,
                format!("{} and {} have the same priority", pair[0].name, pair[1].name),
            ));
        }
        written.into_iter().map(|rule| self.rule(at, rule)).collect()
    }

    fn rule(&self, at: &str, rule: WrittenRule) -> Result<Rule, Error> {
        let at = format!("{at}: rule {}", rule.name);
        let content = match (rule.statement, rule.action, rule.override_action) {
            (Written::ManagedRuleGroup(group), None, Some(override_action)) => Content::Group {
                rules: self.managed(&at, &group)?,
                counts_only: matches!(override_action, OverrideAction::Count {}),
            },
            (Written::ManagedRuleGroup(_), _, _) => {
                return Err(Error::refused(&at, "a rule group wants an OverrideAction and no Action"));
            }
            (statement, Some(action), None) => {
                Content::Own(Statement::read(&at, statement, &self.stacks)?, self.action(&at, action)?)
            }
            _ => return Err(Error::refused(&at, "wants an Action and no OverrideAction")),
        };
        Ok(Rule { name: rule.name, content, matched: AtomicU64::new(0) })
    }

    fn managed(&self, at: &str, group: &statement::ManagedRuleGroup) -> Result<Vec<Rule>, Error> {
        let path = self.managed.join(format!("{}.yaml", group.name));
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Error::refused(at, format!("{shown}, which plays {}: {error}", group.name)))?;
        let value: Value =
            serde_norway::from_str(&text).map_err(|error| Error::refused(&shown, error.to_string()))?;
        let file: ManagedRuleGroup = read(&shown, &value)?;
        self.rules(&shown, file.rules)
    }

    fn action(&self, at: &str, action: WrittenAction) -> Result<Action, Error> {
        Ok(match action {
            WrittenAction::Allow {} => Action::Allow,
            WrittenAction::Count {} => Action::Count,
            WrittenAction::Block { custom_response: None } => Action::Block(BlockedAnswer::plain()),
            WrittenAction::Block { custom_response: Some(response) } => {
                Action::Block(self.answer(at, &response)?)
            }
        })
    }

    fn answer(&self, at: &str, response: &CustomResponse) -> Result<BlockedAnswer, Error> {
        let wrong = |what: &str| Error::refused(at, format!("{what} in CustomResponse"));
        let status =
            u16::try_from(response.response_code).ok().and_then(|code| StatusCode::from_u16(code).ok());
        let mut headers = Vec::new();
        for header in &response.response_headers {
            let name = HeaderName::try_from(&header.name).map_err(|_| wrong(&header.name))?;
            headers.push((name, HeaderValue::try_from(&header.value).map_err(|_| wrong(&header.value))?));
        }
        let mut body = String::new();
        if let Some(key) = &response.custom_response_body_key {
            let found = self.bodies.get(key).ok_or_else(|| wrong(&format!("there is no body {key}")))?;
            let kind = match found.content_type {
                ContentType::TextPlain => "text/plain",
                ContentType::TextHtml => "text/html",
                ContentType::ApplicationJson => "application/json",
            };
            headers.push((axum::http::header::CONTENT_TYPE, HeaderValue::from_static(kind)));
            body = found.content.clone();
        }
        Ok(BlockedAnswer { status: status.ok_or_else(|| wrong("no status"))?, headers, body })
    }
}
