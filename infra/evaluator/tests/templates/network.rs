use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{of_kind, readme_tables, stacks};

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn every_private_subnet_leaves_through_the_nat_gateway_and_data_subnets_not_at_all() {
    let stacks = stacks("prod");
    let mut default_route = BTreeMap::new();
    for (_, name, route) in of_kind(&stacks, "AWS::EC2::Route") {
        if let Some(gateway) =
            route.properties.get("NatGatewayId").or_else(|| route.properties.get("GatewayId"))
        {
            assert_eq!(route.properties["DestinationCidrBlock"], "0.0.0.0/0", "{name}");
            default_route.insert(text(&route.properties["RouteTableId"]), text(gateway));
        }
    }
    let mut ways = BTreeMap::new();
    for (_, _, association) in of_kind(&stacks, "AWS::EC2::SubnetRouteTableAssociation") {
        let way = default_route.get(&text(&association.properties["RouteTableId"])).cloned();
        ways.insert(text(&association.properties["SubnetId"]), way);
    }
    for (_, name, _) in of_kind(&stacks, "AWS::EC2::Subnet") {
        let expected = match name {
            name if name.starts_with("Public") => Some("<network.InternetGateway>"),
            name if name.starts_with("Private") => Some("<network.NatGateway>"),
            _ => None,
        };
        assert_eq!(ways[&format!("<network.{name}>")].as_deref(), expected, "{name}");
    }
    assert_eq!(of_kind(&stacks, "AWS::EC2::NatGateway").len(), 1, "carriers allow-list one address");
}

#[test]
fn subnets_are_in_three_zones_and_do_not_overlap() {
    let stacks = stacks("prod");
    let subnets = of_kind(&stacks, "AWS::EC2::Subnet");
    let networks: BTreeSet<String> =
        subnets.iter().map(|(_, _, subnet)| text(&subnet.properties["CidrBlock"])).collect();
    assert_eq!(networks.len(), 9);
    for kind in ["Public", "Private", "Data"] {
        let zones: BTreeSet<String> = subnets
            .iter()
            .filter(|(_, name, _)| name.starts_with(kind))
            .map(|(_, _, subnet)| text(&subnet.properties["AvailabilityZone"]))
            .collect();
        assert_eq!(zones.len(), 3, "{kind}");
    }
}

/// `from → to: protocol ports`, as a row of the table says it.
fn rules(environment: &str) -> BTreeSet<String> {
    let short = |value: &Value| {
        let text = text(value);
        let text = text.trim_start_matches('<').trim_end_matches(".GroupId>").to_owned();
        let text = text.trim_start_matches("network.").trim_start_matches("ci.");
        text.trim_end_matches("SecurityGroup").to_owned()
    };
    let stacks = stacks(environment);
    let mut rules = BTreeSet::new();
    for (kind, own, others) in [
        ("AWS::EC2::SecurityGroupIngress", "to", ["SourceSecurityGroupId", "SourcePrefixListId", "CidrIp"]),
        (
            "AWS::EC2::SecurityGroupEgress",
            "from",
            ["DestinationSecurityGroupId", "DestinationPrefixListId", "CidrIp"],
        ),
    ] {
        for (_, name, rule) in of_kind(&stacks, kind) {
            let properties = &rule.properties;
            let group = short(&properties["GroupId"]);
            let peer =
                others.iter().find_map(|key| properties.get(key)).unwrap_or_else(|| panic!("{name} is open"));
            let (low, high) = (text(&properties["FromPort"]), text(&properties["ToPort"]));
            let ports = if low == high { low } else { format!("{low}–{high}") };
            let protocol = text(&properties["IpProtocol"]);
            rules.insert(format!("{own} {group}: {} {protocol} {ports}", short(peer)));
        }
    }
    rules
}

/// The rules that a table of `infra/README.md` means; `parameters` are those of the environment.
fn rules_of_table(rows: &[Vec<String>], parameters: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let mut expected = BTreeSet::new();
    for row in rows {
        let [from, to, protocol, ports, ..] = row.as_slice() else { panic!("{row:?}") };
        let outside = |name: &str| parameters.get(name).map(text);
        match (outside(from), outside(to)) {
            (None, None) if to == "0.0.0.0/0" => {
                expected.insert(format!("from {from}: {to} {protocol} {ports}"));
            }
            (None, None) => {
                expected.insert(format!("from {from}: {to} {protocol} {ports}"));
                expected.insert(format!("to {to}: {from} {protocol} {ports}"));
            }
            (Some(network), None) => {
                expected.insert(format!("to {to}: {network} {protocol} {ports}"));
            }
            (None, Some(network)) => {
                expected.insert(format!("from {from}: {network} {protocol} {ports}"));
            }
            _ => panic!("{row:?}"),
        }
    }
    expected
}

