//! A region's vault: where home's backups lie, and in the standby their copies.
//!
//! Under a key of its own, so that whoever may read the database need not be able to read its backups. Copies
//! out of it go into the other region's vault and nowhere else, and nobody removes a backup before its time
//! but what removes the stack. With `protect = true` the vault is locked beside that: then AWS Backup itself
//! refuses to remove or shorten a backup, unless somebody whom a policy allows it lifts the lock first
//! (governance; the other mode could never be undone).

use cdk::{Handle, Scope};
use cfn::Json;
use cfn::backup::BackupVault;
use cfn::backup::backup_vault::LockConfigurationType;
use recovery::deployment::Audit;
use serde_json::json;

use super::plan::role_arn;
use crate::packages::STACK_HOOK;
use crate::place::Place;
use crate::policy::Statement;
use crate::stack::{hook, key};

/// Purpose of the key, in its alias.
pub(super) const KEY: &str = "backups";

/// Adds the vault and what empties it.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, audit: &Audit) -> Handle {
    let key = key(scope, place, KEY, &[]);
    let mut vault =
        BackupVault::new(place.vault()).encryption_key_arn(key.attribute("Arn")).access_policy(access(place));
    if place.deployment.protect {
        vault = vault.lock_configuration(LockConfigurationType::new(i64::from(audit.backup_retention_days)));
    }
    let vault = scope.add("Vault", vault);
    let allowed = scope.add("EmptyVaultPolicy", hook::allow(place, "empty-vault", &may_empty(place)));
    let empty = scope.add("EmptyVault", hook::resource(place, "EmptyVault").tell("Vault", place.vault()));
    // What is made last goes first: it is emptied before it is removed.
    scope.node(&empty).depend_on(&vault).depend_on(&allowed);
    vault
}

/// What nobody may, whatever their own policies allow.
///
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html>
fn access(place: &Place<'_>) -> Json {
    let removers = [place.role_arn(STACK_HOOK), role_arn(&place.home())];
    json!({ "Version": "2012-10-17", "Statement": [
        {
            "Sid": "CopiesStayInThePair",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "backup:CopyFromBackupVault",
            "Resource": "*",
            "Condition": {
                "ForAnyValue:ArnNotEquals": { "backup:CopyTargets": [place.peer().vault_arn()] },
            },
        },
        {
            "Sid": "BackupsAreKept",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
            "Resource": "*",
            "Condition": {
                "ArnNotEquals": { "aws:PrincipalArn": removers },
                "BoolIfExists": { "aws:PrincipalIsAWSService": "false" },
            },
        },
    ] })
}

/// A backup of a cluster is a snapshot of RDS, one of a table belongs to AWS Backup. RDS is asked by AWS
/// Backup, in the name of whoever removes the backup.
fn may_empty(place: &Place<'_>) -> [Statement; 3] {
    let [snapshots, of_tables] = backups(place);
    let why = "AWS Backup names what it makes";
    [
        Statement::allow(&["backup:ListRecoveryPointsByBackupVault"], [place.vault_arn()]),
        Statement::allow(&["backup:DeleteRecoveryPoint"], [snapshots.clone(), of_tables]).because(why),
        Statement::allow(&["rds:DeleteDBClusterSnapshot"], [snapshots]).because(why).when(json!({
            "ForAnyValue:StringEquals": { "aws:CalledVia": ["backup.amazonaws.com"] },
        })),
    ]
}

/// ARNs of a region's backups: of clusters, of tables.
pub(super) fn backups(place: &Place<'_>) -> [String; 2] {
    [place.arn("rds", "cluster-snapshot:awsbackup:*"), place.arn("backup", "recovery-point:*")]
}
