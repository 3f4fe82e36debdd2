//! The name that clients use, and the checks that move it.

use super::{Finding, Rule};
use crate::check::inventory::Resource;
use crate::check::reading::failover_records;

/// Longest TTL of a failover record, in seconds: that of an alias, which we do not want.
const TTL_MAX_S: u64 = 60;
/// Answers 200 only in the region that owns the lease.
const SERVING: &str = "/health/serving";

pub(super) const ASK_THE_APPLICATION: Rule = Rule {
    id: "checks-ask-the-application",
    title: "health checks ask an endpoint of the application over HTTPS, and are not switched off",
    rationale: "a port that answers says nothing about orders, and Route 53 takes a disabled check for healthy",
    look: |subject| {
        let mut findings = Vec::new();
        for check in subject.inventory.all("AWS::Route53::HealthCheck") {
            let config = |field: &str| check.text(&format!("HealthCheckConfig/{field}"));
            let kind = config("Type").unwrap_or_default();
            if !["HTTPS", "HTTPS_STR_MATCH"].contains(&kind) {
                findings.push(Finding::at(&check, format!("is of type {kind} and asks no application")));
            } else if !config("ResourcePath").is_some_and(|path| path.starts_with("/health/")) {
                findings.push(Finding::at(&check, "asks no endpoint under /health/"));
            }
            for switch in ["Disabled", "Inverted"] {
                if check.is(&format!("HealthCheckConfig/{switch}")) {
                    findings.push(Finding::at(&check, format!("is {}", switch.to_lowercase())));
                }
            }
        }
        findings
    },
};

pub(super) const RECORDS_HAVE_CHECKS: Rule = Rule {
    id: "failover-records-have-checks",
    title: "the public name has a PRIMARY and a SECONDARY record, each with its own region's health check",
    rationale: "a record without a check is always answered, whatever has become of its region",
    look: |subject| {
        let name = subject.deployment.names().public_host();
        let mut findings = Vec::new();
        for role in ["PRIMARY", "SECONDARY"] {
            let mut records = failover_records(subject.inventory, subject.deployment);
            let Some(record) = records.find(|record| record.text("Failover") == Some(role)) else {
                findings.push(Finding::missing(&name, format!("has no {role} record")));
                continue;
            };
            match check_of(&record) {
                None => findings.push(Finding::at(&record, "has no health check")),
                Some(check) => {
                    let asked = check.text("HealthCheckConfig/FullyQualifiedDomainName");
                    if asked.is_none()
                        || asked != record.text("ResourceRecords/0") && alias(&record).is_none()
                    {
                        findings
                            .push(Finding::at(&record, "its health check asks another host than it answers"));
                    }
                }
            }
        }
        findings
    },
};

pub(super) const STANDBY_IS_READY_BEFOREHAND: Rule = Rule {
    id: "standby-check-does-not-wait-for-the-lease",
    title: "the standby's health check asks whether it is ready, home's whether it serves",
    rationale: "a check that waits for the lease begins to turn healthy only when the lease has moved",
    look: |subject| {
        let mut findings = Vec::new();
        for record in failover_records(subject.inventory, subject.deployment) {
            let Some(check) = check_of(&record) else { continue };
            let serving = check.text("HealthCheckConfig/ResourcePath") == Some(SERVING);
            match record.text("Failover") {
                Some("PRIMARY") if !serving => {
                    findings.push(Finding::at(&check, "does not ask whether home owns the lease"));
                }
                Some("SECONDARY") if serving => {
                    findings.push(Finding::at(&check, "waits for the lease before the standby is healthy"));
                }
                _ => {}
            }
        }
        findings
    },
};

pub(super) const ANSWERS_ARE_NOT_KEPT: Rule = Rule {
    id: "failover-records-keep-their-ttl",
    title: "the failover records are no aliases and have the same short TTL",
    rationale: "an alias has its target's TTL, a minute for a load balancer, whatever the record says",
    look: |subject| {
        let records: Vec<Resource<'_>> = failover_records(subject.inventory, subject.deployment).collect();
        let mut findings = Vec::new();
        for record in &records {
            match record.number("TTL") {
                _ if alias(record).is_some() => findings.push(Finding::at(record, "is an alias")),
                None => findings.push(Finding::at(record, "has no TTL")),
                Some(ttl) if ttl > TTL_MAX_S => {
                    findings
                        .push(Finding::at(record, format!("is kept for {ttl} s, longer than {TTL_MAX_S}")));
                }
                Some(ttl) if records.iter().any(|other| other.number("TTL").is_some_and(|its| its < ttl)) => {
                    findings
                        .push(Finding::at(record, format!("is kept for {ttl} s, longer than its fellow")));
                }
                Some(_) => {}
            }
        }
        findings
    },
};

fn check_of<'i>(record: &Resource<'i>) -> Option<Resource<'i>> {
    record.referred(record.get("HealthCheckId")).filter(|check| check.kind() == "AWS::Route53::HealthCheck")
}

fn alias<'i>(record: &Resource<'i>) -> Option<&'i serde_json::Value> {
    Some(record.get("AliasTarget")).filter(|target| target.is_object())
}