#[test]
fn security_groups_open_exactly_what_the_readme_says() {
    let tables = readme_tables("Who may speak to whom");
    for (environment, table) in [("prod", &tables[0]), ("qa", &tables[0]), ("ci", &tables[1])] {
        let parameters = crate::support::environment(environment).parameters;
        assert_eq!(rules(environment), rules_of_table(table, &parameters), "{environment}");
        let stacks = stacks(environment);
        for (stack, name, group) in of_kind(&stacks, "AWS::EC2::SecurityGroup") {
            assert!(
                group.properties.get("SecurityGroupIngress").is_none(),
                "{stack}.{name} has rules of its own"
            );
            let own = &group.properties["SecurityGroupEgress"];
            assert_eq!(own[0]["CidrIp"], "127.0.0.1/32", "{stack}.{name}");
            assert_eq!(own.as_array().map(Vec::len), Some(1), "{stack}.{name}");
        }
    }
}

#[test]
fn calls_go_to_the_carrier_and_nowhere_else() {
    let stacks = stacks("prod");
    let prod = crate::support::environment("prod");
    let carrier = ["CarrierSignalingCidr1", "CarrierMediaCidr1"].map(|name| text(&prod.parameters[name]));
    for (_, name, rule) in of_kind(&stacks, "AWS::EC2::SecurityGroupEgress") {
        if rule.properties["IpProtocol"] == "udp" {
            assert!(carrier.contains(&text(&rule.properties["CidrIp"])), "{name}");
        }
    }
    for (_, name, rule) in of_kind(&stacks, "AWS::EC2::SecurityGroupIngress") {
        assert_eq!(rule.properties["IpProtocol"], "tcp", "{name}");
        assert!(rule.properties.get("CidrIp").is_none(), "{name} opens to a network");
    }
}

#[test]
fn nothing_passes_the_public_load_balancer_without_our_header() {
    let stacks = stacks("prod");
    for (_, name, listener) in of_kind(&stacks, "AWS::ElasticLoadBalancingV2::Listener") {
        assert_eq!(listener.properties["DefaultActions"][0]["Type"], "fixed-response", "{name}");
        assert_eq!(listener.properties["Protocol"], "HTTPS", "{name}");
    }
    let public: Vec<_> = of_kind(&stacks, "AWS::ElasticLoadBalancingV2::ListenerRule")
        .into_iter()
        .filter(|(_, _, rule)| rule.properties["ListenerArn"] == "<services.PublicListener>")
        .collect();
    assert_eq!(public.len(), 1);
    let conditions = public[0].2.properties["Conditions"].as_array().unwrap();
    let header = conditions.iter().find(|condition| condition["Field"] == "http-header").unwrap();
    let accepted = header["HttpHeaderConfig"]["Values"].as_array().unwrap();
    assert!(
        accepted
            .iter()
            .all(|value| value.as_str().unwrap().starts_with("{{resolve:secretsmanager:<data.OriginSecret"))
    );
    let distribution = of_kind(&stacks, "AWS::CloudFront::Distribution")[0].2;
    let origins = distribution.properties["DistributionConfig"]["Origins"].as_array().unwrap();
    let api = origins.iter().find(|origin| origin["Id"] == "api").unwrap();
    let sent = &api["OriginCustomHeaders"][0];
    assert_eq!(sent["HeaderName"], header["HttpHeaderConfig"]["HttpHeaderName"]);
    // The name of the secret that is sent is the name of one that is accepted.
    let names: Vec<String> = of_kind(&stacks, "AWS::SecretsManager::Secret")
        .iter()
        .map(|(_, _, secret)| {
            format!("{{{{resolve:secretsmanager:{}:SecretString:value}}}}", text(&secret.properties["Name"]))
        })
        .collect();
    assert!(names.contains(&text(&sent["HeaderValue"])), "{sent}");
}
