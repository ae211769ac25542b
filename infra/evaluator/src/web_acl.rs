//! What a web ACL costs in capacity units, of which 1,500 are included.
//!
//! Source: AWS WAF developer guide, "Web ACL capacity units" and the page of each rule statement, read in November 2026.

use serde_json::Value;

use crate::Error;

/// Capacity units of a resolved `AWS::WAFv2::WebACL`.
///
/// # Errors
///
/// When a statement is of a kind whose cost is not known here.
pub fn capacity(properties: &Value) -> Result<u32, Error> {
    let rules = properties.get("Rules").and_then(Value::as_array).into_iter().flatten();
    rules.map(|rule| statement(rule.get("Statement").unwrap_or(&Value::Null))).sum()
}

fn statement(value: &Value) -> Result<u32, Error> {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return Err(Error::invalid("web ACL", "a rule without a statement"));
    };
    let nested = || inner.get("Statements").and_then(Value::as_array).into_iter().flatten();
    Ok(match kind.as_str() {
        "AndStatement" | "OrStatement" => nested().map(statement).sum::<Result<u32, _>>()?,
        "NotStatement" => statement(inner.get("Statement").unwrap_or(&Value::Null))?,
        "RateBasedStatement" => 2 + inner.get("ScopeDownStatement").map_or(Ok(0), statement)?,
        "IPSetReferenceStatement" => 1,
        "ByteMatchStatement" => {
            transformations(inner)
                + match inner["PositionalConstraint"].as_str() {
                    Some("EXACTLY" | "STARTS_WITH" | "ENDS_WITH") => 2,
                    _ => 10,
                }
        }
        "RegexPatternSetReferenceStatement" => 25 + transformations(inner),
        "ManagedRuleGroupStatement" => match inner["Name"].as_str() {
            Some("AWSManagedRulesAmazonIpReputationList") => 25,
            Some("AWSManagedRulesKnownBadInputsRuleSet") => 200,
            name => return Err(Error::invalid("web ACL", format!("the capacity of {name:?} is not known"))),
        },
        unknown => return Err(Error::invalid("web ACL", format!("the capacity of {unknown} is not known"))),
    })
}

/// Ten units for each that does something.
fn transformations(statement: &Value) -> u32 {
    let list = statement.get("TextTransformations").and_then(Value::as_array).into_iter().flatten();
    list.filter(|one| one["Type"] != "NONE").map(|_| 10).sum()
}
