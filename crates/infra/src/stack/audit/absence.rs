//! Backups that were never begun: nothing fails then, so it is their absence that rings.
//!
//! AWS Backup reports what has ended, and reports nothing while nothing does. It leaves a type of resource out without
//! a word where the account has not opted in to it, and so does a plan that somebody has emptied.
//!
//! The plan is home's, and so are the jobs that it begins: the copies are reported here too, under the vault that they
//! arrive in.

use cdk::Scope;
use recovery::deployment::Audit;

use super::plan::NIGHT_H;
use crate::place::Place;
use crate::stack::monitoring::alarm::{Alarm, Bad, Missing};
use crate::stack::monitoring::catalogue::backup;
use crate::stack::monitoring::metric::{Known, Measure};

const HOUR_S: i64 = 3600;
/// Hours within which the next one must be there: a day, and what one night may take longer than the night before.
const HOURS: i64 = 24 + 2 * NIGHT_H;

/// Adds the alarms.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, audit: &Audit) {
    missing(
        "backups-missing",
        &backup::BACKED_UP,
        place.vault(),
        format!("For {HOURS} hours no backup has come to its end: neither the database nor the journal was backed up last night."),
        "see in AWS Backup whether jobs were begun; if none were, whether the plan still names both and the account has opted in to Aurora and DynamoDB (`aws backup describe-region-settings`).",
    )
    .add(scope, place);
    if audit.backup_copy {
        missing(
            "copies-missing",
            &backup::COPIED,
            place.peer().vault(),
            format!("For {HOURS} hours no backup was copied into the other region's vault."),
            "see whether there was a backup to copy (`backups-missing`), and what the copy jobs say; expected while the other region is out.",
        )
        .add(scope, place);
    }
}

fn missing(purpose: &str, metric: &Known<1>, vault: String, meaning: String, first: &'static str) -> Alarm {
    let none = Missing::Bad("AWS Backup reports nothing where nothing ends, which is what this is for.");
    Alarm::new(purpose, Measure::One(metric.of([vault])), Bad::Below(1.0), none)
        .every(HOUR_S)
        .lasting(HOURS, HOURS)
        .says(meaning, first)
}
