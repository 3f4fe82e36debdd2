//! Goal: whatever the requirement names is alarmed on in both regions, and whatever a stack adds later is
//! noticed here when it is not. Method: the requirement's words beside the metrics that stand for them;
//! and every function, queue, table, state machine, rule and route that the templates make.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{METRIC_ALARM, Named, REGIONS, alarms, metrics, names, tables};
use crate::{at_finance, everywhere, trading};

/// What R08 asks for, and the metrics that tell of it.
const ASKED: [(&str, &[(&str, &str)]); 13] = [
    ("the firewall", &[("AWS/WAFV2", "BlockedRequests")]),
    ("replication lag", &[("AWS/RDS", "AuroraGlobalDBReplicationLag"), ("AWS/RDS", "AuroraGlobalDBRPOLag")]),
    ("Lambda errors", &[("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles"), ("AWS/Lambda", "Duration")]),
    (
        "failed invocations",
        &[("AWS/Lambda", "AsyncEventsDropped"), ("AWS/Lambda", "DestinationDeliveryFailures")],
    ),
    ("concurrency", &[("AWS/Lambda", "ClaimedAccountConcurrency")]),
    (
        OF_API,
        &[("AWS/ApiGateway", "Latency"), ("AWS/ApiGateway", "5XXError"), ("AWS/ApiGateway", "4XXError")],
    ),
    ("queue age", &[("AWS/SQS", "ApproximateAgeOfOldestMessage")]),
    ("dead-letter depth", &[("AWS/SQS", "ApproximateNumberOfMessagesVisible")]),
    (
        "recovery executions",
        &[
            ("AWS/States", "ExecutionsFailed"),
            ("AWS/States", "ExecutionsTimedOut"),
            ("AWS/States", "ExecutionsAborted"),
        ],
    ),
    ("schedules", &[("AWS/Scheduler", "InvocationDroppedCount"), ("AWS/Scheduler", "TargetErrorCount")]),
    (
        "tables",
        &[
            ("AWS/DynamoDB", "SystemErrors"),
            ("AWS/DynamoDB", "WriteThrottleEvents"),
            ("AWS/DynamoDB", "ReplicationLatency"),
        ],
    ),
    (
        "database",
        &[
            ("AWS/RDS", "CPUUtilization"),
            ("AWS/RDS", "DatabaseConnections"),
            ("AWS/RDS", "FreeLocalStorage"),
            ("AWS/RDS", "Deadlocks"),
        ],
    ),
    (
        "business figures",
        &[
            ("Standfast", "OrdersUnavailable"),
            ("Standfast", "SettlementLag"),
            ("Standfast", "LeaseAge"),
            ("Standfast", "ProbesFailed"),
            ("Standfast", "SettlementsFenced"),
        ],
    ),
];

/// What is asked of an API alone.
const OF_API: &str = "API latency and errors";
/// What is asked in its place where containers answer behind a load balancer.
const ASKED_OF_CONTAINERS: [(&str, &[(&str, &str)]); 2] = [
    (
        "load balancer",
        &[
            ("AWS/ApplicationELB", "TargetResponseTime"),
            ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"),
            ("AWS/ApplicationELB", "HTTPCode_Target_4XX_Count"),
            ("AWS/ApplicationELB", "HealthyHostCount"),
            ("AWS/ApplicationELB", "UnHealthyHostCount"),
            ("AWS/ApplicationELB", "RejectedConnectionCount"),
            ("AWS/WAFV2", "CountedRequests"),
        ],
    ),
    (
        "containers",
        &[
            ("ECS/ContainerInsights", "RunningTaskCount"),
            ("AWS/ECS", "CPUUtilization"),
            ("AWS/ECS", "MemoryUtilization"),
        ],
    ),
];

fn looked_at(templates: &[crate::Template], region: &str) -> Vec<Named> {
    alarms(templates, region, METRIC_ALARM).into_values().flat_map(metrics).collect()
}

#[test]
fn all_that_is_asked_for_is_alarmed_on_in_both_regions() {
    for (templates, region) in everywhere() {
        let looked_at = looked_at(templates, region);
        let by_api = templates.iter().any(|template| template.name.contains("-Api-"));
        let asked = ASKED.into_iter().filter(|(what, _)| by_api || *what != OF_API);
        let also = if by_api { &[][..] } else { &ASKED_OF_CONTAINERS };
        for (what, wanted) in asked.chain(also.iter().copied()) {
            for (namespace, name) in wanted {
                let found = looked_at.iter().any(|metric| metric.is(namespace, name));
                assert!(found, "{what}: no alarm on {namespace} {name} in {region}");
            }
        }
    }
}

