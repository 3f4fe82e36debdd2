//! The changes, each of which breaks one property.

mod data;
mod entry;
mod standing;

use infra::check::Inventory;
use serde_json::{Value, json};

use super::edit::{
    add, allow, both, drop_poison, environment, named, of, open, remove, set, unset, workflow,
};

/// A change in words and in code.
pub type Named = (&'static str, fn(&mut Inventory));

const HOME: &str = "us-east-1";
const STANDBY: &str = "us-east-2";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const BUCKET: &str = "AWS::S3::Bucket";
const CHECK: &str = "AWS::Route53::HealthCheck";
const CLUSTER: &str = "AWS::RDS::DBCluster";
const FUNCTION: &str = "AWS::Lambda::Function";
const GROUP: &str = "AWS::RDS::DBClusterParameterGroup";
const INSTANCE: &str = "AWS::RDS::DBInstance";
const INSTANCE_GROUP: &str = "AWS::RDS::DBParameterGroup";
const MACHINE: &str = "AWS::StepFunctions::StateMachine";
const QUEUE: &str = "AWS::SQS::Queue";
const RECORD: &str = "AWS::Route53::RecordSet";
const ROLE: &str = "AWS::IAM::Role";
const TABLE: &str = "AWS::DynamoDB::GlobalTable";
const TOPIC: &str = "AWS::SNS::Topic";

/// Every change.
pub fn all() -> Vec<Named> {
    [
        path(),
        traffic(),
        workflows(),
        watches(),
        standing::changes(),
        sides(),
        data::changes(),
        entry::changes(),
        surroundings(),
    ]
    .concat()
}

fn path() -> Vec<Named> {
    vec![
        ("a function's environment reads an output of the other region", |all| {
            let read =
                json!({ "Fn::GetStackOutput": { "StackName": "S", "OutputName": "O", "Region": HOME } });
            set(
                named(of(all, STANDBY, FUNCTION), "FunctionName", "function-orders-api"),
                "Description",
                read,
            );
        }),
        ("the sentinel may send to a queue of the other region", |all| {
            allow(
                of(all, STANDBY, ROLE),
                "role-sentinel",
                &["sqs:SendMessage"],
                "arn:aws:sqs:us-east-1:1:queue",
            );
        }),
        ("the sentinel may change the hosted zone", |all| {
            let zone = "arn:aws:route53:::hostedzone/Z";
            allow(of(all, STANDBY, ROLE), "role-sentinel", &["route53:ChangeResourceRecordSets"], zone);
        }),
        ("steering traffic escalates when Route 53 does not answer", |all| {
            workflow(both(all, MACHINE), |definition| {
                let branch = &mut definition["States"]["Recover"]["Branches"][1]["States"];
                branch["SteerTraffic"]["Catch"] = json!([]);
            });
        }),
        ("a custom resource is made by a function of the other region", |all| {
            let token = "arn:aws:lambda:us-east-1:111122223333:function:function-stack-hook-production";
            let kind = "AWS::CloudFormation::CustomResource";
            add(all, STANDBY, "Api", kind, json!({ "ServiceToken": token }));
        }),
        ("the tables are managed from home", |all| {
            let tables = all.stacks.iter_mut().find(|stack| stack.kind() == "GlobalTables");
            HOME.clone_into(&mut tables.expect("a stack of tables").region);
        }),
    ]
}

fn traffic() -> Vec<Named> {
    vec![
        ("the failover records are aliases, which live for 60 s", |all| {
            let records = || json!({ "DNSName": "d.execute-api.amazonaws.com", "HostedZoneId": "Z" });
            for record in failover(all) {
                record["Properties"]["AliasTarget"] = records();
                record["Properties"].as_object_mut().expect("properties").remove("TTL");
            }
        }),
        ("the standby's record is kept for longer than home's", |all| set_ttl(all, "SECONDARY", "20")),
        ("five checks in a row", |all| set(both(all, CHECK), "HealthCheckConfig/FailureThreshold", json!(5))),
        ("a check every 30 s", |all| set(both(all, CHECK), "HealthCheckConfig/RequestInterval", json!(30))),
        ("health checks ask a port", |all| set(both(all, CHECK), "HealthCheckConfig/Type", json!("TCP"))),
        ("health checks are disabled", |all| {
            set(both(all, CHECK), "HealthCheckConfig/Disabled", json!(true))
        }),
        ("the standby's record has no health check", |all| {
            for record in
                failover(all).into_iter().filter(|record| record["Properties"]["Failover"] == "SECONDARY")
            {
                unset(vec![record], "HealthCheckId");
            }
        }),
        ("the standby's health check waits for the lease", |all| {
            set(both(all, CHECK), "HealthCheckConfig/ResourcePath", json!("/health/serving"));
        }),
    ]
}

fn workflows() -> Vec<Named> {
    vec![
        ("a state that nothing leads to", |all| {
            workflow(both(all, MACHINE), |definition| {
                definition["States"]["Lost"] = json!({ "Type": "Pass", "End": true });
            });
        }),
        ("another workflow in the standby", |all| {
            workflow(of(all, STANDBY, MACHINE), |definition| definition["Comment"] = "another".into());
        }),
        ("an execution may take ten minutes", |all| {
            workflow(both(all, MACHINE), |definition| definition["TimeoutSeconds"] = 600.into());
        }),
        ("a step may be tried forty times", |all| {
            workflow(both(all, MACHINE), |definition| {
                let retries = definition["States"]["OwnLease"]["Retry"].as_array_mut().expect("retries");
                retries.last_mut().expect("one for every error")["MaxAttempts"] = 40.into();
            });
        }),
        ("Lambda ends the steps after ten seconds", |all| {
            set(named(both(all, FUNCTION), "FunctionName", "function-recovery-step"), "Timeout", json!(10));
        }),
    ]
}

fn watches() -> Vec<Named> {
    vec![
        ("a watch is shorter than the schedule", |all| {
            environment(both(all, FUNCTION), "SENTINEL_WATCH_S", "59")
        }),
        ("a watch ends before a late one has seen a whole TTL", |all| {
            environment(both(all, FUNCTION), "SENTINEL_WATCH_S", "80");
        }),
        ("a fourth watch finds no instance", |all| {
            let sentinel = named(both(all, FUNCTION), "FunctionName", "function-sentinel");
            set(sentinel, "ReservedConcurrentExecutions", json!(3));
        }),
        ("Lambda ends a watch early", |all| {
            set(named(both(all, FUNCTION), "FunctionName", "function-sentinel"), "Timeout", json!(60));
        }),
        ("no instance is kept for the steps", |all| {
            let steps = named(of(all, STANDBY, FUNCTION), "FunctionName", "function-recovery-step");
            unset(steps, "ReservedConcurrentExecutions");
        }),
        ("the standby has a shorter TTL", |all| environment(of(all, STANDBY, FUNCTION), "LEASE_TTL_S", "12")),
        ("the standby has no off switch", |all| {
            let name = "/standfast/production/automation";
            remove(all, STANDBY, "AWS::SSM::Parameter", |one| one["Properties"]["Name"] == name);
        }),
    ]
}

fn sides() -> Vec<Named> {
    vec![
        ("the standby has another package", |all| {
            let api = named(of(all, STANDBY, FUNCTION), "FunctionName", "function-orders-api");
            set(api, "Code/S3Key", json!("0.zip"));
        }),
        ("home keeps more instances for the steps than the standby", |all| {
            let steps = named(of(all, HOME, FUNCTION), "FunctionName", "function-recovery-step");
            set(steps, "ReservedConcurrentExecutions", json!(9));
        }),
        ("the standby has another engine version", |all| {
            set(of(all, STANDBY, CLUSTER), "EngineVersion", json!("16.10"));
        }),
        ("the secondary has no instance", |all| remove(all, STANDBY, INSTANCE, |_| true)),
        ("the secondary has a smaller instance", |all| {
            let mut instances = of(all, STANDBY, INSTANCE);
            set(vec![instances.remove(0)], "DBInstanceClass", json!("db.r6g.medium"));
        }),
        ("the secondary has the engine's own parameters", |all| {
            unset(of(all, STANDBY, CLUSTER), "DBClusterParameterGroupName");
        }),
        ("the secondary's instances log other statements", |all| {
            set(of(all, STANDBY, INSTANCE_GROUP), "Parameters/log_min_duration_statement", json!("0"));
        }),
        ("an instance has the engine's own parameters", |all| {
            let mut instances = of(all, HOME, INSTANCE);
            unset(vec![instances.remove(0)], "DBParameterGroupName");
        }),
        ("the standby does not alarm on the replication lag", |all| {
            for alarm in of(all, STANDBY, ALARM) {
                let text = alarm.to_string().replace("AuroraGlobalDB", "Aurora");
                *alarm = serde_json::from_str(&text).expect("another metric's name changes no form");
            }
        }),
        ("an alarm on one side that tells nobody", |all| {
            let alarm = json!({ "AlarmName": "alarm-one-production", "MetricName": "Errors" });
            add(all, HOME, "Compute", ALARM, alarm);
        }),
        ("an alarm of the standby rings later than home's", |all| {
            let alarms = named(of(all, STANDBY, ALARM), "AlarmName", "alarm-queue-age");
            set(alarms, "Threshold", json!(3600));
        }),
        ("an alarm's actions are switched off in both regions", |all| {
            set(named(both(all, ALARM), "AlarmName", "alarm-queue-age"), "ActionsEnabled", json!(false));
        }),
        ("the witness is of another set", |all| {
            set(
                named(both(all, TABLE), "TableName", "table-journal"),
                "GlobalTableWitnesses/0/Region",
                json!("eu-west-1"),
            );
        }),
    ]
}

fn surroundings() -> Vec<Named> {
    vec![
        ("an instance is public", |all| set(of(all, HOME, INSTANCE), "PubliclyAccessible", json!(true))),
        ("the database's port is open to the internet", |all| open(all, HOME, 5432)),
        ("a role may do everything to a table", |all| {
            allow(
                of(all, HOME, ROLE),
                "role-sentinel",
                &["dynamodb:*"],
                "arn:aws:dynamodb:us-east-1:1:table/t",
            );
        }),
        ("a role may read every parameter", |all| {
            allow(of(all, HOME, ROLE), "role-orders-api", &["ssm:GetParameter"], "*");
        }),
        ("everybody may publish to the alerts", |all| {
            let statement =
                json!({ "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "t" });
            for policy in of(all, HOME, "AWS::SNS::TopicPolicy") {
                let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array_mut();
                statements.expect("statements").push(statement.clone());
            }
        }),
        ("everybody may put events on the bus", |all| {
            let statement =
                json!({ "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "b" });
            set(of(all, HOME, "AWS::Events::EventBusPolicy"), "Statement", statement);
        }),
        ("a queue's name lacks the environment", |all| {
            set(named(of(all, HOME, QUEUE), "QueueName", "queue-failed"), "QueueName", json!("queue-failed"));
        }),
        ("the order queue has no dead-letter queue", |all| drop_poison(all, HOME)),
        ("an event rule drops what it cannot deliver", |all| {
            for rule in of(all, HOME, "AWS::Events::Rule") {
                let target = &mut rule["Properties"]["Targets"][0];
                target.as_object_mut().expect("a target").remove("DeadLetterConfig");
            }
        }),
        ("the sentinel's failed invocations go nowhere", |all| {
            remove(all, HOME, "AWS::Lambda::EventInvokeConfig", |_| true);
        }),
    ]
}

fn failover(all: &mut Inventory) -> Vec<&mut Value> {
    both(all, RECORD).into_iter().filter(|record| record["Properties"]["Failover"].is_string()).collect()
}

fn set_ttl(all: &mut Inventory, role: &str, ttl: &str) {
    let records = failover(all).into_iter().filter(|record| record["Properties"]["Failover"] == role);
    set(records.collect(), "TTL", json!(ttl));
}
