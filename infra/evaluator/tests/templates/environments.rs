use faxdroid_evaluator::texts;
use serde_json::Value;

use crate::support::{environment, of_kind, stacks};

#[test]
fn qa_and_prod_differ_in_parameters_only() {
    let (qa, prod) = (environment("qa"), environment("prod"));
    assert_eq!(qa.parameters.keys().collect::<Vec<_>>(), prod.parameters.keys().collect::<Vec<_>>());
    let layers = |environment: &faxdroid_evaluator::Environment| {
        environment
            .layers
            .iter()
            .map(|layer| (layer.name.clone(), layer.region.clone(), layer.template_path.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(layers(&qa), layers(&prod));
    // Prod with the values of QA's file is QA, to the last property.
    let disguised = faxdroid_evaluator::Environment {
        account: qa.account.clone(),
        region: qa.region.clone(),
        parameters: qa.parameters.clone(),
        ..prod
    };
    for (qa, prod) in qa.evaluate().unwrap().iter().zip(disguised.evaluate().unwrap()) {
        assert_eq!(format!("{qa:#?}"), format!("{prod:#?}"));
    }
}

#[test]
fn a_group_that_could_not_replace_its_servers_is_refused() {
    let mut qa = environment("qa");
    for parameter in ["MinServers", "MaxServers"] {
        qa.parameters.insert(parameter.to_owned(), Value::from(3));
    }
    let refused = qa.evaluate().unwrap_err().to_string();
    assert!(refused.contains("MaxServers must leave room to replace servers one by one."), "{refused}");
}

#[test]
fn every_environment_resolves_and_no_dynamic_reference_is_to_another_environments_secret() {
    for name in ["qa", "prod"] {
        for stack in stacks(name) {
            for resource in stack.resources.values() {
                for text in texts(&resource.properties).iter().filter(|text| text.contains("{{resolve:")) {
                    let ours = format!("{{{{resolve:secretsmanager:faxdroid/{name}/");
                    assert!(
                        text.starts_with(&ours) || text.contains("{{resolve:secretsmanager:<data."),
                        "{text}"
                    );
                }
            }
        }
    }
    assert!(!stacks("ci").is_empty());
}

#[test]
fn edge_resources_are_in_us_east_1_and_the_rest_in_the_home_region() {
    let home = environment("prod").region;
    for stack in stacks("prod") {
        let edge = ["dns", "edge"].contains(&stack.name.as_str());
        assert_eq!(stack.region, if edge { "us-east-1" } else { &home }, "{}", stack.name);
        for resource in stack.resources.values() {
            let of_cloudfront =
                resource.kind.starts_with("AWS::CloudFront::") || resource.kind.starts_with("AWS::WAFv2::");
            assert!(!of_cloudfront || edge, "{} in {}", resource.kind, stack.name);
        }
    }
}

#[test]
fn what_holds_data_survives_its_stack() {
    let stacks = stacks("prod");
    for kind in
        ["AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::RDS::DBCluster"]
    {
        for (stack, name, resource) in of_kind(&stacks, kind) {
            let expected = if kind == "AWS::RDS::DBCluster" { "Snapshot" } else { "Retain" };
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                let found = resource.attributes.get(policy).and_then(Value::as_str);
                assert_eq!(found, Some(expected), "{policy} of {stack}.{name}");
            }
        }
    }
    let environment = environment("prod");
    let protected: Vec<&str> =
        environment.layers.iter().filter(|layer| layer.protected).map(|layer| layer.name.as_str()).collect();
    assert_eq!(protected, ["dns", "network", "data"]);
}

#[test]
fn every_parameter_is_described_and_constrained() {
    for name in ["prod", "ci"] {
        for layer in environment(name).layers {
            let groups = layer.template.entry("Metadata", "AWS::CloudFormation::Interface");
            let shown = groups.map(texts).unwrap_or_default();
            for (parameter, declared) in layer.template.section("Parameters") {
                let at = format!("{}: {parameter}", layer.name);
                assert!(declared.get("Description").is_some(), "{at} is not described");
                assert!(shown.contains(&parameter.as_str()), "{at} is in no group");
                let keys = ["AllowedValues", "AllowedPattern", "MinValue"];
                let typed = declared["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::"));
                // Lists are checked by the resource that takes them.
                let list = declared["Type"] == "CommaDelimitedList";
                let constrained = keys.iter().any(|key| declared.get(key).is_some());
                assert!(typed || list || constrained, "{at} takes anything");
            }
        }
    }
}

#[test]
fn every_template_fits_into_a_request() {
    for name in ["prod", "ci"] {
        for layer in environment(name).layers {
            let size = layer.template.to_json().len();
            assert!(size <= 51_200, "{} has {size} bytes", layer.name);
        }
    }
}

#[test]
fn every_export_is_asked_for_or_an_output_for_people() {
    let stacks = stacks("prod");
    for stack in &stacks {
        for import in &stack.imports {
            let from = stacks.iter().find(|other| other.exports.contains_key(import)).unwrap();
            assert_ne!(from.name, stack.name);
        }
    }
}
