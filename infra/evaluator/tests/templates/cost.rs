//! The tables "Cost" and "Limits" of `infra/README.md`, worked out from the templates.
//!
//! Prices are AWS's for us-east-2, on demand, in US dollars, as of November 2026.

use faxdroid_evaluator::web_acl;
use serde_json::Value;

use crate::support::{of_kind, readme_table, stacks};

const HOURS: f64 = 730.0;
/// Faxes a month, one column each.
const LOADS: [f64; 4] = [0.0, 1e3, 1e5, 1e7];
/// A fax: minutes of one line, requests of the API, pages that its customer opens, megabytes of its document and of its
/// sound (G.711 both ways: 87.2 kbit/s with headers), and kilobytes of log.
const MINUTES: f64 = 1.5;
const REQUESTS: f64 = 40.0;
const PAGES: f64 = 10.0;
const DOCUMENT_MB: f64 = 0.4;
const SOUND_MB: f64 = MINUTES * 60.0 * 2.0 * 87.2 / 8.0 / 1000.0;
const LOG_KB: f64 = 20.0;
/// Of the pages, those that are in no cache.
const RENDERED: f64 = 0.2;

/// What a template sets, as a number.
fn number(value: &Value) -> f64 {
    value
        .as_str()
        .map_or_else(|| value.as_f64(), |text| text.parse().ok())
        .unwrap_or_else(|| panic!("{value}"))
}

fn parameter(stack: &str, name: &str) -> Value {
    let stacks = stacks("prod");
    let stack = stacks.iter().find(|one| one.name == stack).unwrap();
    stack.parameters.get(name).unwrap_or_else(|| panic!("{name}")).clone()
}

fn count(kind: &str) -> f64 {
    of_kind(&stacks("prod"), kind).len() as f64
}

/// Servers that run on average: at rest as many as the group has at least, then so many that 60 % of their calls are in use
/// (`ScaleOnCalls`).
fn servers(faxes: f64) -> f64 {
    let calls = faxes * MINUTES / (HOURS * 60.0);
    let of_one = number(&parameter("services", "CallsPerServer")) * 0.6;
    number(&parameter("services", "MinServers")).max((calls / of_one).ceil())
}

/// A row's title, and what it costs a month.
fn costs(faxes: f64) -> Vec<(&'static str, f64)> {
    assert_eq!(parameter("services", "ServerInstanceType"), "c6i.large");
    assert_eq!(parameter("data", "DatabaseInstanceClass"), "db.r6g.large");
    assert_eq!(parameter("data", "LocksNodeType"), "cache.t4g.small");
    let million = |count: f64| count / 1e6;
    let gigabytes_of_sound = faxes * SOUND_MB / 1000.0;
    let documents = faxes * DOCUMENT_MB / 1000.0;
    let api = faxes * REQUESTS;
    let pages = faxes * PAGES;
    let logs = 5.0 + faxes * LOG_KB / 1e6;
    let acl =
        of_kind(&stacks("prod"), "AWS::WAFv2::WebACL")[0].2.properties["Rules"].as_array().unwrap().len();
    vec![
        // c6i.large, and 30 GB of gp3.
        ("Servers", servers(faxes) * (0.085 * HOURS + 30.0 * 0.08)),
        // db.r6g.large; 10 kB of rows and 100 reads and writes of storage a fax, 20 GB and a year of faxes.
        (
            "Aurora",
            count("AWS::RDS::DBInstance") * 0.26 * HOURS
                + 0.10 * (20.0 + 12.0 * faxes * 0.01 / 1000.0)
                + 0.20 * million(100.0 * faxes),
        ),
        ("Redis", 2.0 * 0.032 * HOURS),
        // And capacity units: 25 new connections a second each, or a gigabyte an hour.
        (
            "Load balancers",
            count("AWS::ElasticLoadBalancingV2::LoadBalancer") * 0.0225 * HOURS
                + 0.008 * (api / 25.0 / 3600.0).max(documents),
        ),
        (
            "NAT gateway and its address",
            count("AWS::EC2::NatGateway") * (0.045 + 0.005) * HOURS + 0.045 * (gigabytes_of_sound + 5.0),
        ),
        // Of one cent an hour in each of three zones; the bucket's gateway is free.
        ("Interface endpoints", (count("AWS::EC2::VPCEndpoint") - 1.0) * 3.0 * 0.01 * HOURS + 0.01 * logs),
        // CloudFront's first 10 million requests and terabyte cost nothing. A page with its files is 0.1 MB and 5 requests.
        (
            "CloudFront, renderer, web ACL",
            5.0 + acl as f64
                + 0.60 * million(api + 5.0 * pages)
                + (million(api + 5.0 * pages) - 10.0).max(0.0)
                + 0.085 * ((pages * 0.1 + faxes * DOCUMENT_MB) / 1000.0 - 1000.0).max(0.0)
                + 0.10 * (million(pages) - 2.0).max(0.0)
                // Lambda@Edge: 0.25 GB for 5 ms.
                + pages * RENDERED * (0.60 / 1e6 + 0.00005001 * 0.25 * 0.005),
        ),
        // A document is kept for 30 days after its fax (`keep_after_fax`), and is written and read some ten times.
        ("Documents and packages", 0.023 * (10.0 + documents) + 0.005 * faxes * 10.0 / 1000.0 * 0.5),
        // Twice a call for the server, one visibility and deletion for the poller, which looks every minute.
        (
            "Queues and poller",
            0.40 * million(faxes * 2.0) + (43_800.0 * 0.25 * 0.2 * 0.0000166667 + 0.2 * 0.0438),
        ),
        ("Logs and metrics", 0.53 * logs + 0.10 * count("AWS::CloudWatch::Alarm") + 3.0 + 0.30 * 5.0),
        (
            "Keys, secrets, zones, health check",
            count("AWS::KMS::Key")
                + 0.40 * count("AWS::SecretsManager::Secret")
                + 0.50 * count("AWS::Route53::HostedZone")
                + 2.50,
        ),
    ]
}

