//! Vaults, plans, and the role that AWS Backup works under.

use recovery::deployment::Deployment;
use serde_json::{Value, json};

use super::{HOME, REGIONS, STANDBY, only, stack, statements, texts};
use crate::{audited, one, synthesise};

const VAULT: &str = "AWS::Backup::BackupVault";
const PLAN: &str = "AWS::Backup::BackupPlan";

fn peer(region: &str) -> &'static str {
    if region == HOME { STANDBY } else { HOME }
}

fn vault_arn(region: &str) -> String {
    format!("arn:aws:backup:{region}:111122223333:backup-vault:vault-backups-production")
}

#[test]
fn each_night_home_is_backed_up_and_the_backup_copied_into_the_standby() {
    let templates = synthesise(&audited());
    for kind in [PLAN, "AWS::Backup::BackupSelection", "AWS::IAM::Role"] {
        let names = stack(&templates, STANDBY).all(kind);
        assert!(names.iter().all(|one| one["RoleName"] == "role-trail-us-east-2-production"), "{kind}");
    }
    let rules = only(&templates, HOME, PLAN)["BackupPlan"]["BackupPlanRule"].as_array().expect("rules");
    let [rule] = &rules[..] else { panic!("one rule: {rules:?}") };
    assert!(rule["TargetBackupVault"]["Ref"].is_string(), "{rule}");
    assert_eq!(rule["ScheduleExpression"], "cron(0 3 * * ? *)");
    assert!(rule.get("EnableContinuousBackup").is_none(), "it would change the cluster's own retention");
    let kept = json!({ "DeleteAfterDays": 35 });
    assert_eq!(rule["Lifecycle"], kept);
    let copy = json!([{ "DestinationBackupVaultArn": vault_arn(STANDBY), "Lifecycle": kept }]);
    assert_eq!(rule["CopyActions"], copy);
    let selection = &only(&templates, HOME, "AWS::Backup::BackupSelection")["BackupSelection"];
    assert_eq!(
        selection["Resources"],
        json!([
            "arn:aws:rds:us-east-1:111122223333:cluster:cluster-orders-us-east-1-production",
            "arn:aws:dynamodb:us-east-1:111122223333:table/table-journal-production",
        ]),
        "by name"
    );
    assert!(selection.get("ListOfTags").is_none() && selection.get("Conditions").is_none());
}

