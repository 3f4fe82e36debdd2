//! Every metric of AWS that an alarm or a dashboard names, as AWS documents it.
//!
//! An alarm on a metric with a wrong name or dimension is an alarm that never rings, and nothing says
//! so: CloudWatch takes any name. So names are written here and nowhere else, each group with the page
//! that has them, and a test compares what the templates name with a list of its own.

mod containers;

use recovery::metric::{DIMENSION, Metric as Reported, NAMESPACE};

pub use containers::{alb, container_insights, ecs};

use super::metric::{Known, Metric};

const LAMBDA: &str = "AWS/Lambda";
const API: &str = "AWS/ApiGateway";
const S3: &str = "AWS/S3";
const SQS: &str = "AWS/SQS";
const DYNAMODB: &str = "AWS/DynamoDB";
const RDS: &str = "AWS/RDS";
const STATES: &str = "AWS/States";
const SCHEDULER: &str = "AWS/Scheduler";
const EVENTS: &str = "AWS/Events";

/// Metrics of a function.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>
pub mod lambda {
    use super::{Known, LAMBDA};

    type OfFunction = Known<1>;
    const fn of_function(name: &'static str) -> OfFunction {
        Known::new(LAMBDA, name, ["FunctionName"])
    }

    /// Invocations, failed ones included.
    pub const INVOCATIONS: OfFunction = of_function("Invocations");
    /// Invocations that ended in an error.
    pub const ERRORS: OfFunction = of_function("Errors");
    /// Invocations refused for want of an instance.
    pub const THROTTLES: OfFunction = of_function("Throttles");
    /// Milliseconds that an invocation took.
    pub const DURATION: OfFunction = of_function("Duration");
    /// Instances at work.
    pub const CONCURRENT: OfFunction = of_function("ConcurrentExecutions");
    /// Asynchronous events given up.
    pub const DROPPED: OfFunction = of_function("AsyncEventsDropped");
    /// Asynchronous events given up and not taken by their destination.
    pub const NOT_DELIVERED: OfFunction = of_function("DestinationDeliveryFailures");
    /// Instances of the region's account that no function without a reservation can have.
    pub const CLAIMED: Known<0> = Known::new(LAMBDA, "ClaimedAccountConcurrency", []);
    /// Use that knows its quota, for `SERVICE_QUOTA`.
    ///
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Quotas-Visualize-Alarms.html>
    pub const USAGE: Known<4> =
        Known::new("AWS/Usage", "ConcurrentExecutions", ["Service", "Type", "Resource", "Class"]);
}

/// Metrics of a REST API, by stage and, as detailed metrics are on, by method.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>
pub mod api {
    use super::{API, Known};

    type OfStage = Known<2>;
    type OfMethod = Known<4>;
    const fn of_stage(name: &'static str) -> OfStage {
        Known::new(API, name, ["ApiName", "Stage"])
    }
    const fn of_method(name: &'static str) -> OfMethod {
        Known::new(API, name, ["ApiName", "Method", "Resource", "Stage"])
    }

    /// Requests.
    pub const COUNT: OfStage = of_stage("Count");
    /// Answers of 400 to 499.
    pub const CLIENT_ERRORS: OfStage = of_stage("4XXError");
    /// Answers of 500 to 599.
    pub const SERVER_ERRORS: OfStage = of_stage("5XXError");
    /// Requests of one method.
    pub const METHOD_COUNT: OfMethod = of_method("Count");
    /// Answers of 500 to 599 of one method.
    pub const METHOD_SERVER_ERRORS: OfMethod = of_method("5XXError");
    /// Milliseconds to the answer of one method.
    pub const METHOD_LATENCY: OfMethod = of_method("Latency");
}

/// Metrics of a queue.
///
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
pub mod sqs {
    use super::{Known, SQS};

    /// Seconds for which the oldest message has waited.
    pub const AGE: Known<1> = Known::new(SQS, "ApproximateAgeOfOldestMessage", ["QueueName"]);
    /// Messages that wait.
    pub const VISIBLE: Known<1> = Known::new(SQS, "ApproximateNumberOfMessagesVisible", ["QueueName"]);
}

