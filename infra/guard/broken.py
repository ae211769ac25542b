"""Shows every rule of promises.guard to fail: breaks a copy of a template in one place, and expects that rule to say so.

usage: broken.py CFN_GUARD    (prints nothing but the count when all is well)
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from cfnlint.decode.cfn_yaml import load

GUARD = pathlib.Path(__file__).parent
TEMPLATES = GUARD.parent / "templates"
REMOVE = object()

# rule: (template, resource, path below the resource, what stands there in the broken copy, or what makes it so)
BREAKS = {
    "buckets_are_private": ("data", "DocumentBucket", "Properties.PublicAccessBlockConfiguration.BlockPublicPolicy", False),
    "buckets_keep_old_versions": ("edge", "StaticBucket", "Properties.VersioningConfiguration.Status", "Suspended"),
    "buckets_are_encrypted": ("data", "ArtifactBucket", "Properties.BucketEncryption", REMOVE),
    "queues_are_encrypted": ("data", "RefundsQueue", "Properties.KmsMasterKeyId", REMOVE),
    "database_is_encrypted": ("data", "DatabaseCluster", "Properties.StorageEncrypted", False),
    "database_cannot_be_deleted_by_mistake": ("data", "DatabaseCluster", "Properties.DeletionProtection", False),
    "database_has_no_password_in_a_template": ("data", "DatabaseCluster", "Properties.MasterUserPassword", "secret"),
    "database_has_backups_of_a_month": ("data", "DatabaseCluster", "Properties.BackupRetentionPeriod", 7),
    "redis_has_tls_and_two_zones": ("data", "LocksReplicationGroup", "Properties.TransitEncryptionEnabled", False),
    "instances_use_imdsv2": ("services", "ServerTemplate", "Properties.LaunchTemplateData.MetadataOptions.HttpTokens", "optional"),
    "instances_have_no_ssh_key": ("services", "ServerTemplate", "Properties.LaunchTemplateData.KeyName", "operator"),
    "instances_have_no_public_address": ("ci", "ControllerTemplate", "Properties.LaunchTemplateData.NetworkInterfaces.0.AssociatePublicIpAddress", True),
    "subnets_give_no_public_address": ("network", "PublicSubnetA", "Properties.MapPublicIpOnLaunch", True),
    "nothing_is_open_to_the_world": ("network", "CloudFrontToPublicLoadBalancer", "Properties.CidrIp", "0.0.0.0/0"),
    "listeners_are_tls_and_refuse_by_default": ("services", "PublicListener", "Properties.Protocol", "HTTP"),
    "distribution_is_current": ("edge", "Distribution", "Properties.DistributionConfig.WebACLId", REMOVE),
    "nothing_is_served_without_tls": ("edge", "Distribution", "Properties.DistributionConfig.CacheBehaviors.0.ViewerProtocolPolicy", "allow-all"),
    "no_cookie_is_in_a_cache_key": ("edge", "PageCache", "Properties.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.CookiesConfig.CookieBehavior", "all"),
    "versions_name_their_package": ("edge", "RendererVersion", "Properties.CodeSha256", REMOVE),
    "web_acl_rules_act": ("edge", "WebAcl", "Properties.Rules.4.Action", REMOVE),
    "web_acl_has_the_reputation_list": ("edge", "WebAcl", "Properties.Rules.1.Statement.ManagedRuleGroupStatement.Name", "AWSManagedRulesCommonRuleSet"),
    "logs_end_some_day": ("network", "FlowLogGroup", "Properties.RetentionInDays", REMOVE),
    "keys_rotate_and_stay": ("data", "DataKey", "Properties.EnableKeyRotation", False),
    "servers_are_replaced_one_by_one_and_finish_calls": ("services", "Servers", "UpdatePolicy.AutoScalingRollingUpdate.MaxBatchSize", 3),
    "disks_are_encrypted": ("services", "ServerTemplate", "Properties.LaunchTemplateData.BlockDeviceMappings.0.Ebs.Encrypted", False),
    "public_zone_stays": ("dns", "PublicZone", "DeletionPolicy", "Delete"),
    "names_are_aliases": ("edge", "ApexIpv6", "Properties.AliasTarget", REMOVE),
    "buckets_are_reached_by_access_control_and_servers_by_tls": ("edge", "Distribution", "Properties.DistributionConfig.Origins.0.OriginAccessControlId", REMOVE),
    "every_answer_has_security_headers": ("edge", "Distribution", "Properties.DistributionConfig.CacheBehaviors.1.ResponseHeadersPolicyId", REMOVE),
    "a_renderer_that_fails_is_made_up_for": ("edge", "Distribution", "Properties.DistributionConfig.CustomErrorResponses", []),
    "every_request_is_logged": ("edge", "AccessLogSource", "Properties.LogType", "TRACES"),
    "renderer_is_what_lambda_at_edge_takes": ("edge", "Renderer", "Properties.Environment", {"Variables": {"A": "b"}}),
    "assets_of_earlier_releases_stay": ("edge", "StaticBucket", "Properties.LifecycleConfiguration.Rules.0.ExpirationInDays", 30),
    "web_acl_has_our_block_list": ("edge", "WebAcl", "Properties.Rules.0.Statement.OrStatement.Statements", []),
    "web_acl_has_the_allow_list": ("edge", "WebAcl", "Properties.Rules.3.Action", {"Count": {}}),
    "web_acl_limits_rates": ("edge", "WebAcl", "Properties.Rules", lambda rules: [rule for rule in rules if "RateBasedStatement" not in rule["Statement"]]),
    "web_acl_logs_without_secrets": ("edge", "WebAclLog", "Properties.RedactedFields", []),
    "servers_answer_our_distribution_only": ("services", "FromOurDistribution", "Properties.Conditions.1", REMOVE),
    "networks_have_flow_logs": ("network", "FlowLog", "Properties.TrafficType", "REJECT"),
    "endpoints_are_found_by_the_services_own_names": ("network", "SecretEndpoint", "Properties.PrivateDnsEnabled", False),
    "servers_scale_on_cpu_and_on_calls": ("services", "ScaleOnCalls", "Properties.TargetTrackingConfiguration.CustomizedMetricSpecification.MetricName", "QueueAge"),
    "load_balancers_log_and_refuse_broken_headers": ("services", "PrivateLoadBalancer", "Properties.LoadBalancerAttributes", []),
    "internal_api_is_not_on_the_internet": ("services", "PrivateLoadBalancer", "Properties.Scheme", "internet-facing"),
    "certificates_renew_themselves": ("edge", "SiteCertificate", "Properties.ValidationMethod", "EMAIL"),
    "carriers_keep_one_address": ("network", "NatAddress", "DeletionPolicy", "Delete"),
    "calls_go_to_the_carrier_only": ("network", "ServerToCarrierMedia1", "Properties.CidrIp", "0.0.0.0/0"),
    "database_is_not_on_the_internet": ("data", "DatabaseReader", "Properties.PubliclyAccessible", True),
    "database_logs_slow_queries_and_errors": ("data", "DatabaseCluster", "Properties.EnableCloudwatchLogsExports", ["audit", "error"]),
    "database_speaks_tls_only": ("data", "DatabaseParameters", "Properties.Parameters.require_secure_transport", "OFF"),
    "queues_give_up_into_another_queue": ("data", "RetriesQueue", "Properties.RedrivePolicy", REMOVE),
    "poller_is_started_every_minute": ("services", "EveryMinute", "Properties.State", "DISABLED"),
    "poller_is_in_the_network_and_ends_before_the_next": ("services", "Poller", "Properties.VpcConfig", REMOVE),
    "roles_are_taken_with_their_word": ("access", "Deployer", "Properties.AssumeRolePolicyDocument.Statement.0.Condition", REMOVE),
    "jenkins_remembers_and_has_backups": ("ci", "Home", "DeletionPolicy", "Delete"),
    "agents_are_replaced_every_day": ("ci", "Agents", "Properties.MaxInstanceLifetime", 31536000),
    "alarms_tell_somebody": ("services", "LineDownAlarm", "Properties.AlarmActions", REMOVE),
    "money_that_runs_away_is_noticed": ("services", "Budget", "Properties.NotificationsWithSubscribers.0", REMOVE),
    "secrets_are_made_by_aws_and_in_no_template": ("data", "TrunkSecret", "Properties.SecretString", "secret"),
}


def broken(template, resource, path, value):
    root = copy.deepcopy(template)
    place = root["Resources"][resource]
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in above:
        place = place[part]
    if value is REMOVE:
        del place[last]
    elif callable(value):
        place[last] = value(place[last])
    else:
        place[last] = value
    return root


def failed_rules(guard, path):
    run = subprocess.run(
        [guard, "validate", "--rules", GUARD / "promises.guard", "--data", path, "--show-summary", "fail", "--type", "CFNTemplate"],
        capture_output=True, text=True, check=False,
    )
    return run.returncode, set(re.findall(r"(\w+)\s+FAIL\b", run.stdout)), run.stdout + run.stderr


def main():
    guard = sys.argv[1]
    rules = set(re.findall(r"^rule (\w+)", (GUARD / "promises.guard").read_text(), re.M))
    if rules != set(BREAKS):
        sys.exit(f"promises.guard and BREAKS differ: {sorted(rules ^ set(BREAKS))}")
    templates = {path.stem: json.loads(json.dumps(load(str(path)))) for path in TEMPLATES.glob("*.yaml")}
    with tempfile.TemporaryDirectory() as scratch:
        for rule, (name, resource, path, value) in BREAKS.items():
            copied = pathlib.Path(scratch) / f"{name}.json"
            copied.write_text(json.dumps(broken(templates[name], resource, path, value)))
            _, failed, said = failed_rules(guard, copied)
            if f"{rule}" not in failed:
                sys.exit(f"{rule} did not notice {path} of {name}.{resource}\n{said}")
    print(f"{len(rules)} rules, each shown to fail")


main()
