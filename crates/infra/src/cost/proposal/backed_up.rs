//! Fewer backups.

use serde_json::{Value, json};

use super::{Draft, Subject, Turn};

/// Nights for which backups are kept when point-in-time recovery does the rest.
const NIGHTS: u64 = 7;

/// Every night's backup of the journal is the whole of it, and the table can be restored to any second anyway.
pub(super) fn fewer_backups(subject: &Subject<'_>) -> Option<Draft> {
    let mut changed = subject.inventory.clone();
    for stack in &mut changed.stacks {
        let resources = stack.template["Resources"].as_object_mut().into_iter().flatten();
        let plans =
            resources.map(|(_, resource)| resource).filter(|one| one["Type"] == "AWS::Backup::BackupPlan");
        for plan in plans {
            let rules = plan["Properties"]["BackupPlan"]["BackupPlanRule"].as_array_mut();
            for rule in rules.into_iter().flatten() {
                shorten(&mut rule["Lifecycle"]);
                let copies = rule.get_mut("CopyActions").and_then(Value::as_array_mut);
                copies.into_iter().flatten().for_each(|copy| shorten(&mut copy["Lifecycle"]));
            }
        }
    }
    (changed != *subject.inventory).then(|| Draft {
        id: "fewer-backups",
        title: "keep nightly backups and their copies for a week",
        how: format!("DeleteAfterDays {NIGHTS} in the backup plans of both regions and in their copies"),
        turn: Turn::Templates(changed),
        unchanged: "a recovery reads no backup",
        risk: "what was deleted or spoilt more than a week ago is only in what point-in-time recovery still holds, which \
               goes when somebody deletes the table or the cluster",
        needs: None,
    })
}

fn shorten(lifecycle: &mut Value) {
    let days = &mut lifecycle["DeleteAfterDays"];
    if days.as_f64().is_some_and(|days| days > NIGHTS as f64) {
        *days = json!(NIGHTS);
    }
}
