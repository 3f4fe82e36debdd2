//! IAM: statements, roles, and the reasons for what cannot be narrowed.

use cdk::{Handle, Scope};
use cfn::{Json, Value, iam};
use serde_json::json;

/// Where a role's template metadata keeps the reasons for its wildcards.
pub const WILDCARD_REASON: &str = "WildcardReason";

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

/// Who may assume a role: a service on behalf of this account only.
fn trust(service: &str, account: &str) -> Json {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    });
    // Lambda and API Gateway set no source account when they assume a role.
    if !["lambda.amazonaws.com", "apigateway.amazonaws.com"].contains(&service) {
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": account } });
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// Adds a role that one service assumes, with these permissions and no others.
pub fn role(scope: &mut Scope<'_>, id: &str, name: &str, service: &str, allowed: &[Statement]) -> Handle {
    let account = scope.environment().account.clone();
    let role = iam::Role::new(trust(service, &account))
        .role_name(name)
        .policies([iam::role::Policy::new(document(allowed), "permissions")]);
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

/// Resource policy of a KMS key: the account administers it through IAM, and
/// these services may use it for resources of this account.
pub fn key_policy(account: &str, services: &[&str]) -> Json {
    let mut statements = vec![json!({
        "Sid": "AccountAdministersThroughIam",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
        "Action": "kms:*",
        "Resource": "*",
    })];
    if !services.is_empty() {
        statements.push(json!({
            "Sid": "ServicesUse",
            "Effect": "Allow",
            "Principal": { "Service": services },
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": { "StringEquals": { "aws:SourceAccount": account } },
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}
