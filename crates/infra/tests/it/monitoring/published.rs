//! Goal: no alarm and no widget is on a metric that nobody publishes, for such an alarm never rings.
//! Method: a second list of AWS's metrics with their dimensions, written from AWS's pages and not from the
//! code; and the services' source, for our own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use infra::stack::monitoring::catalogue;
use recovery::metric::{Metric, NAMESPACE};

use super::{METRIC_ALARM, Named, alarms, dashboards, metrics, names, tables};
use crate::{every_template, everywhere};

/// Namespace, metric, dimensions in alphabetical order. The pages are named in
/// `infra::stack::monitoring::catalogue`.
const PUBLISHED: [(&str, &str, &[&str]); 63] = [
    ("AWS/ApiGateway", "4XXError", &["ApiName", "Stage"]),
    ("AWS/ApiGateway", "5XXError", &["ApiName", "Method", "Resource", "Stage"]),
    ("AWS/ApiGateway", "5XXError", &["ApiName", "Stage"]),
    ("AWS/ApiGateway", "Count", &["ApiName", "Method", "Resource", "Stage"]),
    ("AWS/ApiGateway", "Count", &["ApiName", "Stage"]),
    ("AWS/ApiGateway", "Latency", &["ApiName", "Method", "Resource", "Stage"]),
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", &["LoadBalancer"]),
    ("AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", &["LoadBalancer", "TargetGroup"]),
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", &["LoadBalancer", "TargetGroup"]),
    ("AWS/ApplicationELB", "HealthyHostCount", &["LoadBalancer", "TargetGroup"]),
    ("AWS/ApplicationELB", "RejectedConnectionCount", &["LoadBalancer"]),
    ("AWS/ApplicationELB", "RequestCount", &["LoadBalancer"]),
    ("AWS/ApplicationELB", "RequestCount", &["LoadBalancer", "TargetGroup"]),
    ("AWS/ApplicationELB", "TargetResponseTime", &["LoadBalancer", "TargetGroup"]),
    ("AWS/ApplicationELB", "UnHealthyHostCount", &["LoadBalancer", "TargetGroup"]),
    ("AWS/Backup", "NumberOfBackupJobsCompleted", &["BackupVaultName"]),
    ("AWS/Backup", "NumberOfCopyJobsCompleted", &["BackupVaultName"]),
    ("AWS/CertificateManager", "DaysToExpiry", &["CertificateArn"]),
    ("AWS/DynamoDB", "ReadThrottleEvents", &["TableName"]),
    ("AWS/DynamoDB", "ReplicationLatency", &["ReceivingRegion", "TableName"]),
    ("AWS/DynamoDB", "SuccessfulRequestLatency", &["Operation", "TableName"]),
    ("AWS/DynamoDB", "SystemErrors", &["Operation", "TableName"]),
    ("AWS/DynamoDB", "WriteThrottleEvents", &["TableName"]),
    ("AWS/ECS", "CPUUtilization", &["ClusterName", "ServiceName"]),
    ("AWS/ECS", "MemoryUtilization", &["ClusterName", "ServiceName"]),
    ("ECS/ContainerInsights", "DesiredTaskCount", &["ClusterName", "ServiceName"]),
    ("ECS/ContainerInsights", "RunningTaskCount", &["ClusterName", "ServiceName"]),
    ("AWS/Events", "FailedInvocations", &["EventBusName", "RuleName"]),
    ("AWS/Events", "InvocationsFailedToBeSentToDlq", &["EventBusName", "RuleName"]),
    ("AWS/Events", "FailedInvocations", &["RuleName"]),
    ("AWS/Events", "InvocationsFailedToBeSentToDlq", &["RuleName"]),
    ("AWS/Lambda", "AsyncEventsDropped", &["FunctionName"]),
    ("AWS/Lambda", "ClaimedAccountConcurrency", &[]),
    ("AWS/Lambda", "ConcurrentExecutions", &["FunctionName"]),
    ("AWS/Lambda", "DestinationDeliveryFailures", &["FunctionName"]),
    ("AWS/Lambda", "Duration", &["FunctionName"]),
    ("AWS/Lambda", "Errors", &["FunctionName"]),
    ("AWS/Lambda", "Invocations", &["FunctionName"]),
    ("AWS/Lambda", "Throttles", &["FunctionName"]),
    // Asked for by the cluster alone, whatever other dimensions they have.
    ("AWS/RDS", "AuroraGlobalDBRPOLag", &["DBClusterIdentifier"]),
    ("AWS/RDS", "AuroraGlobalDBReplicationLag", &["DBClusterIdentifier"]),
    ("AWS/RDS", "CPUUtilization", &["DBClusterIdentifier"]),
    ("AWS/RDS", "DatabaseConnections", &["DBClusterIdentifier"]),
    ("AWS/RDS", "Deadlocks", &["DBClusterIdentifier"]),
    ("AWS/RDS", "FreeLocalStorage", &["DBClusterIdentifier"]),
    ("AWS/RDS", "MaximumUsedTransactionIDs", &["DBClusterIdentifier"]),
    ("AWS/S3", "OperationsFailedReplication", &["DestinationBucket", "RuleId", "SourceBucket"]),
    ("AWS/S3", "ReplicationLatency", &["DestinationBucket", "RuleId", "SourceBucket"]),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", &["QueueName"]),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", &["QueueName"]),
    ("AWS/Scheduler", "InvocationDroppedCount", &["ScheduleGroup"]),
    ("AWS/Scheduler", "InvocationThrottleCount", &["ScheduleGroup"]),
    ("AWS/Scheduler", "InvocationsFailedToBeSentToDeadLetterCount", &["ScheduleGroup"]),
    ("AWS/Scheduler", "TargetErrorCount", &["ScheduleGroup"]),
    ("AWS/Scheduler", "TargetErrorThrottledCount", &["ScheduleGroup"]),
    ("AWS/States", "ExecutionsAborted", &["StateMachineArn"]),
    ("AWS/States", "ExecutionsFailed", &["StateMachineArn"]),
    ("AWS/States", "ExecutionsStarted", &["StateMachineArn"]),
    ("AWS/States", "ExecutionsSucceeded", &["StateMachineArn"]),
    ("AWS/States", "ExecutionsTimedOut", &["StateMachineArn"]),
    ("AWS/WAFV2", "BlockedRequests", &["Region", "Rule", "WebACL"]),
    ("AWS/WAFV2", "CountedRequests", &["Region", "Rule", "WebACL"]),
    ("AWS/Usage", "ConcurrentExecutions", &["Class", "Resource", "Service", "Type"]),
];

