//! What the deployment file asks to be kept, so that it can be proven and restored.

use recovery::Region;
use recovery::deployment::Audit;
use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::stack::monitoring::catalogue::backup;

const TRAIL: &str = "AWS::CloudTrail::Trail";
const VAULT: &str = "AWS::Backup::BackupVault";
const PLAN: &str = "AWS::Backup::BackupPlan";
const SELECTION: &str = "AWS::Backup::BackupSelection";
const ALARM: &str = "AWS::CloudWatch::Alarm";

pub(super) const RECORDED: Rule = Rule {
    id: "calls-are-recorded",
    title: "where a trail is asked for, there is one of all regions, in the standby, whose files are signed and kept in a bucket of ours",
    rationale: "nobody can say afterwards what was done, and by whom, from records that are not there or were changed",
    look: |subject| {
        let asked = subject.deployment.audit.as_ref().is_some_and(|audit| audit.trail);
        let trails: Vec<Resource<'_>> = subject.inventory.all(TRAIL).collect();
        match trails.as_slice() {
            [] if asked => vec![Finding::missing("trail", "there is none")],
            [] => Vec::new(),
            [trail] => of_the_trail(subject, trail),
            [_, others @ ..] => {
                let what = "records the same calls again, which AWS charges for";
                others.iter().map(|trail| Finding::at(trail, what)).collect()
            }
        }
    },
};

fn of_the_trail(subject: &Subject<'_>, trail: &Resource<'_>) -> Vec<Finding> {
    let mut problems = Vec::new();
    for (property, what) in [
        ("IsLogging", "does not record"),
        ("IsMultiRegionTrail", "records one region only"),
        ("IncludeGlobalServiceEvents", "does not record the calls of global services"),
        ("EnableLogFileValidation", "does not sign its files"),
    ] {
        problems.extend((!trail.is(property)).then(|| what.to_owned()));
    }
    if trail.stack.region == subject.deployment.regions.home.as_str() {
        problems.push("is managed from the home region, which may be the one that is lost".to_owned());
    }
    let bucket = trail.text("S3BucketName").unwrap_or_default();
    let buckets = || subject.inventory.all("AWS::S3::Bucket");
    if !buckets().any(|one| one.text("BucketName") == Some(bucket) && one.stack.region == trail.stack.region)
    {
        problems.push(format!("its bucket {bucket:?} is none of ours in its region"));
    }
    problems.into_iter().map(|what| Finding::at(trail, what)).collect()
}

pub(super) const BACKED_UP: Rule = Rule {
    id: "backed-up-as-asked",
    title: "where backups are asked for, home's cluster and journal are in a plan, kept for as long as asked, copied into the standby's vault, and missed when there are none",
    rationale: "what replication has destroyed in both regions can only be had back from a backup",
    look: |subject| {
        let Some(audit) = &subject.deployment.audit else { return Vec::new() };
        let vaults = subject.pair().into_iter().flat_map(|region| of_the_vault(subject, region, audit));
        vaults.chain(of_home(subject, audit)).collect()
    },
};

fn of_the_vault(subject: &Subject<'_>, region: &Region, audit: &Audit) -> Option<Finding> {
    let Some(vault) = subject.inventory.in_region(region, VAULT).next() else {
        return Some(Finding::missing(format!("vault in {region}"), "there is none"));
    };
    let locked = vault.number("LockConfiguration/MinRetentionDays").unwrap_or(0);
    let short = subject.deployment.protect && locked < u64::from(audit.backup_retention_days);
    short.then(|| Finding::at(&vault, "is not locked for as long as backups are kept"))
}

fn of_home(subject: &Subject<'_>, audit: &Audit) -> Vec<Finding> {
    let home = &subject.deployment.regions.home;
    let mut findings = match subject.inventory.in_region(home, PLAN).next() {
        None => vec![Finding::missing(format!("plan in {home}"), "there is none")],
        Some(plan) => of_the_plan(subject, &plan, audit),
    };
    findings.extend(unheard(subject, audit));
    let named = |wanted: &str| {
        let mut selections = subject.inventory.in_region(home, SELECTION);
        selections.any(|one| {
            let mut arns = one.list("BackupSelection/Resources").iter().filter_map(Value::as_str);
            arns.any(|arn| arn.contains(&format!(":{home}:")) && arn.ends_with(wanted))
        })
    };
    let names = subject.deployment.names();
    for wanted in [names.database_cluster(home), names.journal_table()] {
        let backed_up = named(&format!(":{wanted}")) || named(&format!("/{wanted}"));
        findings.extend((!backed_up).then(|| Finding::missing(&*wanted, format!("is in no plan of {home}"))));
    }
    findings
}

/// What would be missing with nobody to hear of it: a job that was never begun has nothing to fail.
fn unheard(subject: &Subject<'_>, audit: &Audit) -> Vec<Finding> {
    let home = &subject.deployment.regions.home;
    let copies = audit.backup_copy.then_some(backup::COPIED.name);
    let wanted = [backup::BACKED_UP.name].into_iter().chain(copies);
    let alarmed = |metric: &str| {
        subject.inventory.in_region(home, ALARM).any(|alarm| {
            let on_it = alarm.text("Namespace") == Some(backup::NAMESPACE)
                && alarm.text("MetricName") == Some(metric);
            on_it && alarm.text("TreatMissingData") == Some("breaching")
        })
    };
    let unheard = wanted.filter(|metric| !alarmed(metric));
    unheard
        .map(|metric| Finding::missing(format!("alarm in {home}"), format!("none misses {metric}")))
        .collect()
}

fn of_the_plan(subject: &Subject<'_>, plan: &Resource<'_>, audit: &Audit) -> Vec<Finding> {
    let rules = plan.list("BackupPlan/BackupPlanRule");
    let peer = rules.first().and_then(|_| {
        let other = subject.pair().into_iter().find(|region| region.as_str() != plan.stack.region)?;
        subject.inventory.in_region(other, VAULT).next()?.text("BackupVaultName").map(|name| (other, name))
    });
    let days = |kept: &Value| kept["DeleteAfterDays"].as_f64().unwrap_or(f64::INFINITY);
    let mut findings = Vec::new();
    for rule in rules {
        if days(&rule["Lifecycle"]) < f64::from(audit.backup_retention_days) {
            findings.push(Finding::at(plan, "keeps backups for less than is asked"));
        }
        if rule["ScheduleExpression"].is_null() {
            findings.push(Finding::at(plan, "says nothing of when"));
        }
        let copies = rule["CopyActions"].as_array().map_or(&[][..], Vec::as_slice);
        let arrives = copies.iter().any(|copy| {
            let arn = copy["DestinationBackupVaultArn"].as_str().unwrap_or_default();
            let there = peer.is_some_and(|(other, name)| {
                arn.contains(&format!(":{other}:")) && arn.ends_with(&format!(":{name}"))
            });
            there && days(&copy["Lifecycle"]) >= f64::from(audit.backup_retention_days)
        });
        if audit.backup_copy && !arrives {
            findings
                .push(Finding::at(plan, "copies nothing into the other region's vault for as long as asked"));
        }
    }
    findings.extend(rules.is_empty().then(|| Finding::at(plan, "has no rule")));
    findings
}
