use std::path::PathBuf;
use std::process::Command;

use faxdroid_evaluator::{allow_list, web_acl};
use regex::Regex;
use serde_json::Value;

use crate::support::{of_kind, stacks};

/// What the server of this very source says; it is built by the tests of the workspace, beside this test.
fn openapi() -> Value {
    let program: PathBuf =
        std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("faxdroid-server");
    let output = Command::new(&program).arg("openapi").output().unwrap_or_else(|error| {
        panic!("{}: {error}. Build it first: cargo build -p faxdroid-server", program.display())
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Method and patterns as the template has them.
fn in_template() -> Vec<(String, Vec<String>)> {
    let stacks = stacks("prod");
    of_kind(&stacks, "AWS::WAFv2::RegexPatternSet")
        .into_iter()
        .map(|(_, name, set)| {
            let patterns = set.properties["RegularExpressionList"].as_array().unwrap();
            let method = name.trim_end_matches("Endpoints").to_uppercase();
            (method, patterns.iter().map(|pattern| pattern.as_str().unwrap().to_owned()).collect())
        })
        .collect()
}

#[test]
fn the_allow_list_is_that_of_the_openapi_document() {
    let expected: Vec<(String, Vec<String>)> =
        allow_list::patterns(&openapi()).unwrap().into_iter().collect();
    assert_eq!(
        in_template(),
        expected,
        "write it anew: cargo run -p faxdroid-server -- openapi >target/openapi.json && cargo run -p faxdroid-release -- \
         allow-list target/openapi.json"
    );
}

#[test]
fn every_operation_passes_and_its_neighbours_do_not() {
    let sets: Vec<(String, Vec<Regex>)> = in_template()
        .into_iter()
        .map(|(method, patterns)| {
            (method, patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect())
        })
        .collect();
    let passes = |method: &str, path: &str| {
        sets.iter()
            .any(|(of, patterns)| of == method && patterns.iter().any(|pattern| pattern.is_match(path)))
    };
    let document = openapi();
    let parameter = Regex::new(r"\{[^}]+\}").unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let example = path.replace("{page}", "1.png");
        let example = parameter.replace_all(&example, "fax_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        for method in ["get", "post", "put", "patch", "delete"] {
            let known = operations.get(method).is_some();
            assert_eq!(passes(&method.to_uppercase(), &example), known, "{method} {example}");
        }
        assert!(!passes("GET", &format!("{example}/x/y/z")), "{example}");
        assert!(!passes("POST", &format!("{example}.php")), "{example}");
    }
    for path in [
        "/api",
        "/api/",
        "/api/v1/../internal/v1/health",
        "/internal/v1/health",
        "/api/v1/faxes//events",
        "/api/v2/faxes",
    ] {
        assert!(!passes("GET", path) && !passes("POST", path), "{path}");
    }
}

#[test]
fn the_web_acl_costs_less_than_the_included_capacity() {
    let stacks = stacks("prod");
    let acl = of_kind(&stacks, "AWS::WAFv2::WebACL")[0].2;
    let capacity = web_acl::capacity(&acl.properties).unwrap();
    assert!(capacity < 1500, "{capacity}");
    // The figure in infra/README.md.
    assert_eq!(capacity, 379);
}

#[test]
fn every_rule_has_one_action_and_its_own_priority_and_metric() {
    let stacks = stacks("prod");
    let acl = of_kind(&stacks, "AWS::WAFv2::WebACL")[0].2;
    for (place, rule) in acl.properties["Rules"].as_array().unwrap().iter().enumerate() {
        assert_eq!(rule["Priority"], place, "{rule}");
        assert_ne!(rule.get("Action").is_some(), rule.get("OverrideAction").is_some(), "{rule}");
        assert_eq!(rule["VisibilityConfig"]["MetricName"], rule["Name"]);
    }
}