/// As the table shows it: dollars, in thousands with a comma.
fn dollars(amount: f64) -> String {
    let whole = amount.round() as u64;
    if whole < 1000 { whole.to_string() } else { format!("{},{:03}", whole / 1000, whole % 1000) }
}

#[test]
fn the_table_of_costs_is_what_the_templates_cost_at_the_prices_above() {
    let columns = LOADS.map(costs);
    let mut expected: Vec<Vec<String>> = (0..columns[0].len())
        .map(|row| {
            let title = columns[0][row].0.to_owned();
            std::iter::once(title).chain(columns.iter().map(|column| dollars(column[row].1))).collect()
        })
        .collect();
    let sum = columns.iter().map(|column| dollars(column.iter().map(|(_, amount)| amount.round()).sum()));
    expected.push(std::iter::once("Sum".to_owned()).chain(sum).collect());
    let table = readme_table("Cost");
    let found: Vec<Vec<String>> = table.iter().map(|row| row[..5].to_vec()).collect();
    assert_eq!(found, expected, "write it anew:\n{}", as_rows(&expected));
}

fn as_rows(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect()
}

#[test]
fn limits_are_those_of_the_templates() {
    let rows = readme_table("Limits");
    let row = |title: &str| {
        rows.iter()
            .find(|row| row[0].starts_with(title))
            .unwrap_or_else(|| panic!("no limit {title}"))
            .join(" | ")
    };
    let has = |title: &str, what: &str| assert!(row(title).contains(what), "{what}: {}", row(title));

    let calls = number(&parameter("services", "CallsPerServer"));
    let servers = number(&parameter("services", "MinServers"));
    let most = number(&parameter("services", "MaxServers"));
    let a_day = |servers: f64| dollars((servers * calls * 24.0 * 60.0 / MINUTES / 100.0).floor() * 100.0);
    has("Calls on a server", &format!("`CallsPerServer` {calls}").replace('`', ""));
    has("Calls on a server", &format!("{servers} servers: {} faxes a day", a_day(servers)));
    has("Calls on a server", &format!("{most} servers: {}", a_day(most)));

    // "NAT gateway basics": 55,000 connections to one destination and port for each address. A call has three: SIP, RTP, T.38.
    has(
        "NAT gateway: connections",
        &format!("{} calls at once", dollars((55_000.0_f64 / 3.0 / 1000.0).floor() * 1000.0)),
    );

    let stacks = stacks("prod");
    let acl = of_kind(&stacks, "AWS::WAFv2::WebACL")[0].2;
    has("Web ACL", &format!("{} used", web_acl::capacity(&acl.properties).unwrap()));
    has("Template in a request", "51,200 bytes");
    // "Quotas for Amazon SQS": a standard queue keeps 120,000 messages that somebody has taken.
    has("Messages in flight", "120,000");
    let poller = of_kind(&stacks, "AWS::Lambda::Function")
        .into_iter()
        .find(|(_, name, _)| *name == "Poller")
        .unwrap()
        .2;
    has("Poller", &format!("{} runs at once", number(&poller.properties["ReservedConcurrentExecutions"])));
}
