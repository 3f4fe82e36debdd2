//! Changes to what stands by: whether it is on, where it is, whom it may call, and who may be it.

use serde_json::{Value, json};

use super::super::edit::{allow, both, environment, named, of, set, unset};
use super::{FUNCTION, HOME, MACHINE, Named, ROLE, STANDBY};

const MAPPING: &str = "AWS::Lambda::EventSourceMapping";
const PARAMETER: &str = "AWS::SSM::Parameter";
const RULE: &str = "AWS::Events::Rule";
const SCHEDULE: &str = "AWS::Scheduler::Schedule";

pub(super) fn changes() -> Vec<Named> {
    [switched(), allowed(), placed(), assumed()].concat()
}

fn switched() -> Vec<Named> {
    vec![
        ("the standby's sentinel is not started", |all| {
            set(named(of(all, STANDBY, SCHEDULE), "Name", "schedule-watch"), "State", json!("DISABLED"));
        }),
        ("home's preflight is not started", |all| {
            set(named(of(all, HOME, SCHEDULE), "Name", "schedule-preflight"), "State", json!("DISABLED"));
        }),
        ("orders are not handed to the processor", |all| {
            set(of(all, HOME, MAPPING), "Enabled", json!(false));
        }),
        ("nothing is announced in the standby", |all| {
            set(named(of(all, STANDBY, RULE), "Name", "rule-announcements"), "State", json!("DISABLED"));
        }),
        ("the standby is deployed with its switch off", |all| {
            set(named(of(all, STANDBY, PARAMETER), "Name", SWITCH), "Value", json!("off"));
        }),
        ("the switch of home takes any word", |all| {
            unset(named(of(all, HOME, PARAMETER), "Name", SWITCH), "AllowedPattern");
        }),
    ]
}

fn allowed() -> Vec<Named> {
    vec![
        ("the steps may not fail the global database over", |all| {
            forbid(of(all, STANDBY, ROLE), "role-recovery-step", "rds:FailoverGlobalCluster");
        }),
        ("the steps may not switch the global database back", |all| {
            forbid(of(all, HOME, ROLE), "role-recovery-step", "rds:SwitchoverGlobalCluster");
        }),
        ("the steps may move another global database", |all| {
            for role in named(both(all, ROLE), "RoleName", "role-recovery-step") {
                let text = role.to_string().replace(":global-cluster:", ":global-cluster:other-");
                *role = serde_json::from_str(&text).expect("another name changes no form");
            }
        }),
        ("the sentinel may start no workflow", |all| {
            forbid(of(all, STANDBY, ROLE), "role-sentinel", "states:StartExecution");
        }),
        ("the standby's sentinel knows home's workflow", |all| {
            let sentinel = named(of(all, STANDBY, FUNCTION), "FunctionName", "function-sentinel");
            let home = "arn:aws:states:us-east-1:111122223333:stateMachine:workflow-failover-production";
            environment(sentinel, "STATE_MACHINE_ARN", home);
        }),
        ("the workflow may not call the steps", |all| {
            forbid(of(all, STANDBY, ROLE), "role-failover", "lambda:InvokeFunction");
        }),
        ("the workflow has no role", |all| unset(of(all, STANDBY, MACHINE), "RoleArn")),
        ("the watch may not start the sentinel", |all| {
            forbid(of(all, STANDBY, ROLE), "role-watch", "lambda:InvokeFunction");
        }),
    ]
}

fn placed() -> Vec<Named> {
    vec![
        ("a function is outside of the network", |all| {
            unset(named(of(all, HOME, FUNCTION), "FunctionName", "function-recovery-step"), "VpcConfig");
        }),
        ("a function is in one zone", |all| {
            let sentinel = named(of(all, STANDBY, FUNCTION), "FunctionName", "function-sentinel");
            set(sentinel, "VpcConfig/SubnetIds", json!([{ "Ref": "PrivateSubnet1Id" }]));
        }),
        ("the functions' subnets are public ones", |all| {
            let stacks = all.stacks.iter_mut().filter(|stack| stack.kind() == "Compute");
            for stack in stacks {
                let text =
                    stack.template["Parameters"].to_string().replace("/private-subnet", "/public-subnet");
                stack.template["Parameters"] = serde_json::from_str(&text).expect("as before");
            }
        }),
        ("a function has a security group of another's", |all| {
            let sentinel = named(of(all, STANDBY, FUNCTION), "FunctionName", "function-sentinel");
            set(sentinel, "VpcConfig/SecurityGroupIds", json!(["sg-0123"]));
        }),
    ]
}

fn assumed() -> Vec<Named> {
    vec![
        ("anybody may be the steps", |all| {
            let steps = named(both(all, ROLE), "RoleName", "role-recovery-step");
            set(steps, "AssumeRolePolicyDocument/Statement/0/Principal", json!("*"));
        }),
        ("anybody may be the workflow who comes over TLS", |all| {
            let failover = named(both(all, ROLE), "RoleName", "role-failover");
            trust(failover, json!({ "AWS": ["*"] }), json!({ "Bool": { "aws:SecureTransport": "true" } }));
        }),
        ("the sentinel is an administrator", |all| {
            let administrator = json!(["arn:aws:iam::aws:policy/AdministratorAccess"]);
            set(named(of(all, HOME, ROLE), "RoleName", "role-sentinel"), "ManagedPolicyArns", administrator);
        }),
        ("a role may make calls by a pattern of one letter", |all| {
            let table = "arn:aws:dynamodb:us-east-1:111122223333:table/table-journal-production";
            allow(of(all, HOME, ROLE), "role-orders-api", &["dynamodb:PutIte?"], table);
        }),
        ("a role may read every table", |all| {
            let tables = "arn:aws:dynamodb:us-east-1:111122223333:table/*";
            allow(of(all, HOME, ROLE), "role-orders-api", &["dynamodb:GetItem"], tables);
        }),
        ("a role may send to every queue of the region", |all| {
            allow(of(all, HOME, ROLE), "role-orders-api", &["sqs:SendMessage"], "arn:aws:sqs:us-east-1:1:*");
        }),
        ("a role that gives a reason for other calls may read every secret", |all| {
            allow(of(all, HOME, ROLE), "role-sentinel", &["secretsmanager:GetSecretValue"], "*");
        }),
        ("a role may make the calls of a longer list for which it gives a reason", |all| {
            allow(of(all, HOME, ROLE), "role-sentinel", &["xray:PutTraceSegments"], "*");
        }),
    ]
}

/// How the off switch is called.
const SWITCH: &str = "/standfast/production/automation";

/// Lets a role be assumed by a principal under a condition.
fn trust(roles: Vec<&mut Value>, principal: Value, condition: Value) {
    for role in roles {
        let statement = &mut role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
        statement["Principal"] = principal.clone();
        statement["Condition"] = condition.clone();
    }
}

/// Takes an action from all that the roles of a name allow.
fn forbid(roles: Vec<&mut Value>, role: &str, action: &str) {
    for role in named(roles, "RoleName", role) {
        let statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].as_array_mut();
        for statement in statements.expect("statements") {
            if let Some(actions) = statement["Action"].as_array_mut() {
                actions.retain(|one| one != action);
            }
        }
    }
}