/// Metrics of a table.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html>
pub mod dynamodb {
    use super::{DYNAMODB, Known};

    /// Reads beyond what the table or a partition takes.
    pub const READ_THROTTLES: Known<1> = Known::new(DYNAMODB, "ReadThrottleEvents", ["TableName"]);
    /// Writes beyond that.
    pub const WRITE_THROTTLES: Known<1> = Known::new(DYNAMODB, "WriteThrottleEvents", ["TableName"]);
    /// Calls that DynamoDB answered with 500.
    pub const SYSTEM_ERRORS: Known<2> = Known::new(DYNAMODB, "SystemErrors", ["TableName", "Operation"]);
    /// Milliseconds of a call that succeeded.
    pub const LATENCY: Known<2> =
        Known::new(DYNAMODB, "SuccessfulRequestLatency", ["TableName", "Operation"]);
    /// Milliseconds until an item of this region is in the receiving one; eventual consistency only.
    pub const REPLICATION_LATENCY: Known<2> =
        Known::new(DYNAMODB, "ReplicationLatency", ["TableName", "ReceivingRegion"]);
}

/// Metrics of an Aurora cluster.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html>
pub mod rds {
    use super::{Known, RDS};

    type OfCluster = Known<1>;
    const fn of_cluster(name: &'static str) -> OfCluster {
        Known::new(RDS, name, ["DBClusterIdentifier"])
    }

    /// Percent of the processors' time.
    pub const CPU: OfCluster = of_cluster("CPUUtilization");
    /// Connections of one instance.
    pub const CONNECTIONS: OfCluster = of_cluster("DatabaseConnections");
    /// Deadlocks per second.
    pub const DEADLOCKS: OfCluster = of_cluster("Deadlocks");
    /// Bytes left for temporary tables and logs; the volume itself grows.
    pub const FREE_LOCAL_STORAGE: OfCluster = of_cluster("FreeLocalStorage");
    /// Age of the oldest transaction id that is not vacuumed yet; PostgreSQL stops at two billion.
    pub const TRANSACTION_IDS: OfCluster = of_cluster("MaximumUsedTransactionIDs");
    /// Milliseconds by which a secondary follows. Published in the secondary's region only, and beside the
    /// cluster under the region it follows, which the page above does not say: so it is asked for by the
    /// cluster alone, with [`Measure::Greatest`](super::super::metric::Measure::Greatest).
    pub const REPLICATION_LAG: OfCluster = of_cluster("AuroraGlobalDBReplicationLag");
    /// Milliseconds of commits that a secondary lacks. As [`REPLICATION_LAG`].
    pub const RPO_LAG: OfCluster = of_cluster("AuroraGlobalDBRPOLag");
}

/// Metrics of a state machine.
///
/// <https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html>
pub mod states {
    use super::{Known, STATES};

    type OfMachine = Known<1>;
    const fn of_machine(name: &'static str) -> OfMachine {
        Known::new(STATES, name, ["StateMachineArn"])
    }

    /// Executions begun.
    pub const STARTED: OfMachine = of_machine("ExecutionsStarted");
    /// Executions that ended well.
    pub const SUCCEEDED: OfMachine = of_machine("ExecutionsSucceeded");
    /// Executions that failed.
    pub const FAILED: OfMachine = of_machine("ExecutionsFailed");
    /// Executions that took too long.
    pub const TIMED_OUT: OfMachine = of_machine("ExecutionsTimedOut");
    /// Executions that somebody stopped.
    pub const ABORTED: OfMachine = of_machine("ExecutionsAborted");
}

/// Metrics of schedules, which are counted by group.
///
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html>
pub mod scheduler {
    use super::{Known, SCHEDULER};

    type OfGroup = Known<1>;
    const fn of_group(name: &'static str) -> OfGroup {
        Known::new(SCHEDULER, name, ["ScheduleGroup"])
    }

