use std::collections::{BTreeMap, BTreeSet, VecDeque};

use faxdroid_evaluator::{Stack, texts};
use regex::Regex;

use crate::support::{infra, of_kind, readme_section, readme_table, stacks};

#[test]
fn every_component_of_the_table_is_a_resource_of_its_template() {
    let (prod, ci) = (stacks("prod"), stacks("ci"));
    let mut numbers = BTreeSet::new();
    for row in readme_table("Components") {
        let [number, _, template, resources, why] = row.as_slice() else { panic!("{row:?}") };
        assert!(!why.is_empty(), "{row:?}");
        if let Ok(number) = number.parse::<u32>() {
            numbers.insert(number);
        }
        let stack = template.trim_end_matches(".yaml");
        let stack =
            prod.iter().chain(&ci).find(|one| one.name == stack).unwrap_or_else(|| panic!("{template}"));
        for resource in resources.split(',').map(str::trim) {
            assert!(stack.resources.contains_key(resource), "{template} has no {resource}");
        }
    }
    assert_eq!(numbers, (1..=22).collect());
}

/// What passes a connection on and is no component of its own.
const BETWEEN: [&str; 11] = [
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::InstanceProfile",
    "AWS::RDS::DBSubnetGroup",
    "AWS::Route53::RecordSet",
];

/// Which resources name which, in both directions: by reference, or by the name of a record.
struct Connections {
    neighbors: BTreeMap<String, BTreeSet<String>>,
    /// What is no component and passes a connection on.
    between: BTreeSet<String>,
}

impl Connections {
    fn of(stacks: &[Stack], components: &BTreeMap<u32, BTreeSet<String>>) -> Self {
        let reference = Regex::new(r"<(\w+\.\w+)").unwrap();
        let records: Vec<(String, String)> = of_kind(stacks, "AWS::Route53::RecordSet")
            .into_iter()
            .filter(|(_, _, record)| record.properties.get("AliasTarget").is_some())
            .map(|(stack, name, record)| {
                (format!("{stack}.{name}"), record.properties["Name"].as_str().unwrap().to_owned())
            })
            .collect();
        let mut connections = Self { neighbors: BTreeMap::new(), between: BTreeSet::new() };
        for stack in stacks {
            for (name, resource) in &stack.resources {
                let from = format!("{}.{name}", stack.name);
                let of_component = components.values().any(|resources| resources.contains(&from));
                if !of_component && BETWEEN.contains(&resource.kind.as_str()) {
                    connections.between.insert(from.clone());
                }
                for text in texts(&resource.properties) {
                    for found in reference.captures_iter(text) {
                        connections.connect(&from, &found[1]);
                    }
                    for (record, host) in &records {
                        if text == host || text == format!("https://{host}") {
                            connections.connect(&from, record);
                        }
                    }
                }
            }
        }
        connections
    }

    fn connect(&mut self, one: &str, other: &str) {
        self.neighbors.entry(one.to_owned()).or_default().insert(other.to_owned());
        self.neighbors.entry(other.to_owned()).or_default().insert(one.to_owned());
    }

    /// Whether a way leads from one component to another through nothing but what is between them.
    fn lead(&self, from: &BTreeSet<String>, to: &BTreeSet<String>) -> bool {
        let mut seen = from.clone();
        let mut next: VecDeque<&str> = from.iter().map(String::as_str).collect();
        while let Some(here) = next.pop_front() {
            for neighbor in self.neighbors.get(here).into_iter().flatten() {
                if to.contains(neighbor) {
                    return true;
                }
                if self.between.contains(neighbor) && seen.insert(neighbor.clone()) {
                    next.push_back(neighbor);
                }
            }
        }
        false
    }
}

/// Number of the component → its resources, as `stack.Resource`.
fn components() -> BTreeMap<u32, BTreeSet<String>> {
    let mut components: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for row in readme_table("Components") {
        let (template, resources) = (row[2].trim_end_matches(".yaml"), &row[3]);
        if let Ok(number) = row[0].parse() {
            let resources = resources.split(',').map(|name| format!("{template}.{}", name.trim()));
            components.entry(number).or_default().extend(resources);
        }
    }
    components
}