/// The values of a dimension over the alarms on one metric.
fn covered(looked_at: &[Named], namespace: &str, name: &str, dimension: &str) -> BTreeSet<String> {
    let of = looked_at.iter().filter(|metric| metric.is(namespace, name));
    of.map(|metric| metric.of(dimension).to_owned()).filter(|value| !value.is_empty()).collect()
}

/// To a workflow an error is an answer, `NotYet` among them: the executions are alarmed on instead.
const ANSWERS_WITH_ERRORS: &str = "function-recovery-step-production";
/// Somebody waits for what they do, or the queue keeps what they did not.
const WAITED_FOR: [&str; 3] =
    ["function-order-processor-production", "function-orders-api-production", ANSWERS_WITH_ERRORS];

#[test]
fn every_function_is_alarmed_on() {
    for (templates, region) in everywhere() {
        let looked_at = looked_at(templates, region);
        let functions = names(templates, region, "AWS::Lambda::Function", "FunctionName");
        let but_for = |left_out: &[&str]| -> BTreeSet<String> {
            functions.iter().filter(|name| !left_out.contains(&name.as_str())).cloned().collect()
        };
        let covered = |name| covered(&looked_at, "AWS/Lambda", name, "FunctionName");
        let alarms = alarms(templates, region, METRIC_ALARM);
        for function in
            templates.iter().filter(|t| t.region == region).flat_map(|t| t.all("AWS::Lambda::Function"))
        {
            let name = function["FunctionName"].as_str().expect("a name");
            let purpose = name.strip_prefix("function-").and_then(|name| name.strip_suffix("-production"));
            let limit = &alarms[&format!("{}-duration", purpose.expect("a name of ours"))]["Threshold"];
            let timeout_ms = function["Timeout"].as_f64().expect("seconds") * 1000.0;
            assert_eq!(limit.as_f64(), Some(timeout_ms * 0.9), "{name}");
        }
        assert_eq!(covered("Throttles"), functions, "{region}");
        assert_eq!(covered("Duration"), functions, "{region}");
        assert_eq!(covered("Errors"), but_for(&[ANSWERS_WITH_ERRORS]), "{region}");
        assert_eq!(covered("AsyncEventsDropped"), but_for(&WAITED_FOR), "{region}");
    }
}

#[test]
fn every_service_is_alarmed_on() {
    for (templates, region) in at_finance() {
        let looked_at = looked_at(templates, region);
        let services = names(templates, region, "AWS::ECS::Service", "ServiceName");
        for (namespace, name) in
            [("ECS/ContainerInsights", "RunningTaskCount"), ("AWS/ECS", "CPUUtilization")]
        {
            assert_eq!(covered(&looked_at, namespace, name, "ServiceName"), services, "{name} in {region}");
        }
        for service in ["orders-service", "orders-worker"] {
            let alarm = alarms(templates, region, METRIC_ALARM)[&format!("{service}-below-floor")];
            let ranges = templates.iter().filter(|template| template.region == region);
            let mut ranges = ranges.flat_map(|one| one.all("AWS::ApplicationAutoScaling::ScalableTarget"));
            let range = ranges.find(|one| one["ResourceId"].to_string().contains(service)).expect("a range");
            assert_eq!(alarm["Threshold"].as_f64(), range["MinCapacity"].as_f64(), "{service}");
        }
        let alarms = alarms(templates, region, METRIC_ALARM);
        let (running, healthy) = (alarms["orders-service-below-floor"], alarms["targets-below-floor"]);
        assert_eq!(
            healthy["Threshold"], running["Threshold"],
            "tasks that run and cannot be reached serve nobody"
        );
        assert_eq!(
            (&healthy["MetricName"], &healthy["Statistic"]),
            (&"HealthyHostCount".into(), &"Minimum".into())
        );
    }
}

