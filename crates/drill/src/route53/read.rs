//! Reads the zone out of the templates.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value as Json};

use crate::literal::{name, number, reference, text};

use super::{Failover, FailoverRole, HealthCheck, Record, StandIns, Value, Zone};

/// One thing in a template that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{resource}: {what}")]
pub struct Problem {
    /// Logical id.
    pub resource: String,
    /// What about it.
    pub what: String,
}

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the DNS part of the templates is not understood")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

/// Reads the one hosted zone of the templates. Records of names that
/// `stand_ins` has an address for are passed over in favour of that address.
/// Resources that are not Route 53's are not looked at.
pub fn read(templates: &[&Json], stand_ins: &StandIns) -> Result<Zone, Problems> {
    let mut reading = Reading::default();
    for template in templates {
        for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
            reading.resource(id, resource, stand_ins);
        }
    }
    for (host, address) in &stand_ins.addresses {
        let value = Value::A(vec![*address]);
        let name = host.to_ascii_lowercase();
        reading.records.push(Record { name, ttl_s: stand_ins.ttl_s, value, failover: None });
    }
    reading.finish()
}

#[derive(Default)]
struct Reading {
    zones: Vec<String>,
    records: Vec<Record>,
    checks: BTreeMap<String, HealthCheck>,
    problems: Vec<Problem>,
}

impl Reading {
    fn problem(&mut self, id: &str, what: impl Into<String>) {
        self.problems.push(Problem { resource: id.to_owned(), what: what.into() });
    }

    fn resource(&mut self, id: &str, resource: &Json, stand_ins: &StandIns) {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let empty = Map::new();
        let properties = resource["Properties"].as_object().unwrap_or(&empty);
        match kind {
            "AWS::Route53::HostedZone" => self.zone(id, properties),
            "AWS::Route53::HealthCheck" => self.check(id, properties),
            "AWS::Route53::RecordSet" => self.record(id, properties, stand_ins),
            "AWS::Route53::RecordSetGroup" => {
                for entry in properties.get("RecordSets").and_then(Json::as_array).into_iter().flatten() {
                    self.record(id, entry.as_object().unwrap_or(&empty), stand_ins);
                }
            }
            other if other.starts_with("AWS::Route53::") => {
                self.problem(id, format!("the type {other} is not understood"));
            }
            _ => {}
        }
    }

    fn unknown(&mut self, id: &str, properties: &Map<String, Json>, known: &[&str]) {
        for property in properties.keys().filter(|property| !known.contains(&property.as_str())) {
            self.problem(id, format!("the property {property} is not understood"));
        }
    }

    fn zone(&mut self, id: &str, properties: &Map<String, Json>) {
        // A private zone (VPCs) would not be seen by clients at all.
        self.unknown(id, properties, &["Name", "HostedZoneConfig", "HostedZoneTags", "QueryLoggingConfig"]);
        match properties.get("Name").and_then(name) {
            Some(name) => self.zones.push(name),
            None => self.problem(id, "the property Name is no literal"),
        }
    }

    fn check(&mut self, id: &str, properties: &Map<String, Json>) {
        self.unknown(id, properties, &["HealthCheckConfig", "HealthCheckTags"]);
        let empty = Map::new();
        let config = properties.get("HealthCheckConfig").and_then(Json::as_object).unwrap_or(&empty);
        const KNOWN: [&str; 10] = [
            "Type",
            "FullyQualifiedDomainName",
            "Port",
            "ResourcePath",
            "RequestInterval",
            "FailureThreshold",
            "SearchString",
            "EnableSNI",
            "MeasureLatency",
            "Regions",
        ];
        self.unknown(id, config, &KNOWN);
        let kind = config.get("Type").and_then(text).unwrap_or_default();
        let tls = kind.starts_with("HTTPS");
        if !matches!(kind.as_str(), "HTTP" | "HTTPS" | "HTTP_STR_MATCH" | "HTTPS_STR_MATCH") {
            self.problem(id, format!("the check type `{kind}` is not understood"));
        }
        let search = config.get("SearchString").and_then(text);
        if search.is_some() != kind.ends_with("_STR_MATCH") {
            self.problem(id, "SearchString and the check type contradict each other");
        }
        let Some(host) = config.get("FullyQualifiedDomainName").and_then(name) else {
            return self.problem(id, "the property FullyQualifiedDomainName is no literal");
        };
        let whole = |property: &str, default: u64| config.get(property).map_or(Some(default), number::<u64>);
        let (Some(port), Some(interval_s), Some(threshold)) = (
            whole("Port", if tls { 443 } else { 80 }).and_then(|port| u16::try_from(port).ok()),
            whole("RequestInterval", 30).filter(|interval_s| matches!(interval_s, 10 | 30)),
            whole("FailureThreshold", 3).and_then(|threshold| u32::try_from(threshold).ok()),
        ) else {
            return self
                .problem(id, "Port, RequestInterval (10 or 30) or FailureThreshold is no such number");
        };
        if !(1..=10).contains(&threshold) {
            self.problem(id, "FailureThreshold must lie between 1 and 10");
        }
        let path = config.get("ResourcePath").and_then(text).unwrap_or_else(|| "/".to_owned());
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        let check = HealthCheck { host, port, tls, path, interval_s, failure_threshold: threshold, search };
        self.checks.insert(id.to_owned(), check);
    }

