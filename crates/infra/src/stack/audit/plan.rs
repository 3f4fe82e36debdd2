//! The plan: home's copies of the database and the journal are backed up every night, into its own vault and as
//! a copy into the standby's.
//!
//! The standby backs nothing up: it would pay once more for the same data, which replication has put there. While
//! home is lost its cluster and its replica can be restored to any second, for as long as their own stacks say.
//! Backups are snapshots: continuous ones of a cluster would have AWS Backup change the retention that the
//! cluster's template says. Sessions end by themselves, and the buckets keep every version in both regions:
//! neither is backed up.

use cdk::{Handle, Scope};
use cfn::backup::backup_plan::{
    BackupPlanResourceType as Plan, BackupRuleResourceType as Rule, CopyActionResourceType as Copy,
    LifecycleResourceType as Lifecycle,
};
use cfn::backup::backup_selection::BackupSelectionResourceType as Selection;
use cfn::backup::{BackupPlan, BackupSelection};
use recovery::deployment::Audit;
use serde_json::json;

use super::vault::{KEY, backups};
use crate::place::Place;
use crate::policy::{self, Statement};
use crate::stack::key_alias;

/// UTC; done before the database's own backup window, whatever time it takes.
const EVERY_NIGHT: &str = "cron(0 3 * * ? *)";
/// Minutes within which a backup begins, or has failed.
const BEGINS_MIN: f64 = 60.0;
/// Hours within which it is done, or has failed.
pub(super) const NIGHT_H: i64 = 3;
/// Purpose of the role that AWS Backup works under.
const ROLE: &str = "backup";

/// ARN of the role that AWS Backup works under in this region.
pub(super) fn role_arn(place: &Place<'_>) -> String {
    place.role_arn(ROLE)
}

/// Adds the plan, what it is for, and the role it is carried out under.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, audit: &Audit, vault: &Handle) {
    let role = role(scope, place);
    let kept = Lifecycle::new().delete_after_days(f64::from(audit.backup_retention_days));
    let mut rule = Rule::new("nightly", vault.reference())
        .schedule_expression(EVERY_NIGHT)
        .start_window_minutes(BEGINS_MIN)
        .completion_window_minutes((NIGHT_H * 60) as f64)
        .lifecycle(kept.clone());
    if audit.backup_copy {
        rule = rule.copy_actions([Copy::new(place.peer().vault_arn()).lifecycle(kept)]);
    }
    let names = place.names();
    let plan = scope.add("Plan", BackupPlan::new(Plan::new(names.resource("plan", "backups"), [rule])));
    let selection = Selection::new(role.attribute("Arn"), names.resource("selection", "backups"))
        .resources([place.database_cluster_arn(), place.table_arn(&names.journal_table())]);
    scope.add("Selection", BackupSelection::new(plan.reference(), selection));
}

/// Of what AWS's own policy for the service allows (`AWSBackupServiceRolePolicyForBackup`, version 30), what a
/// cluster and a table need, on ours. What the service authorization reference gives no narrower resource for
/// has its reason.
fn role(scope: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    let allowed: Vec<Statement> =
        [of_the_table(place), of_the_cluster(place), of_the_vaults(place), of_the_keys(place)].concat();
    let name = place.names().function_role(ROLE, place.region);
    policy::role(scope, "Role", &name, "backup.amazonaws.com", &allowed)
}

fn of_the_table(place: &Place<'_>) -> Vec<Statement> {
    let table = place.table_arn(&place.names().journal_table());
    let read_and_start =
        ["dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"];
    vec![Statement::allow(&read_and_start, [table])]
}

/// Snapshots are made here and copied there, under names that AWS Backup gives, and removed in their time.
fn of_the_cluster(place: &Place<'_>) -> Vec<Statement> {
    let [here, _] = backups(place);
    let [there, _] = backups(&place.peer());
    let snapshots = [here, there];
    let why = "AWS Backup names what it makes";
    let cluster = place.database_cluster_arn();
    let with_cluster = snapshots.iter().cloned().chain([cluster.clone()]);
    let make = ["rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:ListTagsForResource"];
    vec![
        Statement::allow(&make, with_cluster).because(why),
        Statement::allow(&["rds:CopyDBClusterSnapshot", "rds:DeleteDBClusterSnapshot"], snapshots)
            .because(why),
        Statement::anywhere(
            &["rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters"],
            "AWS Backup looks for clusters and snapshots without naming one, as its managed policy has it",
        ),
    ]
}

fn of_the_vaults(place: &Place<'_>) -> Vec<Statement> {
    let [_, own] = backups(place);
    let [_, copies] = backups(&place.peer());
    let peer = place.peer().vault_arn();
    vec![
        Statement::allow(&["backup:DescribeBackupVault"], [place.vault_arn(), peer.clone()]),
        Statement::allow(&["backup:CopyIntoBackupVault"], [peer.clone()]),
        Statement::anywhere(
            &["backup:CopyFromBackupVault"],
            "its resource is the backup, which is of another service for each kind; the target is in the condition",
        )
        .when(json!({ "ForAllValues:ArnEquals": { "backup:CopyTargets": [peer] } })),
        Statement::allow(&["backup:TagResource"], [own, copies]).because("AWS Backup names what it makes"),
    ]
}

/// The keys of the database and of both vaults, each known by its alias.
fn of_the_keys(place: &Place<'_>) -> Vec<Statement> {
    let peer = place.peer();
    let keys = [place.arn("kms", "key/*"), peer.arn("kms", "key/*")];
    let why = "the other region's key has a name that only that region knows; the alias is in the condition";
    let aliases = |purposes: &[&str]| -> Vec<String> {
        purposes.iter().map(|purpose| key_alias(place, purpose)).collect()
    };
    let of_all = json!({ "kms:ResourceAliases": aliases(&["database", KEY]) });
    let through = [place, &peer].map(|at| format!("dynamodb.{}.amazonaws.com", at.region));
    vec![
        Statement::allow(&["kms:DescribeKey"], keys.clone())
            .because(why)
            .when(json!({ "ForAnyValue:StringEquals": of_all })),
        Statement::allow(&["kms:CreateGrant"], keys.clone()).because(why).when(json!({
            "Bool": { "kms:GrantIsForAWSResource": "true" },
            "ForAnyValue:StringEquals": of_all,
        })),
        Statement::allow(&["kms:Decrypt", "kms:GenerateDataKey"], keys).because(why).when(json!({
            "ForAnyValue:StringEquals": { "kms:ResourceAliases": aliases(&[KEY]) },
            "StringEquals": { "kms:ViaService": through },
        })),
    ]
}
