//! Goal: a stack with a vault goes. Method:
//! CloudFormation of the emulator, whose vaults say how many backups they hold and list none.

use serde_json::json;

use super::stage::{Stage, gone};
use crate::support::standby;

#[tokio::test]
async fn a_stack_with_a_vault_can_be_removed() {
    let stage = Stage::new(&standby()).await;
    let name = format!("vault-{}", stage.unique);
    let vault = json!({ "Type": "AWS::Backup::BackupVault", "Properties": { "BackupVaultName": name } });
    let mut empty = stage.resource(json!({ "Action": "EmptyVault", "Vault": name }));
    empty["DependsOn"] = json!("Vault");
    stage.create("audit", json!({ "Vault": vault, "Empty": empty })).await;
    let outcome = stage.delete("audit").await;
    assert!(gone(&outcome), "{outcome:?}");
}
