use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use faxdroid_evaluator::{Environment, Resource, Stack};

pub(crate) fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the deploy tool is told of a release.
pub(crate) fn release(environment: &str) -> BTreeMap<String, String> {
    if environment == "ci" {
        return BTreeMap::new();
    }
    let base64 = format!("{}=", "A".repeat(43));
    [
        ("Release", "1.0.0".to_owned()),
        ("ServerPackageSha256", "0".repeat(64)),
        ("PollerPackageSha256", base64.clone()),
        ("EdgePackageSha256", base64),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

pub(crate) fn environment(name: &str) -> Environment {
    Environment::read(&infra(), name, &release(name)).unwrap()
}

pub(crate) fn stacks(name: &str) -> Vec<Stack> {
    environment(name).evaluate().unwrap()
}

/// Every resource of these kinds: (stack, name, resource).
pub(crate) fn of_kind<'a>(stacks: &'a [Stack], kind: &str) -> Vec<(&'a str, &'a str, &'a Resource)> {
    let mut found = Vec::new();
    for stack in stacks {
        for (name, resource) in &stack.resources {
            if resource.kind == kind {
                found.push((stack.name.as_str(), name.as_str(), resource));
            }
        }
    }
    assert!(!found.is_empty(), "there is no {kind}");
    found
}

/// What the README says below this heading.
pub(crate) fn readme_section(heading: &str) -> String {
    let readme = std::fs::read_to_string(infra().join("README.md")).unwrap();
    let (_, section) =
        readme.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no ## {heading}"));
    section.split("\n## ").next().unwrap().to_owned()
}

/// The cells of the README's tables below this heading, without their heads.
pub(crate) fn readme_tables(heading: &str) -> Vec<Vec<Vec<String>>> {
    let section = readme_section(heading);
    let lines: Vec<&str> = section.lines().collect();
    let tables: Vec<Vec<Vec<String>>> = lines
        .split(|line| !line.starts_with('|'))
        .filter(|table| !table.is_empty())
        .map(|table| {
            let rows = table.iter().skip(2);
            rows.map(|line| {
                line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect()
            })
            .collect()
        })
        .collect();
    assert!(!tables.is_empty(), "no table below ## {heading}");
    tables
}

/// The first of them.
pub(crate) fn readme_table(heading: &str) -> Vec<Vec<String>> {
    readme_tables(heading).remove(0)
}