#[test]
fn every_queue_table_cluster_state_machine_and_rule_is_alarmed_on() {
    for (templates, region) in everywhere() {
        let looked_at = looked_at(templates, region);
        let covered = |namespace, name, dimension| covered(&looked_at, namespace, name, dimension);
        let made = |kind, property| names(templates, region, kind, property);
        let mut resting = made("AWS::SQS::Queue", "QueueName");
        assert!(resting.remove("queue-orders-production"));
        assert!(
            resting.remove("queue-peer-events-production"),
            "a record: what is in it was told by the peer"
        );
        let depth = covered("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName");
        assert_eq!(depth, resting, "{region}: every queue that nothing reads but people");
        let age = covered("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName");
        assert_eq!(age, BTreeSet::from(["queue-orders-production".to_owned()]));
        let tables = tables(templates);
        for metric in ["SystemErrors", "ReadThrottleEvents", "WriteThrottleEvents"] {
            assert_eq!(covered("AWS/DynamoDB", metric, "TableName"), tables, "{metric} in {region}");
        }
        let clusters = made("AWS::RDS::DBCluster", "DBClusterIdentifier");
        assert_eq!(covered("AWS/RDS", "CPUUtilization", "DBClusterIdentifier"), clusters);
        let machines = made("AWS::StepFunctions::StateMachine", "StateMachineName");
        let arn = |name: &String| format!("arn:aws:states:{region}:111122223333:stateMachine:{name}");
        let machines: BTreeSet<String> = machines.iter().map(arn).collect();
        for metric in ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"] {
            assert_eq!(covered("AWS/States", metric, "StateMachineArn"), machines, "{metric} in {region}");
        }
        let rules = made("AWS::Events::Rule", "Name");
        assert_eq!(covered("AWS/Events", "FailedInvocations", "RuleName"), rules, "{region}");
    }
}

#[test]
fn both_ends_of_the_replication_of_every_bucket_are_alarmed_on_where_they_are_published() {
    let templates = trading();
    for (region, peer) in [(REGIONS[0], REGIONS[1]), (REGIONS[1], REGIONS[0])] {
        let looked_at = looked_at(&templates, region);
        let buckets = |region: &str| names(&templates, region, "AWS::S3::Bucket", "BucketName");
        let ends = |metric: &str, from: &str, to: &str| {
            for (dimension, of) in [("SourceBucket", from), ("DestinationBucket", to)] {
                assert_eq!(
                    covered(&looked_at, "AWS/S3", metric, dimension),
                    buckets(of),
                    "{metric} in {region}"
                );
            }
            let rules = covered(&looked_at, "AWS/S3", metric, "RuleId");
            assert_eq!(rules, BTreeSet::from(["everything".to_owned()]));
        };
        ends("ReplicationLatency", peer, region);
        ends("OperationsFailedReplication", region, peer);
    }
    let standby = templates.iter().filter(|t| t.region == REGIONS[1]).flat_map(|t| t.all("AWS::S3::Bucket"));
    for bucket in standby {
        assert_eq!(bucket["ReplicationConfiguration"]["Rules"][0]["Id"], "everything");
        let metrics = &bucket["ReplicationConfiguration"]["Rules"][0]["Destination"]["Metrics"];
        assert_eq!(metrics["Status"], "Enabled", "or there are no such metrics");
    }
}

/// Method and path of every method of the API in a region.
fn methods(templates: &[crate::Template], region: &str) -> BTreeSet<(String, String)> {
    let api = templates.iter().find(|t| t.region == region && t.name.contains("-Api-")).expect("an API");
    let path = |id: &str| -> String {
        let (mut path, mut at) = (String::new(), id.to_owned());
        loop {
            let resource = &api.json["Resources"][&at]["Properties"];
            path = format!("/{}{path}", resource["PathPart"].as_str().expect("a part"));
            match resource["ParentId"]["Ref"].as_str() {
                Some(parent) => at = parent.to_owned(),
                None => return path,
            }
        }
    };
    let all = api.all("AWS::ApiGateway::Method").into_iter();
    let of = |method: &Value| {
        let verb = method["HttpMethod"].as_str().expect("a verb").to_owned();
        (verb, path(method["ResourceId"]["Ref"].as_str().expect("a resource of the stack")))
    };
    all.map(of).collect()
}

#[test]
fn every_route_that_clients_ask_is_alarmed_on_and_the_checks_are_taken_out() {
    let templates = trading();
    for region in REGIONS {
        let looked_at = looked_at(&templates, region);
        let of = |name: &str| -> BTreeSet<(String, String)> {
            let by_method =
                looked_at.iter().filter(|m| m.is("AWS/ApiGateway", name) && !m.of("Method").is_empty());
            by_method.map(|m| (m.of("Method").to_owned(), m.of("Resource").to_owned())).collect()
        };
        let (checks, asked): (BTreeSet<_>, BTreeSet<_>) =
            methods(&templates, region).into_iter().partition(|(_, path)| path.starts_with("/health/"));
        assert_eq!(of("Latency"), asked, "{region}");
        let answers_503 = checks.into_iter().filter(|(_, path)| path != "/health/live").collect();
        assert_eq!(of("5XXError"), answers_503, "{region}: `live` answers 503 to nobody");
        let stage = templates.iter().filter(|t| t.region == region);
        let stage = stage.flat_map(|t| t.all("AWS::ApiGateway::Stage")).next().expect("a stage");
        assert_eq!(stage["MethodSettings"][0]["MetricsEnabled"], true, "metrics by method are published");
    }
}
