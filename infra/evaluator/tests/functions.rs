//! Each intrinsic function, by what the CloudFormation user guide says of it.

use std::collections::BTreeMap;

use faxdroid_evaluator::evaluate::{Place, evaluate};
use faxdroid_evaluator::{Stack, Template};
use serde_json::{Value, json};

const PLACE: Place<'static> = Place { stack: "s", region: "eu-west-1", account: "123456789012" };

fn stack(yaml: &str) -> Stack {
    let exports = BTreeMap::from([("other-Vpc".to_owned(), json!("<other.Vpc>"))]);
    evaluate(&Template::parse("test", yaml).unwrap(), &PLACE, &BTreeMap::new(), &exports).unwrap()
}

fn output(expression: &str) -> Value {
    let yaml = format!(
        "Parameters:\n  P: {{ Type: String, Default: p }}\nMappings:\n  M: {{ a: {{ b: found }} }}\nConditions:\n  \
         Yes: !Equals [!Ref P, p]\n  No: !Not [!Condition Yes]\nResources:\n  R: {{ Type: AWS::SQS::Queue }}\n\
         Outputs:\n  O:\n    Value: {expression}\n"
    );
    stack(&yaml).outputs["O"].clone()
}

#[test]
fn functions_give_what_the_user_guide_says() {
    for (expression, expected) in [
        ("!Ref P", json!("p")),
        ("!Ref AWS::Region", json!("eu-west-1")),
        ("!Ref R", json!("<s.R>")),
        ("!GetAtt R.Arn", json!("<s.R.Arn>")),
        ("!Sub '${P}-${R.Arn}-${AWS::AccountId}-${!literal}'", json!("p-<s.R.Arn>-123456789012-${literal}")),
        ("!Sub ['${V}/${P}', { V: !Ref R }]", json!("<s.R>/p")),
        ("!Join ['-', [a, !Ref P]]", json!("a-p")),
        ("!Split [',', 'a,b']", json!(["a", "b"])),
        ("!Select [1, [a, b]]", json!("b")),
        ("!Select [1, !GetAZs '']", json!("eu-west-1b")),
        ("!Cidr [10.20.0.0/16, 3, 12]", json!(["10.20.0.0/20", "10.20.16.0/20", "10.20.32.0/20"])),
        ("!If [Yes, a, b]", json!("a")),
        ("!If [No, a, b]", json!("b")),
        ("[a, !If [No, b, !Ref AWS::NoValue]]", json!(["a"])),
        ("!FindInMap [M, a, b]", json!("found")),
        ("!ImportValue other-Vpc", json!("<other.Vpc>")),
        ("!ImportValue { 'Fn::Sub': 'other-Vpc' }", json!("<other.Vpc>")),
    ] {
        assert_eq!(output(expression), expected, "{expression}");
    }
}

#[test]
fn a_resource_whose_condition_does_not_hold_is_not_there() {
    let stack = stack(
        "Conditions:\n  No: !Equals [a, b]\nResources:\n  Gone: { Type: AWS::SQS::Queue, Condition: No }\n  \
         Here: { Type: AWS::SQS::Queue }\n",
    );
    assert_eq!(stack.resources.keys().collect::<Vec<_>>(), ["Here"]);
}

#[test]
fn a_rule_whose_condition_does_not_hold_asserts_nothing() {
    stack(
        "Rules:\n  R: { RuleCondition: !Equals [a, b], Assertions: [{ Assert: !Equals [c, d] }] }\nResources: {}\n",
    );
}

#[test]
fn what_cannot_be_resolved_is_an_error_that_says_where() {
    for (yaml, expected) in [
        ("Resources:\n  A: { Type: X, Properties: { B: !Ref C } }", "s: A: B: there is no C to refer to"),
        (
            "Resources:\n  A: { Type: X, Properties: { B: !ImportValue C } }",
            "no earlier stack of eu-west-1 exports C",
        ),
        (
            "Resources:\n  A: { Type: X, Properties: { B: !Transform C } }",
            "CloudFormation has no tag !Transform",
        ),
        (
            "Resources:\n  A: { Type: X, Properties: { B: { 'Fn::Length': [] } } }",
            "Fn::Length is not known here",
        ),
        ("Parameters:\n  A: { Type: String }", "parameter A: has neither a value nor a default"),
        ("Parameters:\n  A: { Type: String, Default: c, AllowedValues: [a, b] }", "c is none of"),
        ("Parameters:\n  A: { Type: String, Default: c, AllowedPattern: '[ab]' }", "does not match"),
        ("Parameters:\n  A: { Type: Number, Default: 5, MaxValue: 4 }", "5 is out of range"),
        (
            "Rules:\n  R: { Assertions: [{ Assert: !Equals [a, b], AssertDescription: a is no b }] }",
            "s: Rules: R: a is no b",
        ),
    ] {
        let error = Template::parse("test", yaml)
            .and_then(|template| evaluate(&template, &PLACE, &BTreeMap::new(), &BTreeMap::new()))
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
