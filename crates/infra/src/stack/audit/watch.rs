//! What of the trail people are told at once: filters on its log group, and an alarm on each.
//!
//! They are where the log group is, in the trail's region; it has the calls of every region.

use cdk::{Handle, Scope};
use cfn::logs::MetricFilter;
use cfn::logs::metric_filter::MetricTransformation;

use crate::place::Place;
use crate::stack::monitoring::alarm::{Alarm, Bad, Missing};
use crate::stack::monitoring::catalogue::audit;
use crate::stack::monitoring::metric::Measure;

/// Refused calls in five minutes that are more than a mistake.
const REFUSALS: f64 = 10.0;
const WINDOW_S: i64 = 300;

/// Something that people are told.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// Of the alarm and of the filter; their names are `alarm-{purpose}-{suffix}`, `filter-{purpose}-{suffix}`.
    pub purpose: &'static str,
    metric: &'static str,
    pattern: Pattern,
    many: f64,
    meaning: &'static str,
    first: &'static str,
}

/// Which records count.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>
#[derive(Clone, Copy, Debug)]
enum Pattern {
    /// Calls of services by their names.
    Calls(&'static [(&'static str, &'static [&'static str])]),
    /// As CloudWatch Logs writes it.
    As(&'static str),
}

impl Pattern {
    fn text(self) -> String {
        match self {
            Self::As(pattern) => pattern.to_owned(),
            Self::Calls(services) => {
                let of_service = |(service, names): &(&str, &[&str])| {
                    let names: Vec<String> =
                        names.iter().map(|name| format!("($.eventName = \"{name}\")")).collect();
                    format!("($.eventSource = \"{service}.amazonaws.com\") && ({})", names.join(" || "))
                };
                match services {
                    [one] => format!("{{ {} }}", of_service(one)),
                    several => {
                        let all: Vec<String> =
                            several.iter().map(|one| format!("({})", of_service(one))).collect();
                        format!("{{ {} }}", all.join(" || "))
                    }
                }
            }
        }
    }
}

const TRAIL_CALLS: [&str; 5] =
    ["DeleteTrail", "PutEventSelectors", "PutInsightSelectors", "StopLogging", "UpdateTrail"];
const KEY_CALLS: [&str; 4] = ["DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"];
const BACKUP_CALLS: [&str; 9] = [
    "DeleteBackupPlan",
    "DeleteBackupSelection",
    "DeleteBackupVault",
    "DeleteBackupVaultAccessPolicy",
    "DeleteBackupVaultLockConfiguration",
    "DeleteRecoveryPoint",
    "PutBackupVaultAccessPolicy",
    "UpdateBackupPlan",
    "UpdateRecoveryPointLifecycle",
];

/// What would let records go, or be read by others: by the names that CloudTrail has for S3's calls.
const BUCKET_CALLS: [&str; 8] = [
    "DeleteBucketEncryption",
    "DeleteBucketPolicy",
    "DeleteBucketReplication",
    "PutBucketLifecycle",
    "PutBucketObjectLockConfiguration",
    "PutBucketPolicy",
    "PutBucketReplication",
    "PutBucketVersioning",
];
const LOG_CALLS: [&str; 3] = ["DeleteLogGroup", "DeleteMetricFilter", "PutRetentionPolicy"];
const ALARM_CALLS: [&str; 2] = ["DeleteAlarms", "DisableAlarmActions"];
const RULE_CALLS: [&str; 3] = ["DeleteRule", "DisableRule", "RemoveTargets"];
/// The grants among the calls of IAM.
const GRANT_CALLS: [&str; 7] = [
    "AttachRolePolicy",
    "CreatePolicyVersion",
    "DetachRolePolicy",
    "DeleteRolePolicy",
    "PutRolePolicy",
    "SetDefaultPolicyVersion",
    "UpdateAssumeRolePolicy",
];

/// Calls that change what the audit stands on, by service. Those of IAM come to one region alone, and are left to
/// the trail.
pub(super) const TAMPERING: [(&str, &[&str]); 7] = [
    ("cloudtrail", &TRAIL_CALLS),
    ("kms", &KEY_CALLS),
    ("backup", &BACKUP_CALLS),
    ("s3", &BUCKET_CALLS),
    ("logs", &LOG_CALLS),
    ("monitoring", &ALARM_CALLS),
    ("events", &RULE_CALLS),
];