#[test]
fn a_vault_has_a_key_of_its_own_lets_copies_into_the_pair_only_and_keeps_its_backups() {
    let templates = synthesise(&audited());
    for region in REGIONS {
        let vault = only(&templates, region, VAULT);
        let key = vault["EncryptionKeyArn"]["Fn::GetAtt"][0].as_str().expect("a key of this stack");
        assert_eq!(stack(&templates, region).json["Resources"][key]["Type"], "AWS::KMS::Key");
        let [copies, removal] = statements(&vault["AccessPolicy"]) else { panic!("{vault}") };
        assert_eq!(
            (&copies["Effect"], &copies["Action"]),
            (&json!("Deny"), &json!("backup:CopyFromBackupVault"))
        );
        let elsewhere = json!({ "backup:CopyTargets": [vault_arn(peer(region))] });
        assert_eq!(copies["Condition"], json!({ "ForAnyValue:ArnNotEquals": elsewhere }));
        assert_eq!(removal["Effect"], "Deny");
        assert!(texts(&removal["Action"]).contains("backup:DeleteRecoveryPoint"));
        let may = texts(&removal["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]);
        let role =
            |purpose: &str| format!("arn:aws:iam::111122223333:role/role-{purpose}-{region}-production");
        assert_eq!(
            may,
            [
                format!("arn:aws:iam::111122223333:role/role-backup-{HOME}-production").as_str(),
                role("stack-hook").as_str()
            ]
            .into()
        );
        assert!(vault.get("LockConfiguration").is_none(), "what is locked cannot be destroyed");
    }
}

#[test]
fn a_protected_vault_is_locked_and_stays() {
    let protected = Deployment { protect: true, ..audited() };
    let templates = synthesise(&protected);
    for region in REGIONS {
        let lock = json!({ "MinRetentionDays": 35 });
        assert_eq!(
            only(&templates, region, VAULT)["LockConfiguration"],
            lock,
            "governance: it can be lifted"
        );
        let of_kind = |kind: &str| {
            let found = stack(&templates, region).resources().find(|(_, resource)| resource["Type"] == kind);
            found.expect("it is there").1.clone()
        };
        for kind in [VAULT, "AWS::CloudFormation::CustomResource"] {
            assert_eq!(of_kind(kind)["DeletionPolicy"], "Retain", "{kind}: nothing is emptied");
        }
    }
}

#[test]
fn a_vault_is_emptied_before_it_is_removed_by_what_may_do_that_alone() {
    let templates = synthesise(&audited());
    for region in REGIONS {
        let stack = stack(&templates, region);
        let id_of = |kind: &str| {
            let found =
                stack.resources().find(|(_, resource)| resource["Type"] == kind).expect("it is there");
            found.0.clone()
        };
        let (_, hook) = stack
            .resources()
            .find(|(_, resource)| resource["Properties"]["Action"] == "EmptyVault")
            .expect("what empties it");
        assert_eq!(hook["Properties"]["Vault"], "vault-backups-production");
        let after = texts(&hook["DependsOn"]);
        assert_eq!(after, [id_of(VAULT).as_str(), id_of("AWS::IAM::Policy").as_str()].into());
        let policy =
            one(&templates, region, "AWS::IAM::Policy", "PolicyName", "policy-empty-vault-production");
        assert_eq!(policy["Roles"], json!([format!("role-stack-hook-{region}-production")]));
        let allowed = calls(&policy["PolicyDocument"]);
        let snapshots = format!("arn:aws:rds:{region}:111122223333:cluster-snapshot:awsbackup:*");
        assert_eq!(
            allowed,
            [
                format!("backup:DeleteRecoveryPoint arn:aws:backup:{region}:111122223333:recovery-point:*"),
                format!("backup:DeleteRecoveryPoint {snapshots}"),
                format!("backup:ListRecoveryPointsByBackupVault {}", vault_arn(region)),
                format!("rds:DeleteDBClusterSnapshot {snapshots}"),
            ]
        );
        let of_rds = statements(&policy["PolicyDocument"]).last().expect("statements");
        let through = json!({ "ForAnyValue:StringEquals": { "aws:CalledVia": ["backup.amazonaws.com"] } });
        assert_eq!(of_rds["Condition"], through);
    }
}

/// Every action with every resource of a document, in order.
fn calls(document: &Value) -> Vec<String> {
    let mut found: Vec<String> = statements(document)
        .iter()
        .flat_map(|one| texts(&one["Action"]).into_iter().map(move |action| (action, one)))
        .flat_map(|(action, one)| texts(&one["Resource"]).into_iter().map(move |on| format!("{action} {on}")))
        .collect();
    found.sort();
    found
}

#[test]
fn aws_backup_may_back_up_our_cluster_and_journal_and_copy_into_the_other_vault_alone() {
    let templates = synthesise(&audited());
    let name = "role-backup-us-east-1-production";
    let role = one(&templates, HOME, "AWS::IAM::Role", "RoleName", name);
    assert_eq!(
        role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"],
        "backup.amazonaws.com"
    );
    assert_eq!(role.get("ManagedPolicyArns"), None);
    let document = &role["Policies"][0]["PolicyDocument"];
    let wide: Vec<&Value> =
        statements(document).iter().filter(|one| one["Resource"] == json!(["*"])).collect();
    let actions: Vec<_> = wide.iter().flat_map(|one| texts(&one["Action"])).collect();
    assert_eq!(
        actions,
        ["rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters", "backup:CopyFromBackupVault"]
    );
    let target = json!({ "ForAllValues:ArnEquals": { "backup:CopyTargets": [vault_arn(STANDBY)] } });
    assert_eq!(wide[1]["Condition"], target);
    for one in statements(document).iter().filter(|one| one.to_string().contains("kms:")) {
        let keys = texts(&one["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"]);
        let ours = ["alias/key-backups-production", "alias/key-database-production"];
        assert!(!keys.is_empty() && keys.iter().all(|key| ours.contains(key)), "{one}");
    }
}

#[test]
fn a_backup_or_copy_that_failed_is_told_in_its_own_region() {
    let templates = synthesise(&audited());
    for region in REGIONS {
        let rule = one(&templates, region, "AWS::Events::Rule", "Name", "rule-backups-failed-production");
        let pattern = &rule["EventPattern"];
        assert_eq!(
            texts(&pattern["detail-type"]),
            ["Backup Job State Change", "Copy Job State Change"].into()
        );
        assert_eq!(texts(&pattern["detail"]["state"]), ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"].into());
        let ours = json!([
            { "backupVaultName": ["vault-backups-production"] },
            { "sourceBackupVaultArn": [vault_arn(region)] },
        ]);
        assert_eq!(pattern["detail"]["$or"], ours);
    }
}