    fn record(&mut self, id: &str, properties: &Map<String, Json>, stand_ins: &StandIns) {
        let Some(name) = properties.get("Name").and_then(name) else {
            return self.problem(id, "the property Name is no literal");
        };
        if stand_ins.addresses.keys().any(|host| host.eq_ignore_ascii_case(&name)) {
            return;
        }
        const KNOWN: [&str; 10] = [
            "Name",
            "Type",
            "TTL",
            "ResourceRecords",
            "SetIdentifier",
            "Failover",
            "HealthCheckId",
            "HostedZoneId",
            "HostedZoneName",
            "Comment",
        ];
        self.unknown(id, properties, &KNOWN);
        let Some(ttl_s) = properties.get("TTL").and_then(number::<u32>) else {
            return self.problem(id, "the property TTL is no number of seconds");
        };
        match (value(properties), failover(properties)) {
            (Ok(value), Ok(failover)) => self.records.push(Record { name, ttl_s, value, failover }),
            (value, failover) => {
                for what in [value.err(), failover.err()].into_iter().flatten() {
                    self.problem(id, what);
                }
            }
        }
    }

    fn finish(mut self) -> Result<Zone, Problems> {
        if self.zones.len() != 1 {
            let what = format!("expected one hosted zone, found {}", self.zones.len());
            self.problem("templates", what);
        }
        let zone = self.zones.first().cloned().unwrap_or_default();
        for record in std::mem::take(&mut self.records) {
            let inside = record.name == zone || record.name.ends_with(&format!(".{zone}"));
            if !inside && !zone.is_empty() {
                self.problem(&record.name, format!("lies outside the zone {zone}"));
            }
            self.records.push(record);
        }
        self.pairs();
        if self.problems.is_empty() {
            Ok(Zone { name: zone, records: self.records, checks: self.checks })
        } else {
            Err(Problems(self.problems))
        }
    }

    /// Every name has one plain record, or one primary and one secondary.
    fn pairs(&mut self) {
        let mut names: BTreeMap<String, Vec<Option<FailoverRole>>> = BTreeMap::new();
        let mut lost = Vec::new();
        for record in &self.records {
            let role = record.failover.as_ref().map(|failover| failover.role);
            names.entry(record.name.clone()).or_default().push(role);
            let check = record.failover.as_ref().and_then(|failover| failover.health_check.as_ref());
            if let Some(check) = check.filter(|check| !self.checks.contains_key(*check)) {
                lost.push((record.name.clone(), format!("its health check {check} is not in the templates")));
            }
        }
        for (name, what) in lost {
            self.problem(&name, what);
        }
        for (name, mut roles) in names {
            roles.sort();
            let pair = [Some(FailoverRole::Primary), Some(FailoverRole::Secondary)];
            if roles != [None] && roles != pair {
                self.problem(&name, "has neither one plain record nor one primary and one secondary");
            }
        }
    }
}

fn value(properties: &Map<String, Json>) -> Result<Value, String> {
    let records = properties.get("ResourceRecords").and_then(Json::as_array);
    let records = records.ok_or("the property ResourceRecords is missing")?;
    let not_literal = || "ResourceRecords are no literals".to_owned();
    match properties.get("Type").and_then(text).as_deref() {
        Some("CNAME") => match &records[..] {
            [target] => Ok(Value::Cname(name(target).ok_or_else(not_literal)?)),
            _ => Err("a CNAME has exactly one target".to_owned()),
        },
        Some("A") => {
            let address = |record: &Json| text(record)?.parse().ok();
            let addresses: Option<Vec<_>> = records.iter().map(address).collect();
            Ok(Value::A(addresses.filter(|found| !found.is_empty()).ok_or_else(not_literal)?))
        }
        other => Err(format!("the record type `{}` is not understood", other.unwrap_or_default())),
    }
}

fn failover(properties: &Map<String, Json>) -> Result<Option<Failover>, String> {
    let Some(role) = properties.get("Failover") else {
        let lone = ["SetIdentifier", "HealthCheckId"].into_iter().find(|key| properties.contains_key(*key));
        return lone.map_or(Ok(None), |key| Err(format!("{key} without Failover is not understood")));
    };
    let role = match text(role).as_deref() {
        Some("PRIMARY") => FailoverRole::Primary,
        Some("SECONDARY") => FailoverRole::Secondary,
        _ => return Err("Failover must be PRIMARY or SECONDARY".to_owned()),
    };
    let set_identifier = properties.get("SetIdentifier").and_then(text);
    let set_identifier = set_identifier.ok_or("a failover record needs a SetIdentifier")?;
    let health_check = match properties.get("HealthCheckId") {
        None => None,
        Some(id) => Some(reference(id).or_else(|| text(id)).ok_or("HealthCheckId is no reference")?),
    };
    Ok(Some(Failover { set_identifier, role, health_check }))
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
