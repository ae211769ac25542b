use std::collections::BTreeSet;

use faxdroid_evaluator::texts;
use regex::Regex;
use serde_json::Value;

use crate::support::{infra, of_kind, stacks};

fn list(value: &Value) -> Vec<&str> {
    texts(value)
}

/// Statements of policies on roles, with the role they belong to.
fn statements(name: &str) -> Vec<(String, Value)> {
    let stacks = stacks(name);
    let mut all = Vec::new();
    for (stack, role, resource) in of_kind(&stacks, "AWS::IAM::Role") {
        for policy in resource.properties["Policies"].as_array().into_iter().flatten() {
            for statement in policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten() {
                all.push((format!("{stack}.{role}"), statement.clone()));
            }
        }
    }
    all
}

/// Actions for which IAM has no resource, or none before it exists ("Service Authorization Reference"); all others name theirs.
const WITHOUT_RESOURCE: [&str; 16] = [
    "autoscaling:DescribeAutoScalingGroups",
    "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRegions",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:Open",
];

#[test]
fn every_statement_names_only_resources_of_its_environment() {
    for (name, account) in [("qa", "222222222222"), ("prod", "333333333333"), ("ci", "111111111111")] {
        for (role, statement) in statements(name) {
            for resource in list(&statement["Resource"]) {
                if resource == "*" {
                    for action in list(&statement["Action"]) {
                        let known = WITHOUT_RESOURCE.iter().any(|known| action.starts_with(known));
                        assert!(known, "{name} {role}: {action} on everything");
                    }
                    continue;
                }
                // A resource of these very stacks, or a name within this account and environment.
                let ours = resource.contains('<') && resource.contains('>');
                let named = resource.contains(account)
                    && (resource.contains(&format!("faxdroid-{name}")) || resource.contains("cloudfront"));
                let own_account = resource.contains(account) && resource.contains("stack/services/");
                let tagged = statement["Condition"]["StringEquals"]["aws:ResourceTag/Name"]
                    .as_str()
                    .is_some_and(|tag| tag.starts_with(&format!("faxdroid-{name}-")));
                let deployer = name == "ci" && resource.ends_with("-deployer");
                assert!(ours || named || own_account || deployer || tagged, "{name} {role}: {resource}");
            }
        }
    }
}

#[test]
fn no_statement_allows_every_action() {
    for name in ["qa", "prod", "ci"] {
        for (role, statement) in statements(name) {
            for action in list(&statement["Action"]) {
                assert!(!action.ends_with(":*") && action != "*", "{name} {role}: {action}");
            }
        }
    }
}

#[test]
fn jenkins_may_take_the_deployers_that_trust_it_and_nothing_else() {
    let may: Vec<String> = statements("ci")
        .iter()
        .filter(|(_, statement)| list(&statement["Action"]).contains(&"sts:AssumeRole"))
        .flat_map(|(_, statement)| {
            list(&statement["Resource"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let mut trusting = Vec::new();
    for (name, account) in [("qa", "222222222222"), ("prod", "333333333333")] {
        let stacks = stacks(name);
        let roles = of_kind(&stacks, "AWS::IAM::Role");
        let (_, _, deployer) = roles.iter().find(|(_, role, _)| *role == "Deployer").unwrap();
        let trust = &deployer.properties["AssumeRolePolicyDocument"]["Statement"][0];
        let agent = "arn:aws:iam::111111111111:role/faxdroid-ci-agent";
        assert_eq!(trust["Condition"]["ArnEquals"]["aws:PrincipalArn"], agent);
        assert_eq!(trust["Condition"]["StringEquals"]["sts:ExternalId"], format!("faxdroid-{name}-deployer"));
        let role_name = deployer.properties["RoleName"].as_str().unwrap();
        trusting.push(format!("arn:aws:iam::{account}:role/{role_name}"));
    }
    assert_eq!(may, trusting);
}

#[test]
fn only_the_distribution_reads_static_files() {
    let stacks = stacks("prod");
    let (_, _, policy) = of_kind(&stacks, "AWS::S3::BucketPolicy")
        .into_iter()
        .find(|(_, name, _)| *name == "StaticBucketPolicy")
        .unwrap();
    let statements = policy.properties["PolicyDocument"]["Statement"].as_array().unwrap();
    let allowed: Vec<&Value> = statements.iter().filter(|statement| statement["Effect"] == "Allow").collect();
    assert_eq!(allowed.len(), 1);
    let source = &allowed[0]["Condition"]["StringEquals"]["AWS:SourceArn"];
    assert_eq!(source, "arn:aws:cloudfront::333333333333:distribution/<edge.Distribution>");
}

/// Policies that are no role's: of keys, buckets, topics and logs. A service of AWS works for every account of the world, so
/// that whoever lets one in says for whom ("the confused deputy problem").
#[test]
fn a_service_is_let_in_for_this_account_only() {
    let mut seen = 0;
    for name in ["qa", "prod", "ci"] {
        for stack in stacks(name) {
            for (resource, found) in &stack.resources {
                let policy = ["KeyPolicy", "PolicyDocument"].iter().find_map(|key| found.properties.get(key));
                let Some(policy) = policy else { continue };
                // That of Route 53's query log is a text.
                let policy = match policy {
                    Value::String(text) => serde_json::from_str(text).unwrap(),
                    other => other.clone(),
                };
                for statement in policy["Statement"].as_array().unwrap() {
                    let service = statement["Principal"].get("Service");
                    if statement["Effect"] == "Allow" && service.is_some() {
                        seen += 1;
                        let for_us = texts(&statement["Condition"]).iter().any(|value| {
                            ["222222222222", "333333333333", "111111111111"]
                                .iter()
                                .any(|us| value.contains(us))
                        });
                        assert!(for_us, "{name} {}.{resource}: {statement}", stack.name);
                    }
                }
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn the_deployer_may_call_what_the_deploy_tool_calls_and_delete_nothing() {
    let source = std::fs::read_to_string(infra().join("release/src/stacks.rs")).unwrap();
    let called: BTreeSet<String> = Regex::new(r"client\s*\.(\w+_\w+)\(\)")
        .unwrap()
        .captures_iter(&source)
        .map(|found| {
            let words = found[1].split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
            format!("cloudformation:{}", words.collect::<String>())
        })
        .collect();
    assert!(called.len() > 5, "{called:?}");
    for name in ["qa", "prod"] {
        let may: BTreeSet<String> = statements(name)
            .iter()
            .filter(|(role, _)| role == "access.Deployer")
            .flat_map(|(_, statement)| {
                list(&statement["Action"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
            })
            .filter(|action| action.starts_with("cloudformation:"))
            .collect();
        let missing: Vec<&String> = called.difference(&may).collect();
        // Whoever destroys a stack is an administrator and says so (`--as-myself`).
        assert_eq!(missing, ["cloudformation:DeleteStack"]);
    }
}
