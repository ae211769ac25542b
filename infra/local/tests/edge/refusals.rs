use faxdroid_evaluator::Stack;
use faxdroid_local::distribution::Distribution;
use faxdroid_local::web_acl::WebAcl;
use faxdroid_local::{EdgeLocation, Places, Surroundings};
use serde_json::json;

use crate::support::{changed, environment, infra, stacks};

fn refusal(stacks: &[Stack]) -> String {
    let web_acl = WebAcl::read(stacks, &infra().join("local/managed")).map(|_| ());
    Distribution::read(stacks).map(|_| ()).and(web_acl).unwrap_err().to_string()
}

#[test]
fn the_templates_of_both_environments_are_known_to_the_last_property() {
    for name in ["qa", "prod"] {
        let base64 = format!("{}=", "A".repeat(43));
        let release = [
            ("Release", "1.0.0"),
            ("ServerPackageSha256", &"0".repeat(64)),
            ("PollerPackageSha256", &base64),
            ("EdgePackageSha256", &base64),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = faxdroid_evaluator::Environment::read(&infra(), name, &release.into()).unwrap();
        let stacks = environment.evaluate().unwrap();
        Distribution::read(&stacks).unwrap();
        let web_acl = WebAcl::read(&stacks, &infra().join("local/managed")).unwrap();
        assert!(web_acl.capacity() < 1_500);
    }
}

#[test]
fn a_property_that_is_not_known_is_refused_where_it_stands() {
    for (resource, pointer, value, said) in [
        ("Distribution", "/DistributionConfig/Staging", json!(true), "Staging"),
        (
            "Distribution",
            "/DistributionConfig/DefaultCacheBehavior/SmoothStreaming",
            json!(true),
            "SmoothStreaming",
        ),
        ("Distribution", "/DistributionConfig/Origins/0/OriginShield", json!({}), "OriginShield"),
        (
            "PageCache",
            "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/Unknown",
            json!(1),
            "Unknown",
        ),
        ("SecurityHeaders", "/ResponseHeadersPolicyConfig/CorsConfig", json!({}), "CorsConfig"),
        ("WebAcl", "/Rules/0/CaptchaConfig", json!({}), "CaptchaConfig"),
        (
            "WebAcl",
            "/Rules/0/Statement",
            json!({ "GeoMatchStatement": { "CountryCodes": ["XX"] } }),
            "GeoMatchStatement",
        ),
        ("WebAcl", "/Rules/0/Action", json!({ "Captcha": {} }), "Captcha"),
        (
            "ViewerRequest",
            "/FunctionConfig/KeyValueStoreAssociations",
            json!([]),
            "KeyValueStoreAssociations",
        ),
    ] {
        let refusal = refusal(&changed(resource, pointer, value));
        assert!(refusal.contains(said) && refusal.contains("edge."), "{resource}{pointer}: {refusal}");
    }
}

#[test]
fn what_aws_would_refuse_is_refused() {
    for (resource, pointer, value, said) in [
        (
            "Distribution",
            "/DistributionConfig/DefaultCacheBehavior/TargetOriginId",
            json!("nobody"),
            "nobody",
        ),
        ("Distribution", "/DistributionConfig/OriginGroups/Quantity", json!(2), "Quantity"),
        (
            "Distribution",
            "/DistributionConfig/DefaultCacheBehavior/CachePolicyId",
            json!("<edge.WebAcl>"),
            "WAFv2",
        ),
        (
            "Distribution",
            "/DistributionConfig/CustomErrorResponses/0/ResponsePagePath",
            json!("/x.html"),
            "ResponseCode",
        ),
        ("PageCache", "/CachePolicyConfig/MinTTL", json!(1_000_000), "ascend"),
        ("WebAcl", "/Rules/1/Priority", json!(0), "priority"),
        (
            "WebAcl",
            "/Rules/4/Statement/RateBasedStatement/EvaluationWindowSec",
            json!(42),
            "EvaluationWindowSec",
        ),
        ("WebAcl", "/Rules/4/Statement/RateBasedStatement/Limit", json!(5), "10"),
        ("BlockedIpv4Set", "/Addresses/0", json!("2001:db8::/128"), "IPV4"),
        ("BlockedIpv4Set", "/Addresses/0", json!("everybody"), "everybody"),
        ("GetEndpoints", "/RegularExpressionList/0", json!("("), "regex"),
    ] {
        let refusal = refusal(&changed(resource, pointer, value));
        assert!(refusal.contains(said), "{resource}{pointer}: {refusal}");
    }
}

#[tokio::test]
async fn what_is_nowhere_on_this_machine_is_named() {
    let stacks = stacks();
    let managed = infra().join("local/managed");
    let refusal = |with: Surroundings| EdgeLocation::new(&stacks, &managed, with).unwrap_err().to_string();
    assert!(refusal(Surroundings::default()).contains("edge.RendererVersion"));
    let renderer: std::sync::Arc<dyn faxdroid_local::function::Function> =
        std::sync::Arc::new(crate::support::Renderer::default());
    let functions = [("edge.RendererVersion".to_owned(), renderer)];
    let with =
        |places| Surroundings { places, functions: functions.clone().into(), ..Surroundings::default() };
    assert!(refusal(with(Places::default())).contains("nothing says where"));
    let address = "127.0.0.1:9".parse().unwrap();
    let origin = environment(&[]).evaluate().unwrap();
    let origin = origin.iter().find(|stack| stack.name == "edge").unwrap().parameters["OriginHost"].clone();
    let places = Places::default()
        .bucket("<edge.StaticBucket.RegionalDomainName>", address, "static")
        .server(origin.as_str().unwrap(), address);
    assert!(refusal(with(places)).contains("resolve:secretsmanager"));
}
