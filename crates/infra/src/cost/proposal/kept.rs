//! Keeping less.

use serde_json::json;

use super::{Draft, Subject, Turn};

/// Days of the shorter retention: one that CloudWatch Logs takes.
const LOG_DAYS: u64 = 7;
/// Months of orders that a journal with an expiry of its own holds.
const JOURNAL_MONTHS: u64 = 3;

/// Logs of an application are rarely read after a week.
pub(super) fn shorter_logs(subject: &Subject<'_>) -> Option<Draft> {
    let mut changed = subject.inventory.clone();
    for stack in &mut changed.stacks {
        let resources = stack.template["Resources"].as_object_mut().into_iter().flatten();
        let groups =
            resources.map(|(_, resource)| resource).filter(|one| one["Type"] == "AWS::Logs::LogGroup");
        for group in groups {
            let days = &mut group["Properties"]["RetentionInDays"];
            if days.as_u64().is_some_and(|days| days > LOG_DAYS) {
                *days = json!(LOG_DAYS);
            }
        }
    }
    (changed != *subject.inventory).then(|| Draft {
        id: "shorter-logs",
        title: "keep logs for a week",
        how: format!("RetentionInDays {LOG_DAYS} of every log group"),
        turn: Turn::Templates(changed),
        unchanged: "nothing reads a log during a recovery",
        risk: "what is noticed after a week has no log; the audit bucket keeps announcements for years all the same",
        needs: Some("a setting of the deployment file"),
    })
}

/// Nothing leaves the journal, because a strongly consistent table takes no TTL.
pub(super) fn journal_expires(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.assumed.clone();
    if turned.journal_months_kept <= JOURNAL_MONTHS {
        return None;
    }
    turned.journal_months_kept = JOURNAL_MONTHS;
    turned.journal_deletes_per_order = 1;
    Some(Draft {
        id: "journal-expires",
        title: "take settled orders out of the journal after three months",
        how: "a scheduled function deletes partitions that are old and settled; each deletion is a write in every \
              region, which is taken off the saving"
            .to_owned(),
        turn: Turn::Assumed(Box::new(turned)),
        unchanged: "a replay starts at the database's watermark less a margin of minutes",
        risk: "a database that is older than that, from a backup, can no longer be completed from the journal",
        needs: Some("that function: a table with strong consistency takes no TTL"),
    })
}
