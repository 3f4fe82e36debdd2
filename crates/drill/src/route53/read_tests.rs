// Goal: the zone is what the template says, and nothing in it is passed over in silence.
// Method: a small template as synthesised, whole and with one thing wrong at a time.
use std::net::Ipv4Addr;

use serde_json::json;

use super::*;

fn stand_ins() -> StandIns {
    let host = |name: &str| format!("{name}.orders.trading.example");
    let addresses = [
        (host("us-east-1"), Ipv4Addr::new(127, 70, 0, 1)),
        (host("us-east-2"), Ipv4Addr::new(127, 70, 0, 2)),
    ];
    StandIns { addresses: addresses.into(), ttl_s: 10 }
}

fn record(role: &str, target: &str, check: &str) -> Json {
    json!({"Type": "AWS::Route53::RecordSet", "Properties": {
        "HostedZoneId": {"Ref": "Zone"}, "Name": "orders.trading.example.", "Type": "CNAME", "TTL": "10",
        "SetIdentifier": target, "Failover": role, "HealthCheckId": {"Ref": check},
        "ResourceRecords": [{"Fn::Join": [".", [target, "orders.trading.example"]]}],
    }})
}

fn check(host: &str) -> Json {
    json!({"Type": "AWS::Route53::HealthCheck", "Properties": {"HealthCheckConfig": {
        "Type": "HTTPS", "FullyQualifiedDomainName": host, "Port": 443, "ResourcePath": "/health/serving",
        "RequestInterval": 10, "FailureThreshold": 2, "EnableSNI": true,
    }}})
}

fn template() -> Json {
    json!({"Resources": {
        "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "trading.example."}},
        "HomeCheck": check("us-east-1.orders.trading.example"),
        "StandbyCheck": check("us-east-2.orders.trading.example"),
        "Primary": record("PRIMARY", "us-east-1", "HomeCheck"),
        "Secondary": record("SECONDARY", "us-east-2", "StandbyCheck"),
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Anything": 1}},
    }})
}

fn problems(template: &Json) -> String {
    read(&[template], &stand_ins()).expect_err("something is wrong with it").to_string()
}

#[test]
fn a_failover_pair_is_read() {
    let zone = read(&[&template()], &stand_ins()).expect("a good template");
    assert_eq!((zone.name.as_str(), zone.records.len(), zone.checks.len()), ("trading.example", 4, 2));
    let primary = &zone.records[0];
    assert_eq!(primary.value, Value::Cname("us-east-1.orders.trading.example".into()));
    let failover = primary.failover.as_ref().expect("a failover record");
    assert_eq!((failover.role, failover.health_check.as_deref()), (FailoverRole::Primary, Some("HomeCheck")));
    let check = &zone.checks["HomeCheck"];
    assert_eq!((check.interval_s, check.failure_threshold, check.path.as_str()), (10, 2, "/health/serving"));
}

#[test]
fn a_region_host_in_a_template_gives_way_to_the_stand_in() {
    let mut template = template();
    template["Resources"]["Host"] = json!({"Type": "AWS::Route53::RecordSet", "Properties": {
        "Name": "us-east-1.orders.trading.example", "Type": "A", "HostedZoneName": "trading.example.",
        "AliasTarget": {"DNSName": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}},
    }});
    assert_eq!(read(&[&template], &stand_ins()).expect("still good").records.len(), 4);
}

#[test]
fn everything_not_understood_is_listed() {
    let mut template = template();
    template["Resources"]["Primary"]["Properties"]["Weight"] = json!(3);
    template["Resources"]["HomeCheck"]["Properties"]["HealthCheckConfig"]["Inverted"] = json!(true);
    template["Resources"]["Signing"] = json!({"Type": "AWS::Route53::KeySigningKey"});
    let listed = problems(&template);
    for what in ["property Weight", "property Inverted", "AWS::Route53::KeySigningKey"] {
        assert!(listed.contains(what), "{what} is missing in {listed}");
    }
}

#[test]
fn half_a_pair_and_a_lost_check_are_refused() {
    let mut template = template();
    let resources = template["Resources"].as_object_mut().expect("resources");
    resources.remove("Secondary");
    resources.remove("HomeCheck");
    let listed = problems(&template);
    assert!(listed.contains("neither one plain record nor"), "{listed}");
    assert!(listed.contains("HomeCheck is not in the templates"), "{listed}");
}

#[test]
fn values_that_only_deployment_knows_are_refused() {
    let mut template = template();
    template["Resources"]["Primary"]["Properties"]["ResourceRecords"] = json!([{"Ref": "Other"}]);
    template["Resources"]["HomeCheck"]["Properties"]["HealthCheckConfig"]["RequestInterval"] = json!(7);
    let listed = problems(&template);
    assert!(listed.contains("no literals") && listed.contains("10 or 30"), "{listed}");
}
