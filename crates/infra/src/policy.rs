//! IAM: statements, roles, and the reasons for what cannot be narrowed.

use cdk::{Handle, Scope};
use cfn::{Json, Value, iam};
use serde_json::json;

/// Where a role's template metadata keeps the reasons for its wildcards.
pub const WILDCARD_REASON: &str = "WildcardReason";

/// Seconds for which a role of ours may be assumed by another: the least IAM takes for a maximum.
const SESSION_MAX_S: i64 = 3600;

/// One thing that is allowed, or that is denied whatever allows it.
#[derive(Clone, Debug)]
pub struct Statement {
    effect: &'static str,
    actions: Vec<String>,
    resources: Vec<Value<String>>,
    condition: Option<Json>,
    reason: Option<&'static str>,
}

impl Statement {
    /// Allows actions on resources.
    pub fn allow<V: Into<Value<String>>>(actions: &[&str], resources: impl IntoIterator<Item = V>) -> Self {
        Self {
            effect: "Allow",
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            resources: resources.into_iter().map(Into::into).collect(),
            condition: None,
            reason: None,
        }
    }

    /// Allows actions for which AWS takes no resource but `*`; `reason` says where it says so.
    pub fn anywhere(actions: &[&str], reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::allow(actions, ["*"]) }
    }

    /// Denies actions on everything; meant to go with a condition.
    pub fn deny(actions: &[&str]) -> Self {
        Self { effect: "Deny", ..Self::allow(actions, ["*"]) }
    }

    /// Gives the reason for a wildcard within a resource.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Only under this condition.
    #[must_use]
    pub fn when(mut self, condition: Json) -> Self {
        self.condition = Some(condition);
        self
    }

    /// What is allowed.
    pub fn actions(&self) -> &[String] {
        &self.actions
    }

    /// On what.
    pub fn resources(&self) -> &[Value<String>] {
        &self.resources
    }

    /// Whether only another service may call, on behalf of whoever calls that one.
    pub fn on_behalf(&self) -> bool {
        let condition = self.condition.as_ref();
        condition.is_some_and(|condition| condition["StringEquals"].get("kms:ViaService").is_some())
    }

    fn to_json(&self) -> Json {
        let mut statement =
            json!({ "Effect": self.effect, "Action": self.actions, "Resource": self.resources });
        if let Some(condition) = &self.condition {
            statement["Condition"] = condition.clone();
        }
        statement
    }
}

/// A policy document.
pub fn document(statements: &[Statement]) -> Json {
    let statements: Vec<Json> = statements.iter().map(Statement::to_json).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Services that say no source account when they assume a role, as far as their guides tell: the trust
/// that S3's gives for replication has no condition, and a refusal would show as objects not copied.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html>; of backups
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html>; of trails
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html>
const WITHOUT_SOURCE_ACCOUNT: [&str; 5] = [
    "apigateway.amazonaws.com",
    "backup.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "lambda.amazonaws.com",
    "s3.amazonaws.com",
];

/// Who may assume a role: a service on behalf of this account only.
fn trust(service: &str, account: &str) -> Json {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    });
    if !WITHOUT_SOURCE_ACCOUNT.contains(&service) {
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": account } });
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// Adds a role that one service assumes, with these permissions and no others.
pub fn role(scope: &mut Scope<'_>, id: &str, name: &str, service: &str, allowed: &[Statement]) -> Handle {
    let account = scope.environment().account.clone();
    add_role(scope, id, iam::Role::new(trust(service, &account)).role_name(name), allowed)
}

/// Adds a role that one other role of this account assumes, with these permissions and no others.
///
/// The principal is the account and the condition the one role: IAM refuses a trust in a role that
/// is not there yet, and each region's stacks are deployed without the other's.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
pub fn role_for(
    scope: &mut Scope<'_>,
    id: &str,
    name: &str,
    (principal_arn, external_id): (&str, &str),
    allowed: &[Statement],
) -> Handle {
    let account = format!("arn:aws:iam::{}:root", scope.environment().account);
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": account },
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnEquals": { "aws:PrincipalArn": principal_arn },
                "StringEquals": { "sts:ExternalId": external_id },
            },
        }],
    });
    let role = iam::Role::new(trust).role_name(name).max_session_duration(SESSION_MAX_S);
    add_role(scope, id, role, allowed)
}

fn add_role(scope: &mut Scope<'_>, id: &str, role: iam::Role, allowed: &[Statement]) -> Handle {
    let role = role.policies([iam::role::Policy::new(document(allowed), "permissions")]);
    let handle = scope.add(id, role);
    let reasons: Vec<String> = allowed
        .iter()
        .filter_map(|statement| Some(format!("{}: {}", statement.actions.join(", "), statement.reason?)))
        .collect();
    if !reasons.is_empty() {
        scope.node(&handle).because(WILDCARD_REASON, &reasons.join("; "));
    }
    handle
}

/// In every key's policy: without it nobody could administer the key.
fn administration(account: &str) -> Json {
    json!({
        "Sid": "AccountAdministersThroughIam",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
        "Action": "kms:*",
        "Resource": "*",
    })
}

/// Resource policy of the key for logs: CloudWatch Logs of one region uses it for these log groups.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html>
pub fn log_key_policy(account: &str, region: &str, log_groups: &[String]) -> Json {
    let statements = [
        administration(account),
        json!({
            "Sid": "LogsUse",
            "Effect": "Allow",
            "Principal": { "Service": format!("logs.{region}.amazonaws.com") },
            "Action": [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            "Resource": "*",
            "Condition": { "ArnLike": { "kms:EncryptionContext:aws:logs:arn": log_groups } },
        }),
        grants_for_services_only(),
    ];
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Services that use a key without saying for which account. With a condition on the account their
/// use would be refused, and an event that should have told somebody would be dropped in silence.
///
/// "Adding the aws:SourceAccount … to an AWS KMS policy is not supported for EventBridge-to-encrypted
/// topics": <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html>
const WITHOUT_SOURCE: [&str; 1] = ["events.amazonaws.com"];

/// Resource policy of a KMS key: the account administers it through IAM, and
/// these services may use it, for resources of this account where they say whose.
pub fn key_policy(account: &str, services: &[&str]) -> Json {
    let mut statements = vec![administration(account)];
    let (silent, telling): (Vec<&str>, Vec<&str>) =
        services.iter().partition(|service| WITHOUT_SOURCE.contains(service));
    let uses = |id: &str, services: &[&str]| {
        json!({
            "Sid": id,
            "Effect": "Allow",
            "Principal": { "Service": services },
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
        })
    };
    if !telling.is_empty() {
        let mut statement = uses("ServicesUse", &telling);
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": account } });
        statements.push(statement);
    }
    if !silent.is_empty() {
        statements.push(uses("ServicesUseForWhomTheyDoNotSay", &silent));
    }
    statements.push(grants_for_services_only());
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Nobody may hand a key on but to a service of AWS that keeps something of ours encrypted with it.
fn grants_for_services_only() -> Json {
    json!({
        "Sid": "GrantsForServicesOnly",
        "Effect": "Deny",
        "Principal": { "AWS": "*" },
        "Action": ["kms:CreateGrant"],
        "Resource": ["*"],
        "Condition": {
            "BoolIfExists": { "aws:PrincipalIsAWSService": "false", "kms:GrantIsForAWSResource": "false" },
        },
    })
}