    /// Targets that answered with an error.
    pub const TARGET_ERRORS: OfGroup = of_group("TargetErrorCount");
    /// Targets that were throttled.
    pub const TARGET_THROTTLES: OfGroup = of_group("TargetErrorThrottledCount");
    /// Invocations beyond the scheduler's own quota.
    pub const THROTTLES: OfGroup = of_group("InvocationThrottleCount");
    /// Invocations given up.
    pub const DROPPED: OfGroup = of_group("InvocationDroppedCount");
    /// Invocations given up that the dead-letter queue did not take either.
    pub const LOST: OfGroup = of_group("InvocationsFailedToBeSentToDeadLetterCount");
}

/// Metrics of a rule on a bus of our own.
///
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>
pub mod events {
    use super::{EVENTS, Known};

    type OfRule = Known<2>;
    const fn of_rule(name: &'static str) -> OfRule {
        Known::new(EVENTS, name, ["EventBusName", "RuleName"])
    }

    /// Events given up, as a target did not take them.
    pub const FAILED: OfRule = of_rule("FailedInvocations");
    /// Events given up that the dead-letter queue did not take either.
    pub const LOST: OfRule = of_rule("InvocationsFailedToBeSentToDlq");

    /// The same of a rule on the account's own bus, where the rule alone is a dimension.
    ///
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>
    pub const FAILED_ON_OWN_BUS: Known<1> = Known::new(EVENTS, "FailedInvocations", ["RuleName"]);
    /// The same.
    pub const LOST_ON_OWN_BUS: Known<1> = Known::new(EVENTS, "InvocationsFailedToBeSentToDlq", ["RuleName"]);
}

/// Metrics of the replication of a bucket.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html>
pub mod s3 {
    use super::{Known, S3};

    type OfRule = Known<3>;
    const fn of_rule(name: &'static str) -> OfRule {
        Known::new(S3, name, ["SourceBucket", "DestinationBucket", "RuleId"])
    }

    /// Seconds by which the destination is behind. Published in the destination's region.
    pub const LATENCY: OfRule = of_rule("ReplicationLatency");
    /// Operations that were not replicated. Published in the source's region.
    pub const FAILED: OfRule = of_rule("OperationsFailedReplication");
}

/// Days until a certificate expires; published twice a day.
///
/// <https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html>
pub const DAYS_TO_EXPIRY: Known<1> = Known::new("AWS/CertificateManager", "DaysToExpiry", ["CertificateArn"]);

/// One of the figures that our own services report.
pub fn reported(metric: Reported) -> Metric {
    Known::new(NAMESPACE, metric.name(), [DIMENSION]).of([metric.service().to_owned()])
}

/// Metrics of a rule of the firewall, by the names that rule and firewall have for their metrics.
///
/// <https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html>
pub mod firewall {
    use super::Known;

    type OfRule = Known<3>;
    const fn of_rule(name: &'static str) -> OfRule {
        Known::new("AWS/WAFV2", name, ["Region", "Rule", "WebACL"])
    }

    /// Requests that the rule has refused.
    pub const REFUSED: OfRule = of_rule("BlockedRequests");
    /// Requests that it has counted and let through.
    pub const COUNTED: OfRule = of_rule("CountedRequests");
}

/// Metrics of backups and copies, by the vault that they arrive in; nothing is reported while nothing ends.
///
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html>
pub mod backup {
    use super::Known;

    /// Namespace of all of them.
    pub const NAMESPACE: &str = "AWS/Backup";

    type OfVault = Known<1>;
    const fn of_vault(name: &'static str) -> OfVault {
        Known::new(NAMESPACE, name, ["BackupVaultName"])
    }

    /// Backups that are whole.
    pub const BACKED_UP: OfVault = of_vault("NumberOfBackupJobsCompleted");
    /// Copies that are whole, by the vault that they were copied into.
    pub const COPIED: OfVault = of_vault("NumberOfCopyJobsCompleted");
}

/// What the filters on the trail's log group count. They share a namespace of their own: a filter cannot give
/// a metric a fixed dimension.
pub mod audit {
    use super::Known;

    /// Namespace of every metric that is made from the trail.
    pub const NAMESPACE: &str = "Standfast/Audit";

    /// One of them, by its name.
    pub const fn counted(name: &'static str) -> Known<0> {
        Known::new(NAMESPACE, name, [])
    }
}
