//! R01, R05: the name that follows the lease, and the API behind it.

use serde_json::{Value, json};

use crate::{deployment, one, trading};

#[test]
fn failover_records_and_health_checks_have_the_deployment_s_timings() {
    let (templates, deployment) = (trading(), deployment());
    let dns = templates.iter().find(|t| t.name.contains("-Dns-")).expect("a stack for the zone");
    assert_eq!(dns.region, "us-east-2", "outside the primary");
    let expected = [
        ("PRIMARY", "us-east-1.orders.trading.example", "/health/serving"),
        ("SECONDARY", "us-east-2.orders.trading.example", "/health/ready"),
    ];
    for (failover, host, path) in expected {
        let record = one(&templates, "us-east-2", "AWS::Route53::RecordSet", "Failover", failover);
        assert_eq!(record["Name"], "orders.trading.example.");
        assert_eq!(record["Type"], "CNAME", "an alias would take its target's TTL");
        assert_eq!(record["TTL"], deployment.domain.record_ttl_s.to_string());
        assert_eq!(record["ResourceRecords"], json!([host]));
        let id = record["HealthCheckId"]["Ref"].as_str().expect("a check of the same stack");
        let check = &dns.json["Resources"][id]["Properties"]["HealthCheckConfig"];
        assert_eq!(check["Type"], "HTTPS");
        assert_eq!(check["Port"], 443);
        assert_eq!(check["FullyQualifiedDomainName"], host);
        assert_eq!(check["ResourcePath"], path);
        assert_eq!(check["RequestInterval"], deployment.health_check.interval_s);
        assert_eq!(check["FailureThreshold"], deployment.health_check.failure_threshold);
    }
}

#[test]
fn each_region_answers_under_its_own_name_and_the_public_one() {
    let templates = trading();
    for region in ["us-east-1", "us-east-2"] {
        let own = format!("{region}.orders.trading.example");
        for host in ["orders.trading.example", &own] {
            let domain = one(&templates, region, "AWS::ApiGateway::DomainName", "DomainName", host);
            assert_eq!(domain["SecurityPolicy"], "TLS_1_2");
            assert_eq!(domain["EndpointConfiguration"]["Types"], json!(["REGIONAL"]));
        }
        let certificate = one(
            &templates,
            region,
            "AWS::CertificateManager::Certificate",
            "DomainName",
            "orders.trading.example",
        );
        assert_eq!(certificate["ValidationMethod"], "DNS");
        assert_eq!(certificate["SubjectAlternativeNames"], json!([own]));
        let name = format!("{own}.");
        let record = one(&templates, region, "AWS::Route53::RecordSet", "Name", &name);
        assert!(record["AliasTarget"].is_object());
    }
}

#[test]
fn the_api_is_the_same_in_both_regions_but_for_the_region() {
    let templates = trading();
    let api = |region: &str, neutral: &str| -> String {
        let stack = templates.iter().find(|t| t.name.contains("-Api-") && t.region == region);
        stack.expect("an API per region").json["Resources"]
            .as_object()
            .expect("resources")
            .values()
            .map(Value::to_string)
            .map(|text| text.replace(region, neutral))
            .filter(|text| !text.contains("AWS::ApiGateway::Stage"))
            .map(|text| text.split("\"Metadata\"").next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let hide_deployment = |text: String| -> String {
        text.lines().filter(|line| !line.contains("AWS::ApiGateway::BasePathMapping")).collect()
    };
    assert_eq!(hide_deployment(api("us-east-1", "REGION")), hide_deployment(api("us-east-2", "REGION")));
}

#[test]
fn access_is_logged_without_bodies() {
    for stage in trading().iter().flat_map(|template| template.all("AWS::ApiGateway::Stage")) {
        assert!(stage["AccessLogSetting"]["DestinationArn"]["Fn::GetAtt"].is_array());
        assert_eq!(stage["MethodSettings"][0]["DataTraceEnabled"], false);
        assert_eq!(stage["MethodSettings"][0]["MetricsEnabled"], true);
        let format = stage["AccessLogSetting"]["Format"].as_str().expect("a format");
        assert!(serde_json::from_str::<Value>(format).is_ok(), "one JSON object per line");
    }
}
