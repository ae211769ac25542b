//! Application load balancers: their listeners, rules and target groups as a configuration of HAProxy, which plays them.
//!
//! Follows the Elastic Load Balancing user guide for application load balancers, "Listeners", "Rules" and "Target groups".
//! Certificates and access logs are not played.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;

use faxdroid_evaluator::Stack;
use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::template::{Stacks, number, read};

const KIND: &str = "AWS::ElasticLoadBalancingV2";

/// Where a listener of the template is on this machine, and the servers behind its target group.
#[derive(Debug, Clone)]
pub struct Placed {
    /// `stack.Resource` of the listener.
    pub listener: String,
    pub at: SocketAddr,
    pub targets: Vec<SocketAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Listener {
    load_balancer_arn: String,
    #[serde(rename = "Port", deserialize_with = "number")]
    _port: u64,
    #[serde(rename = "Protocol")]
    _protocol: String,
    #[serde(rename = "SslPolicy")]
    _ssl_policy: Option<String>,
    #[serde(rename = "Certificates")]
    _certificates: Option<Value>,
    default_actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct LoadBalancer {
    name: String,
    #[serde(rename = "Type")]
    _kind: Option<String>,
    #[serde(rename = "Scheme")]
    _scheme: String,
    #[serde(rename = "IpAddressType")]
    _address_type: Option<String>,
    #[serde(rename = "Subnets")]
    _subnets: Value,
    #[serde(rename = "SecurityGroups")]
    _security_groups: Value,
    load_balancer_attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Attribute {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Rule {
    listener_arn: String,
    #[serde(deserialize_with = "number")]
    priority: u64,
    conditions: Vec<Condition>,
    actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Condition {
    #[serde(rename = "Field")]
    _field: String,
    path_pattern_config: Option<Values>,
    http_header_config: Option<Header>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Values {
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Header {
    http_header_name: String,
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Action {
    #[serde(rename = "Type")]
    _kind: String,
    fixed_response_config: Option<FixedResponse>,
    target_group_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct FixedResponse {
    #[serde(deserialize_with = "number")]
    status_code: u64,
    content_type: String,
    message_body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct TargetGroup {
    name: String,
    #[serde(rename = "VpcId")]
    _vpc: String,
    #[serde(rename = "TargetType")]
    _target_type: String,
    #[serde(rename = "Protocol")]
    _protocol: Http,
    #[serde(rename = "Port", deserialize_with = "number")]
    _port: u64,
    health_check_path: String,
    #[serde(deserialize_with = "number")]
    health_check_interval_seconds: u64,
    #[serde(deserialize_with = "number")]
    health_check_timeout_seconds: u64,
    #[serde(deserialize_with = "number")]
    healthy_threshold_count: u64,
    #[serde(deserialize_with = "number")]
    unhealthy_threshold_count: u64,
    matcher: Matcher,
    #[serde(default)]
    target_group_attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
enum Http {
    #[serde(rename = "HTTP")]
    Http,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Matcher {
    http_code: String,
}

/// HAProxy's configuration for the listeners of `stacks` at their places. `secrets` are what dynamic references stand for.
///
/// # Errors
///
/// When a listener has no place, or something that is not known here.
pub fn haproxy(
    stacks: &[Stack],
    placed: &[Placed],
    secrets: &BTreeMap<String, String>,
) -> Result<String, Error> {
    let stacks = Stacks(stacks);
    let mut text = String::from(
        "global\n  log stderr format raw local0 notice\ndefaults\n  mode http\n  log global\n  timeout connect 4s\n  timeout server \
         60s\n  # A server that has just ended: the connection goes to another one, as a target that is deregistered gets none.\n  \
         option redispatch 1\n  retries 2\n  retry-on conn-failure\n",
    );
    for (name, resource) in stacks.all(&format!("{KIND}::Listener")) {
        let place = placed.iter().find(|place| place.listener == name);
        let place = place.ok_or_else(|| Error::refused(&name, "nothing says where this listener is"))?;
        let listener: Listener = read(&name, &resource.properties)?;
        let (at, balancer) =
            stacks.referred(&name, &listener.load_balancer_arn, &format!("{KIND}::LoadBalancer"))?;
        let balancer: LoadBalancer = read(&at, &balancer.properties)?;
        let mut rules = Vec::new();
        for (at, rule) in stacks.all(&format!("{KIND}::ListenerRule")) {
            let rule: Rule = read(&at, &rule.properties)?;
            if stacks.referred(&at, &rule.listener_arn, &format!("{KIND}::Listener"))?.0 == name {
                rules.push((at, rule));
            }
        }
        rules.sort_by_key(|(_, rule)| rule.priority);
        frontend(&mut text, &stacks, &balancer, &listener, &rules, place, secrets)?;
    }
    Ok(text)
}

fn frontend(
    text: &mut String,
    stacks: &Stacks<'_>,
    balancer: &LoadBalancer,
    listener: &Listener,
    rules: &[(String, Rule)],
    place: &Placed,
    secrets: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let idle = balancer.attribute("idle_timeout.timeout_seconds").unwrap_or("60");
    let _ = writeln!(text, "frontend {}\n  bind {}\n  timeout client {idle}s", balancer.name, place.at);
    // "append": the address of whoever called goes to the end.
    match balancer.attribute("routing.http.xff_header_processing.mode").unwrap_or("append") {
        "append" => text.push_str("  option forwardfor\n"),
        other => return Err(Error::refused(&balancer.name, format!("the mode {other} is not played"))),
    }
    let mut backends = String::new();
    for (number, (at, rule)) in rules.iter().enumerate() {
        let mut conditions = Vec::new();
        for (place, condition) in rule.conditions.iter().enumerate() {
            let acl = format!("rule{number}_{place}");
            acls(text, at, &acl, condition, secrets)?;
            conditions.push(acl);
        }
        let [Action { target_group_arn: Some(group), fixed_response_config: None, .. }] = &rule.actions[..]
        else {
            return Err(Error::refused(at, "a rule that does not forward"));
        };
        let (at, group) = stacks.referred(at, group, &format!("{KIND}::TargetGroup"))?;
        let group: TargetGroup = read(&at, &group.properties)?;
        let _ = writeln!(text, "  use_backend {} if {}", group.name, conditions.join(" "));
        backend(&mut backends, &at, &group, &place.targets)?;
    }
    let [Action { fixed_response_config: Some(fixed), target_group_arn: None, .. }] =
        &listener.default_actions[..]
    else {
        return Err(Error::refused(&place.listener, "a default action that is no fixed response"));
    };
    let _ = writeln!(
        text,
        "  default_backend {name}-otherwise\nbackend {name}-otherwise\n  http-request return status {} content-type {} string \"{}\"",
        fixed.status_code,
        fixed.content_type,
        fixed.message_body,
        name = balancer.name,
    );
    text.push_str(&backends);
    Ok(())
}

impl LoadBalancer {
    fn attribute(&self, key: &str) -> Option<&str> {
        let found = self.load_balancer_attributes.iter().find(|attribute| attribute.key == key);
        found.map(|attribute| attribute.value.as_str())
    }
}

fn acls(
    text: &mut String,
    at: &str,
    name: &str,
    condition: &Condition,
    secrets: &BTreeMap<String, String>,
) -> Result<(), Error> {
    match (&condition.path_pattern_config, &condition.http_header_config) {
        (Some(paths), None) => {
            for pattern in &paths.values {
                let beginning = pattern.strip_suffix('*').filter(|rest| !rest.contains(['*', '?']));
                let beginning = beginning
                    .ok_or_else(|| Error::refused(at, format!("the pattern {pattern} is not played")))?;
                let _ = writeln!(text, "  acl {name} path_beg {beginning}");
            }
        }
        (None, Some(header)) => {
            for value in &header.values {
                let secret = if value.starts_with("{{resolve:") { secrets.get(value) } else { Some(value) };
                let secret =
                    secret.ok_or_else(|| Error::refused(at, format!("nothing says what {value} is")))?;
                let _ =
                    writeln!(text, "  acl {name} req.hdr({}) -m str \"{secret}\"", header.http_header_name);
            }
        }
        _ => return Err(Error::refused(at, "a condition that is not played")),
    }
    Ok(())
}

fn backend(text: &mut String, at: &str, group: &TargetGroup, targets: &[SocketAddr]) -> Result<(), Error> {
    let algorithm = group
        .target_group_attributes
        .iter()
        .find(|attribute| attribute.key == "load_balancing.algorithm.type");
    let balance = match algorithm.map_or("round_robin", |attribute| &attribute.value) {
        "round_robin" => "roundrobin",
        "least_outstanding_requests" => "leastconn",
        other => return Err(Error::refused(at, format!("the algorithm {other} is not played"))),
    };
    let _ = writeln!(
        text,
        "backend {}\n  balance {balance}\n  option httpchk GET {}\n  http-check expect status {}\n  timeout check {}s",
        group.name, group.health_check_path, group.matcher.http_code, group.health_check_timeout_seconds,
    );
    for (number, target) in targets.iter().enumerate() {
        let _ = writeln!(
            text,
            "  server server{number} {target} check inter {}s rise {} fall {}",
            group.health_check_interval_seconds,
            group.healthy_threshold_count,
            group.unhealthy_threshold_count,
        );
    }
    Ok(())
}