/// Every metric that an alarm or a dashboard of any deployment names.
fn named_anywhere() -> Vec<Named> {
    let of = |(templates, region): (&'static [crate::Template], &'static str)| {
        let alarmed = alarms(templates, region, METRIC_ALARM).into_values().flat_map(metrics);
        alarmed.chain(dashboards::metrics(templates, region)).collect::<Vec<_>>()
    };
    everywhere().flat_map(of).collect()
}

#[test]
fn every_metric_that_is_named_is_published_with_those_dimensions() {
    let named = named_anywhere();
    let mut used = BTreeSet::new();
    for metric in &named {
        let dimensions: Vec<&str> = metric.dimensions.keys().map(String::as_str).collect();
        if metric.namespace == NAMESPACE {
            let ours = Metric::ALL.iter().find(|ours| ours.name() == metric.name);
            let ours = ours.unwrap_or_else(|| panic!("{metric:?} is reported by nobody"));
            assert_eq!((&dimensions[..], metric.of("Service")), (&["Service"][..], ours.service()));
            continue;
        }
        if metric.namespace == catalogue::audit::NAMESPACE {
            let counted = every_template().flat_map(|template| template.all("AWS::Logs::MetricFilter"));
            let mut counted = counted.map(|filter| &filter["MetricTransformations"][0]["MetricName"]);
            assert!(dimensions.is_empty() && counted.any(|name| *name == metric.name), "{metric:?}");
            continue;
        }
        let wanted = (metric.namespace.as_str(), metric.name.as_str(), &dimensions[..]);
        let known = PUBLISHED.iter().find(|known| **known == wanted);
        used.insert(known.unwrap_or_else(|| panic!("AWS publishes no {wanted:?}")));
    }
    let unused: Vec<_> = PUBLISHED.iter().filter(|known| !used.contains(known)).collect();
    assert!(unused.is_empty(), "the list holds what is named and no more: {unused:?}");
}

