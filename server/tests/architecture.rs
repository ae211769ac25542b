//! Who may use whom, as ARCHITECTURE.md draws it: between packages by `cargo metadata`, inside the server by the paths
//! that its source names. Whoever breaks a rule is told the file and the rule.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A package of ours, and which others of ours it may use.
const PACKAGES: [(&str, &[&str]); 7] = [
    ("faxdroid-ami", &[]),
    ("faxdroid-contract", &[]),
    ("faxdroid-document", &[]),
    ("faxdroid-app", &["faxdroid-contract"]),
    ("faxdroid-edge", &["faxdroid-app"]),
    ("faxdroid-server", &["faxdroid-ami", "faxdroid-contract", "faxdroid-document", "faxdroid-edge"]),
    (
        "faxdroid-stack",
        &["faxdroid-ami", "faxdroid-document", "faxdroid-evaluator", "faxdroid-local", "faxdroid-testbed"],
    ),
];
/// What lives below `infra/`, whatever it is called.
const BELOW_INFRA: &[&str] = &["faxdroid-contract", "faxdroid-evaluator"];
/// What the contract may use at most: it is in the browser too.
const CONTRACT_IS_MADE_OF: [&str; 2] = ["serde", "utoipa"];

/// Where a rule holds, what must not be named there, and why.
struct Rule {
    within: &'static [&'static str],
    but_not_within: &'static [&'static str],
    forbidden: &'static [&'static str],
    why: &'static str,
}

const HTTP: &[&str] = &[
    "axum",
    "axum_extra",
    "http",
    "hyper",
    "maud",
    "reqwest",
    "tower",
    "tower_http",
    "utoipa",
    "utoipa_axum",
];
const SQL: &[&str] = &["sea_orm", "sea_orm_migration", "sea_query", "sqlx"];
/// What is made of the domain and chosen by the settings.
const ABOVE: &[&str] = &[
    "crate::api",
    "crate::app",
    "crate::config",
    "crate::dev",
    "crate::internal",
    "crate::server",
    "crate::site",
    "crate::workers",
];
const ADAPTERS: &[&str] = &[
    "crate::line::asterisk",
    "crate::line::simulated",
    "crate::locks::in_process",
    "crate::locks::redis",
    "crate::mail::directory",
    "crate::mail::smtp",
    "crate::queue::sqs",
    "crate::queue::table",
];
const DOMAIN: &[&str] = &["crate::fax", "crate::ledger"];

/// Inside `server/src`.
const RULES: [Rule; 8] = [
    Rule { within: DOMAIN, but_not_within: &[], forbidden: HTTP, why: "the domain knows no HTTP" },
    Rule {
        within: DOMAIN,
        but_not_within: &[],
        forbidden: &["aws_config", "aws_sdk_s3", "aws_sdk_sqs", "redis"],
        why: "the domain knows no AWS and no service",
    },
    Rule {
        within: &["crate"],
        but_not_within: &["crate::store"],
        forbidden: SQL,
        why: "SQL lives in store/ and nowhere else",
    },
    Rule { within: DOMAIN, but_not_within: &[], forbidden: ABOVE, why: "the domain uses nothing above it" },
    Rule {
        within: &["crate::store"],
        but_not_within: &[],
        forbidden: &[
            "crate::api",
            "crate::app",
            "crate::config",
            "crate::documents",
            "crate::fax",
            "crate::ledger",
            "crate::line",
            "crate::payments",
            "crate::queue",
            "crate::workers",
        ],
        why: "the store keeps rows and decides nothing",
    },
    Rule {
        within: &["crate"],
        but_not_within: &[
            "crate::app",
            "crate::line",
            "crate::locks",
            "crate::mail",
            "crate::payments",
            "crate::queue",
        ],
        forbidden: ADAPTERS,
        why: "adapters are chosen in app.rs; everybody else speaks to the trait",
    },
    Rule {
        within: &["crate"],
        but_not_within: &["crate::api", "crate::app", "crate::server", "crate::main"],
        forbidden: &["crate::api"],
        why: "the API is used by nobody, it is served",
    },
    Rule {
        within: &["crate"],
        but_not_within: &["crate::site"],
        forbidden: &["faxdroid_edge", "faxdroid_app"],
        why: "the site is the edge's; the server serves it in development only, in site.rs",
    },
];

