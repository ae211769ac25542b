//! The web ACL's allow-list of endpoints, from the OpenAPI document: a set of patterns for each method.
//!
//! A set holds ten patterns of 200 characters at most ("AWS WAF quotas"), and costs the same whatever is in it, so that
//! paths share patterns as far as they fit.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Error;

const LONGEST_PATTERN: usize = 200;
const PATTERNS_IN_SET: usize = 10;
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Beside the document's endpoints: where the document itself is.
const DOCUMENT: &str = "/api/openapi.json";

/// Method in capitals → patterns.
///
/// # Errors
///
/// When the document has no paths, or more than a set can hold.
pub fn patterns(openapi: &Value) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let paths = openapi.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or_else(|| Error::invalid("OpenAPI document", "has no paths"))?;
    let mut by_method: BTreeMap<String, Vec<String>> = BTreeMap::new();
    by_method.entry("GET".to_owned()).or_default().push(expression(DOCUMENT));
    for (path, operations) in paths {
        for method in METHODS {
            if operations.get(method).is_some() {
                by_method.entry(method.to_uppercase()).or_default().push(expression(path));
            }
        }
    }
    by_method
        .into_iter()
        .map(|(method, mut paths)| {
            paths.sort();
            let patterns = packed(&paths);
            if patterns.len() > PATTERNS_IN_SET {
                return Err(Error::invalid(&method, "has more endpoints than one set of patterns holds"));
            }
            Ok((method, patterns))
        })
        .collect()
}

/// A path as an expression: a parameter is one segment, an identifier or the picture of a page.
fn expression(path: &str) -> String {
    let segments = path.trim_start_matches('/').split('/').map(|segment| match segment {
        "{page}" => r"[0-9]+\.png".to_owned(),
        parameter if parameter.starts_with('{') => "[A-Za-z0-9_-]+".to_owned(),
        literal => literal.replace('.', "\\."),
    });
    segments.collect::<Vec<_>>().join("/")
}

fn packed(paths: &[String]) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::new();
    for path in paths {
        match patterns.last_mut() {
            Some(last) if last.len() + path.len() + "^/()$|".len() <= LONGEST_PATTERN => {
                last.push('|');
                last.push_str(path);
            }
            _ => patterns.push(path.clone()),
        }
    }
    patterns.into_iter().map(|alternatives| format!("^/({alternatives})$")).collect()
}

/// The resources of `edge.yaml` that hold the patterns.
///
/// # Errors
///
/// As [`patterns`].
pub fn resources(openapi: &Value) -> Result<String, Error> {
    let mut yaml = String::new();
    for (method, patterns) in patterns(openapi)? {
        let name = format!("{}{}", &method[..1], method[1..].to_lowercase());
        yaml.push_str(&format!(
            "  {name}Endpoints:\n    Type: AWS::WAFv2::RegexPatternSet\n    Properties:\n      Name: !Sub \
             \"faxdroid-${{Environment}}-{}-endpoints\"\n      Scope: CLOUDFRONT\n      RegularExpressionList:\n",
            method.to_lowercase()
        ));
        for pattern in patterns {
            yaml.push_str(&format!("        - {pattern}\n"));
        }
    }
    Ok(yaml)
}