#[test]
fn every_dimension_names_a_resource_of_the_same_region() {
    for (templates, region) in everywhere() {
        let made = |kind: &str, property: &str| names(templates, region, kind, property);
        // A name with a random part is known by its parameter.
        let parameter = |key: &str| {
            let name = format!("/standfast/production/load-balancer/{key}");
            let there = made("AWS::SSM::Parameter", "Name").contains(&name);
            there.then(|| format!("{{{{resolve:ssm:{name}}}}}")).into_iter().collect()
        };
        let machines = made("AWS::StepFunctions::StateMachine", "StateMachineName").into_iter();
        let machine = |name| format!("arn:aws:states:{region}:111122223333:stateMachine:{name}");
        let tables = tables(templates);
        let known = [
            ("FunctionName", made("AWS::Lambda::Function", "FunctionName")),
            ("QueueName", made("AWS::SQS::Queue", "QueueName")),
            ("TableName", tables),
            ("DBClusterIdentifier", made("AWS::RDS::DBCluster", "DBClusterIdentifier")),
            ("StateMachineArn", machines.map(machine).collect()),
            ("EventBusName", made("AWS::Events::EventBus", "Name")),
            ("RuleName", made("AWS::Events::Rule", "Name")),
            ("ApiName", made("AWS::ApiGateway::RestApi", "Name")),
            ("Stage", made("AWS::ApiGateway::Stage", "StageName")),
            ("BackupVaultName", made("AWS::Backup::BackupVault", "BackupVaultName")),
            ("ClusterName", made("AWS::ECS::Cluster", "ClusterName")),
            ("ServiceName", made("AWS::ECS::Service", "ServiceName")),
            ("LoadBalancer", parameter("full-name")),
            ("TargetGroup", parameter("target-group-full-name")),
        ];
        let mut seen = 0;
        for metric in alarms(templates, region, METRIC_ALARM).into_values().flat_map(metrics) {
            for (dimension, made) in &known {
                if let Some(value) = metric.dimensions.get(*dimension) {
                    assert!(made.contains(value), "{region}: {metric:?}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 60, "{seen} dimensions were looked up");
    }
}

/// Every `.rs` file below a directory, as one text.
fn source(directory: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(directory).expect("the services are beside this crate") {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() {
            text += &source(&path);
        } else {
            text += &fs::read_to_string(&path).expect("a readable source");
        }
    }
    text
}

#[test]
fn every_metric_of_ours_is_reported_by_its_service_and_looked_at() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/src");
    let shown = named_anywhere();
    for metric in Metric::ALL {
        let directory = match metric.service() {
            "orders-api" => "api",
            "order-processor" => "processor",
            "recovery-step" => "steps",
            other => other,
        };
        let code = source(&services.join(directory));
        assert!(code.contains(&format!("Metric::{}", metric.name())), "{} reports {metric:?}", directory);
        let looked_at = shown.iter().any(|named| named.is(NAMESPACE, metric.name()));
        let figures_of_clients = matches!(metric, Metric::OrdersRepeated | Metric::OrdersRefused);
        assert!(looked_at || figures_of_clients, "{metric:?} is neither alarmed on nor shown");
    }
}