#[test]
fn packages_use_only_those_they_may() {
    let mut broken = Vec::new();
    for package in members() {
        let name = text(&package["name"]);
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let place = manifest.strip_prefix(root()).unwrap();
        let table = PACKAGES.iter().find(|(known, _)| *known == name).map(|(_, uses)| *uses);
        let infra = place.starts_with("infra").then_some(BELOW_INFRA);
        let allowed = table.or(infra).unwrap_or_default();
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = text(&dependency["name"]);
            // What a test uses is in nothing that is shipped.
            let ours = dependency["path"].is_string() && dependency["kind"] != "dev";
            if ours && !allowed.contains(&used) {
                broken.push(format!(
                    "{}: of ours, {name} may use {allowed:?}, and not {used}",
                    place.display()
                ));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_contract_needs_nothing_that_the_browser_has_not() {
    let contract = member("faxdroid-contract");
    for dependency in contract["dependencies"].as_array().unwrap() {
        let used = text(&dependency["name"]);
        assert!(
            dependency["kind"] == "dev" || CONTRACT_IS_MADE_OF.contains(&used),
            "server/contract/Cargo.toml: the contract has no I/O and is in the browser too; it may not use {used}"
        );
    }
}

#[test]
fn the_server_has_the_edge_only_to_serve_the_site() {
    let server = member("faxdroid-server");
    let edge = server["dependencies"].as_array().unwrap().iter().find(|used| used["name"] == "faxdroid-edge");
    assert_eq!(
        edge.map(|edge| &edge["optional"]),
        Some(&Value::Bool(true)),
        "server/Cargo.toml: faxdroid-edge is optional, so that a production server can be built without the site"
    );
    for (feature, turns_on) in server["features"].as_object().unwrap() {
        let has_edge = turns_on.as_array().unwrap().iter().any(|on| text(on).contains("faxdroid-edge"));
        assert!(
            !has_edge || feature == "site",
            "server/Cargo.toml: only the feature site turns faxdroid-edge on, and {feature} does"
        );
    }
}

#[test]
fn modules_of_the_server_name_only_what_they_may() {
    let sources = root().join("server/src");
    let files = rust_files(&sources);
    assert!(files.len() > 50, "{} files below {}", files.len(), sources.display());
    let mut broken = Vec::new();
    for file in files {
        let place = file.strip_prefix(&sources).unwrap();
        let module = module_of(place);
        let paths = named_paths(&std::fs::read_to_string(&file).unwrap(), &module);
        for rule in &RULES {
            let inside = |folders: &[&str]| folders.iter().any(|folder| is_below(&module, folder));
            if !inside(rule.within) || inside(rule.but_not_within) {
                continue;
            }
            let wrong = paths.iter().filter(|path| rule.forbidden.iter().any(|no| is_below(path, no)));
            broken.extend(
                wrong.map(|path| format!("server/src/{}: {}, but names {path}", place.display(), rule.why)),
            );
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_rule_is_about_something_that_there_is() {
    let modules: BTreeSet<_> = {
        let sources = root().join("server/src");
        rust_files(&sources).iter().map(|file| module_of(file.strip_prefix(&sources).unwrap())).collect()
    };
    for rule in &RULES {
        let folders = rule.within.iter().chain(rule.but_not_within).chain(rule.forbidden);
        for module in folders.filter(|path| path.starts_with("crate::")) {
            assert!(modules.contains(*module), "there is no {module} any more: {}", rule.why);
        }
    }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let source = r#"
        //! Of axum::Router.
        use std::{fmt, io::{self, Read as _}};
        pub(crate) use super::queue::{table::TableQueue, Queue};
        use sea_orm; // sqlx::Pool
        fn f() -> Result<(), crate::store::StoreError> { axum::serve("http::Uri") }
    "#;
    let found = named_paths(source, "crate::line::simulated");
    let expected = [
        "axum::serve",
        "crate::line::queue::Queue",
        "crate::line::queue::table::TableQueue",
        "crate::store::StoreError",
        "sea_orm",
        "std::fmt",
        "std::io::Read",
        "std::io::self",
    ];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The packages of the workspace.
fn members() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn member(name: &str) -> Value {
    members().into_iter().find(|package| package["name"] == name).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

/// `fax/accept.rs` is `crate::fax::accept`.
fn module_of(place: &Path) -> String {
    let names = place.with_extension("");
    let names = names.iter().map(|name| name.to_str().unwrap()).filter(|name| *name != "lib");
    ["crate"].into_iter().chain(names).collect::<Vec<_>>().join("::")
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every path in the code, in full: those of `use`, and those of two names or more anywhere else.
fn named_paths(source: &str, module: &str) -> BTreeSet<String> {
    let code: String = source.lines().map(|line| format!("{}\n", without_text(line))).collect();
    let mut paths = BTreeSet::new();
    for statement in code.split(';') {
        let (before, used) = match statement.rsplit_once("use ") {
            Some((before, used)) if before.is_empty() || before.ends_with([' ', '\n']) => (before, used),
            _ => (statement, ""),
        };
        paths.extend(expanded(used));
        let words = before.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        paths.extend(
            words.map(|word| word.trim_matches(':')).filter(|word| word.contains("::")).map(str::to_owned),
        );
    }
    paths.into_iter().map(|path| in_full(&path, module)).collect()
}

/// The line without comments and without what stands in quotes.
fn without_text(line: &str) -> String {
    let quoted = line.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    quoted.split("//").next().unwrap_or_default().to_owned()
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn expanded(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return if path.is_empty() { Vec::new() } else { vec![path.to_owned()] };
    };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let mut depth = 0;
    let branches = group.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    branches.flat_map(expanded).map(|path| format!("{prefix}{path}")).collect()
}

/// `super` and `self` in words.
fn in_full(path: &str, module: &str) -> String {
    let (mut rest, mut place) = (path.strip_prefix("self::").unwrap_or(path), module);
    while let Some(outer) = rest.strip_prefix("super::") {
        (rest, place) = (outer, place.rsplit_once("::").map_or("crate", |(parent, _)| parent));
    }
    if rest.len() == path.len() { path.to_owned() } else { format!("{place}::{rest}") }
}