/// All of it. What is told of grants, buckets, the account's owner and refusals follows the CIS AWS Foundations
/// Benchmark (4.4, 4.8, 4.3 and 4.1 of version 3).
pub const WATCHED: [Watched; 10] = [
    Watched {
        purpose: "trail-changed",
        metric: "TrailChanged",
        pattern: Pattern::Calls(&[("cloudtrail", &TRAIL_CALLS)]),
        many: 1.0,
        meaning: "The trail, or another one of the account, was stopped, removed or told to record something else.",
        first: "see who did it in the trail's own records; unless it was a deployment, start it again with `aws cloudtrail start-logging` and take the caller's rights away.",
    },
    Watched {
        purpose: "keys-at-risk",
        metric: "KeysAtRisk",
        pattern: Pattern::Calls(&[("kms", &KEY_CALLS)]),
        many: 1.0,
        meaning: "A key was switched off, given to others or marked for deletion: what lies under it could not be read any more.",
        first: "see which one and who did it; unless a stack was being removed or deployed, `aws kms cancel-key-deletion` and `enable-key` within its waiting time.",
    },
    Watched {
        purpose: "backups-changed",
        metric: "BackupsChanged",
        pattern: Pattern::Calls(&[("backup", &BACKUP_CALLS)]),
        many: 1.0,
        meaning: "A backup was removed or shortened, or the plan, the vault or its policy changed.",
        first: "see who did it; unless a stack was being removed or deployed, take the caller's rights away and look whether the other region's copies are whole.",
    },
    Watched {
        purpose: "buckets-changed",
        metric: "BucketsChanged",
        pattern: Pattern::Calls(&[("s3", &BUCKET_CALLS)]),
        many: 1.0,
        meaning: "A bucket of the account was told to let others in, to keep less, or to copy nothing any more.",
        first: "see which one and who did it; unless a stack was being removed or deployed, deploy Storage again and take the caller's rights away.",
    },
    Watched {
        purpose: "watch-changed",
        metric: "WatchChanged",
        pattern: Pattern::Calls(&[
            ("logs", &LOG_CALLS),
            ("monitoring", &ALARM_CALLS),
            ("events", &RULE_CALLS),
        ]),
        many: 1.0,
        meaning: "An alarm, a rule or a log group was removed or silenced: what happens next may not be heard of.",
        first: "see which one and who did it; unless a stack was being removed or deployed, deploy its stack again and take the caller's rights away.",
    },
    Watched {
        purpose: "grants-changed",
        metric: "GrantsChanged",
        pattern: Pattern::Calls(&[("iam", &GRANT_CALLS)]),
        many: 1.0,
        meaning: "A role may do other things than before, or other callers may become it.",
        first: "see which role and who did it; unless a stack was being removed or deployed, take it back and take the caller's rights away.",
    },
    Watched {
        purpose: "root-used",
        metric: "RootUsed",
        pattern: Pattern::As(
            "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != \"AwsServiceEvent\") }",
        ),
        many: 1.0,
        meaning: "Somebody acts as the owner of the account, whom no policy binds.",
        first: "ask the owner; if it was not them, change their password and keys, and treat the account as taken over.",
    },
    Watched {
        purpose: "calls-refused",
        metric: "CallsRefused",
        pattern: Pattern::As(
            "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }",
        ),
        many: REFUSALS,
        meaning: "Ten calls or more were refused within five minutes: somebody tries what they may not, or a role lacks what it needs.",
        first: "see whose calls they are; a function of ours means a permission is missing, perhaps one that recovery needs.",
    },
    Watched {
        purpose: "journal-touched",
        metric: "JournalTouched",
        pattern: Pattern::As(
            "{ ($.eventSource = \"dynamodb.amazonaws.com\") && ($.eventCategory = \"Data\") }",
        ),
        many: 1.0,
        meaning: "Somebody other than the application read or wrote the journal.",
        first: "see who and what; if anything was written, settle nothing more until journal and database have been compared.",
    },
    Watched {
        purpose: "records-removed",
        metric: "RecordsRemoved",
        pattern: Pattern::As(
            "{ ($.eventSource = \"s3.amazonaws.com\") && ($.eventCategory = \"Data\") && ($.eventName = \"DeleteObject*\") }",
        ),
        many: 1.0,
        meaning: "Somebody removed records of the audit log, or tried to.",
        first: "see who; unless its stack was being removed, take the versions back: they are kept, and in the other region's bucket too.",
    },
];

impl Watched {
    fn alarm(&self) -> Alarm {
        let none = Missing::Well("A filter counts nothing while nothing matches.");
        let measure = Measure::One(audit::counted(self.metric).of([]));
        Alarm::new(self.purpose, measure, Bad::AtLeast(self.many), none)
            .every(WINDOW_S)
            .says(self.meaning, self.first)
    }
}

/// Adds the filters and the alarms.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, logs: &Handle) {
    for watched in &WATCHED {
        let metric = MetricTransformation::new(watched.metric, audit::NAMESPACE, "1").unit("Count");
        let name = place.names().resource("filter", watched.purpose);
        let filter = MetricFilter::new(watched.pattern.text(), logs.reference(), [metric]).filter_name(name);
        scope.scope("Filters").add(watched.purpose, filter);
        watched.alarm().add(&mut scope.scope("Alarms"), place);
    }
}