#[test]
fn every_arrow_and_every_box_of_the_diagram_is_in_the_templates() {
    let mut all = stacks("prod");
    all.extend(stacks("ci"));
    let components = components();
    let connections = Connections::of(&all, &components);
    let section = readme_section("Diagram");
    let diagram = section.split("```mermaid\n").nth(1).unwrap().split("```").next().unwrap();
    let (label, arrow, boxed) = (
        Regex::new(r#"n(\d+)\[\(?"(\d+) · "#).unwrap(),
        Regex::new(r#"\bn(\d+)(?:\[[^\]]*\])? -->(?:\|[^|]*\|)? n(\d+)\b"#).unwrap(),
        Regex::new(r#"^\s*subgraph (\w+)"#).unwrap(),
    );
    let drawn: Vec<u32> = label
        .captures_iter(diagram)
        .map(|found| {
            assert_eq!(found[1], found[2], "the number is that of the component");
            found[1].parse().unwrap()
        })
        .collect();
    assert_eq!(drawn.len(), 22, "each is drawn once: {drawn:?}");
    assert_eq!(drawn.into_iter().collect::<BTreeSet<_>>(), (1..=22).collect());

    let mut arrows = 0;
    for found in arrow.captures_iter(diagram) {
        let [from, to] = [1, 2].map(|group| found[group].parse::<u32>().unwrap());
        assert!(connections.lead(&components[&from], &components[&to]), "nothing leads from {from} to {to}");
        arrows += 1;
    }
    assert_eq!(arrows, diagram.matches("-->").count() - 4, "four lead to people and other accounts");

    let mut around: Vec<Option<u32>> = Vec::new();
    for line in diagram.lines() {
        if let Some(found) = boxed.captures(line) {
            let number = found[1].strip_prefix('n').and_then(|number| number.parse().ok());
            if let (Some(inner), Some(Some(outer))) = (number, around.last()) {
                assert!(
                    connections.lead(&components[&inner], &components[outer]),
                    "{inner} is not in {outer}"
                );
            }
            around.push(number);
        } else if line.trim() == "end" {
            around.pop();
        } else if let (Some(found), Some(Some(outer))) = (label.captures(line), around.last()) {
            let inner: u32 = found[1].parse().unwrap();
            assert!(connections.lead(&components[&inner], &components[outer]), "{inner} is not in {outer}");
        }
    }
    // What is not there is not found.
    for (from, to) in [(3, 13), (4, 9), (14, 17), (20, 13), (10, 13), (22, 13)] {
        assert!(!connections.lead(&components[&from], &components[&to]), "{from} to {to}");
    }
}

/// Names in capitals that are set in a script itself, or by bash.
const OF_THE_SCRIPTS: [&str; 2] = ["RANDOM", "OFFICE_DOCUMENTS"];

#[test]
fn an_instance_is_told_what_its_scripts_ask_for_and_nothing_else() {
    let stacks = stacks("prod");
    let template = of_kind(&stacks, "AWS::EC2::LaunchTemplate")[0].2;
    let user_data = template.properties["LaunchTemplateData"]["UserData"].as_str().unwrap();
    let (_, environment) = user_data.split_once("<<'END'\n").unwrap();
    let told: BTreeSet<&str> = environment
        .lines()
        .take_while(|line| *line != "END")
        .map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}")).0)
        .collect();
    // What comes from elsewhere could break the file that a shell reads.
    for line in environment.lines().take_while(|line| *line != "END") {
        assert!(!line.contains(['"', '$', '`', '\\']), "{line}");
    }
    let folder = infra().join("instance");
    let asks = Regex::new(r"\$\{?([A-Z][A-Z_]+)").unwrap();
    let mut asked = BTreeSet::new();
    for script in ["start", "refresh-settings", "publish-metrics", "publish-logs", "finish-calls", "aws"] {
        let text = std::fs::read_to_string(folder.join(script)).unwrap();
        asked.extend(asks.captures_iter(&text).map(|found| found[1].to_owned()));
    }
    // That of every AWS tool, which on AWS nobody sets.
    asked.remove("AWS_ENDPOINT_URL");
    let told_names: BTreeSet<String> = told.iter().map(|name| (*name).to_owned()).collect();
    let asked: BTreeSet<String> =
        asked.into_iter().filter(|name| !OF_THE_SCRIPTS.contains(&name.as_str())).collect();
    assert_eq!(told_names, asked);

    let test = std::fs::read_to_string(folder.join("test")).unwrap();
    let in_test: BTreeSet<&str> =
        told.iter().copied().filter(|name| test.contains(&format!("\n{name}="))).collect();
    assert_eq!(in_test, told, "infra/instance/test tells its instance the same");
}
