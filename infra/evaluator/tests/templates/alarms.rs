use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{infra, of_kind, stacks};

/// Metrics that AWS publishes, with the dimensions they come under, from each service's page "CloudWatch metrics".
const OF_AWS: [(&str, &str, &[&str]); 21] = [
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", &["LoadBalancer"]),
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", &["LoadBalancer"]),
    ("AWS/ApplicationELB", "TargetResponseTime", &["LoadBalancer"]),
    ("AWS/ApplicationELB", "HealthyHostCount", &["LoadBalancer", "TargetGroup"]),
    ("AWS/AutoScaling", "GroupInServiceInstances", &["AutoScalingGroupName"]),
    ("AWS/CertificateManager", "DaysToExpiry", &["CertificateArn"]),
    ("AWS/CloudFront", "5xxErrorRate", &["DistributionId", "Region"]),
    ("AWS/CloudFront", "LambdaExecutionError", &["DistributionId", "Region"]),
    ("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", &["ReplicationGroupId"]),
    ("AWS/Lambda", "Errors", &["FunctionName"]),
    ("AWS/Lambda", "Invocations", &["FunctionName"]),
    ("AWS/NATGateway", "ErrorPortAllocation", &["NatGatewayId"]),
    ("AWS/RDS", "AuroraReplicaLagMaximum", &["DBClusterIdentifier"]),
    ("AWS/RDS", "CPUUtilization", &["DBClusterIdentifier"]),
    ("AWS/RDS", "DatabaseConnections", &["DBClusterIdentifier"]),
    ("AWS/RDS", "FreeableMemory", &["DBClusterIdentifier"]),
    ("AWS/Route53", "HealthCheckStatus", &["HealthCheckId"]),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", &["QueueName"]),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", &["QueueName"]),
    ("AWS/WAFV2", "BlockedRequests", &["Rule", "WebACL"]),
    ("AWS/ApplicationELB", "RequestCount", &["LoadBalancer"]),
];

#[test]
fn every_alarm_watches_a_metric_that_exists_and_tells_somebody() {
    let publisher = std::fs::read_to_string(infra().join("instance/publish-metrics")).unwrap();
    for environment in ["prod", "ci"] {
        let stacks = stacks(environment);
        for (stack, name, alarm) in of_kind(&stacks, "AWS::CloudWatch::Alarm") {
            let properties = &alarm.properties;
            let namespace = properties["Namespace"].as_str().unwrap();
            let metric = properties["MetricName"].as_str().unwrap();
            let dimensions: BTreeSet<&str> = properties["Dimensions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|dimension| dimension["Name"].as_str().unwrap())
                .collect();
            if namespace == format!("FaxDroid/{environment}") {
                assert!(publisher.contains(&format!("metric {metric} ")), "nobody publishes {metric}");
                assert_eq!(dimensions, BTreeSet::from(["AutoScalingGroupName"]), "{stack}.{name}");
            } else {
                let known = OF_AWS.iter().any(|(space, known, under)| {
                    *space == namespace
                        && *known == metric
                        && under.iter().copied().collect::<BTreeSet<_>>() == dimensions
                });
                assert!(known, "{stack}.{name} watches {namespace} {metric} by {dimensions:?}");
            }
            for told in ["AlarmActions", "OKActions"] {
                assert!(
                    properties[told][0].as_str().unwrap().contains("AlertTopic"),
                    "{stack}.{name}: {told}"
                );
            }
        }
    }
}

#[test]
fn every_queue_has_a_dead_letter_queue_with_an_alarm() {
    let stacks = stacks("prod");
    let queues = of_kind(&stacks, "AWS::SQS::Queue");
    let alarms = of_kind(&stacks, "AWS::CloudWatch::Alarm");
    for (stack, name, queue) in &queues {
        if name.contains("DeadLetter") {
            let watched = format!("<{stack}.{name}.QueueName>");
            assert!(
                alarms.iter().any(|(_, _, alarm)| alarm.properties["Dimensions"][0]["Value"] == watched),
                "{name}"
            );
        } else {
            let target = queue.properties["RedrivePolicy"]["deadLetterTargetArn"].as_str().unwrap();
            assert_eq!(target, format!("<{stack}.{}.Arn>", name.replace("Queue", "DeadLetterQueue")));
        }
        assert_eq!(queue.properties["KmsMasterKeyId"], "<data.DataKey>");
    }
}

#[test]
fn a_message_stays_hidden_for_longer_than_the_poller_can_take() {
    let stacks = stacks("prod");
    let poller = of_kind(&stacks, "AWS::Lambda::Function")
        .into_iter()
        .find(|(_, name, _)| *name == "Poller")
        .unwrap()
        .2;
    let timeout = poller.properties["Timeout"].as_u64().unwrap();
    for (_, name, queue) in of_kind(&stacks, "AWS::SQS::Queue") {
        if let Some(hidden) = queue.properties["VisibilityTimeout"].as_u64() {
            assert!(hidden >= 6 * timeout, "{name}");
        }
    }
}

#[test]
fn the_dashboard_shows_every_alarm_of_its_region_and_metrics_that_exist() {
    let stacks = stacks("prod");
    let publisher = std::fs::read_to_string(infra().join("instance/publish-metrics")).unwrap();
    let dashboard = of_kind(&stacks, "AWS::CloudWatch::Dashboard")[0].2;
    let body: Value = serde_json::from_str(dashboard.properties["DashboardBody"].as_str().unwrap()).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    let shown: BTreeSet<String> = widgets[0]["properties"]["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alarm| alarm.as_str().unwrap().to_owned())
        .collect();
    let there: BTreeSet<String> = of_kind(&stacks, "AWS::CloudWatch::Alarm")
        .into_iter()
        .filter(|(stack, _, _)| *stack == "services")
        .map(|(stack, name, _)| format!("<{stack}.{name}.Arn>"))
        .collect();
    assert_eq!(shown, there);
    for widget in &widgets[1..] {
        for metric in widget["properties"]["metrics"].as_array().unwrap() {
            let parts: Vec<&str> = metric.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let [namespace, name, dimension, of] = parts[..] else { panic!("{metric}") };
            let ours = namespace == "FaxDroid/prod" && publisher.contains(&format!("metric {name} "));
            let known = OF_AWS
                .iter()
                .any(|(space, known, under)| *space == namespace && *known == name && *under == [dimension]);
            assert!(ours || known, "{metric}");
            assert!(of.starts_with('<') && of.ends_with('>'), "{metric} is of no resource");
        }
    }
}
