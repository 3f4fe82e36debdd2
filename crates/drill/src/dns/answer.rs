//! What the zone says to one question, decided without any I/O.

use hickory_server::proto::ProtoError;
use hickory_server::proto::op::ResponseCode;
use hickory_server::proto::rr::rdata::{A, CNAME, NS, SOA};
use hickory_server::proto::rr::{Name, RData, Record, RecordType};

use crate::route53::{self, FailoverRole, Value, Zone};

/// Longest chain of names that is followed.
const CHAIN_MAX: usize = 8;
/// TTL of Route 53's own SOA records in seconds; resolvers keep a "no such name" that long.
const SOA_TTL_S: u32 = 900;

/// An answer before it is written to the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// NOERROR, NXDOMAIN or REFUSED.
    pub code: ResponseCode,
    /// The answer section.
    pub records: Vec<Record>,
    /// The zone's SOA, where there is nothing to say.
    pub soa: Option<Record>,
}

/// Answers `kind` of `name` (lower-case, without the final dot). `healthy`
/// tells the published status of a health check.
///
/// Of a failover pair the primary is answered if it is healthy, else the
/// secondary if that is, else the primary: Route 53 treats a pair that is all
/// unhealthy as if it were all healthy.
pub fn answer(
    zone: &Zone,
    healthy: &dyn Fn(&str) -> bool,
    name: &str,
    kind: RecordType,
) -> Result<Answer, ProtoError> {
    if !inside(zone, name) {
        return Ok(Answer { code: ResponseCode::Refused, records: Vec::new(), soa: None });
    }
    let mut records = apex(zone, name, kind)?;
    let mut exists = name == zone.name || zone.records.iter().any(|record| inside_of(&record.name, name));
    let mut asked = name.to_owned();
    for _ in 0..CHAIN_MAX {
        let Some(record) = chosen(zone, healthy, &asked) else { break };
        exists = true;
        let owner = Name::from_ascii(format!("{asked}."))?;
        match &record.value {
            Value::A(addresses) => {
                if matches!(kind, RecordType::A | RecordType::ANY) {
                    let data = addresses.iter().map(|address| RData::A(A(*address)));
                    records.extend(data.map(|data| Record::from_rdata(owner.clone(), record.ttl_s, data)));
                }
                break;
            }
            Value::Cname(target) => {
                let data = RData::CNAME(CNAME(Name::from_ascii(format!("{target}."))?));
                records.push(Record::from_rdata(owner, record.ttl_s, data));
                if matches!(kind, RecordType::CNAME | RecordType::ANY) || !inside(zone, target) {
                    break;
                }
                asked.clone_from(target);
            }
        }
    }
    let code = if exists { ResponseCode::NoError } else { ResponseCode::NXDomain };
    let soa = if records.is_empty() { Some(soa(zone)?) } else { None };
    Ok(Answer { code, records, soa })
}

/// The record that answers for a name now.
fn chosen<'zone>(
    zone: &'zone Zone,
    healthy: &dyn Fn(&str) -> bool,
    name: &str,
) -> Option<&'zone route53::Record> {
    let of_role = |role: FailoverRole| {
        zone.records.iter().find(|record| {
            record.name == name && record.failover.as_ref().is_some_and(|half| half.role == role)
        })
    };
    let well = |record: &&route53::Record| {
        let check = record.failover.as_ref().and_then(|half| half.health_check.as_deref());
        check.is_none_or(healthy)
    };
    let plain = || zone.records.iter().find(|record| record.name == name);
    let primary = of_role(FailoverRole::Primary);
    primary.filter(well).or_else(|| of_role(FailoverRole::Secondary).filter(well)).or(primary).or_else(plain)
}

fn inside(zone: &Zone, name: &str) -> bool {
    inside_of(name, &zone.name)
}

/// Whether `name` is `parent` or lies below it.
fn inside_of(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn apex(zone: &Zone, name: &str, kind: RecordType) -> Result<Vec<Record>, ProtoError> {
    let mut records = Vec::new();
    if name == zone.name && matches!(kind, RecordType::SOA | RecordType::ANY) {
        records.push(soa(zone)?);
    }
    if name == zone.name && matches!(kind, RecordType::NS | RecordType::ANY) {
        let owner = Name::from_ascii(format!("{}.", zone.name))?;
        let server = Name::from_ascii(format!("ns.{}.", zone.name))?;
        records.push(Record::from_rdata(owner, SOA_TTL_S, RData::NS(NS(server))));
    }
    Ok(records)
}

fn soa(zone: &Zone) -> Result<Record, ProtoError> {
    let owner = Name::from_ascii(format!("{}.", zone.name))?;
    let server = Name::from_ascii(format!("ns.{}.", zone.name))?;
    let mailbox = Name::from_ascii(format!("hostmaster.{}.", zone.name))?;
    // The timers of every zone that Route 53 creates.
    let soa = SOA::new(server, mailbox, 1, 7200, 900, 1_209_600, 86_400);
    Ok(Record::from_rdata(owner, SOA_TTL_S, RData::SOA(soa)))
}

#[cfg(test)]
mod tests {
    // Goal: Route 53's failover rule, chains, and the difference between no name and no record.
    // Method: one zone, every combination of two health checks.
    use std::net::Ipv4Addr;

    use serde_json::json;

    use super::*;
    use crate::route53::{StandIns, read};

    fn zone() -> Zone {
        let record = |role: &str, target: &str| {
            json!({"Type": "AWS::Route53::RecordSet", "Properties": {
                "Name": "orders.t.example", "Type": "CNAME", "TTL": 10, "SetIdentifier": target,
                "Failover": role, "HealthCheckId": {"Ref": target}, "ResourceRecords": [format!("{target}.orders.t.example")],
            }})
        };
        let check = json!({"Type": "AWS::Route53::HealthCheck", "Properties": {"HealthCheckConfig": {
            "Type": "HTTP", "FullyQualifiedDomainName": "x.t.example"}}});
        let template = json!({"Resources": {
            "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "t.example"}},
            "home": check, "standby": check,
            "P": record("PRIMARY", "home"), "S": record("SECONDARY", "standby"),
        }});
        let address = |last| Ipv4Addr::new(127, 70, 0, last);
        let addresses = [
            ("home.orders.t.example".to_owned(), address(1)),
            ("standby.orders.t.example".to_owned(), address(2)),
        ];
        read(&[&template], &StandIns { addresses: addresses.into(), ttl_s: 60 }).expect("a good template")
    }

    fn ask(healthy: &[&str], name: &str, kind: RecordType) -> Answer {
        answer(&zone(), &|check| healthy.contains(&check), name, kind).expect("names are valid")
    }

    fn last_address(healthy: &[&str]) -> String {
        let answer = ask(healthy, "orders.t.example", RecordType::A);
        assert_eq!((answer.records.len(), answer.records[0].ttl), (2, 10));
        answer.records[1].data.to_string()
    }

    #[test]
    fn the_failover_rule() {
        assert_eq!(last_address(&["home", "standby"]), "127.70.0.1");
        assert_eq!(last_address(&["home"]), "127.70.0.1");
        assert_eq!(last_address(&["standby"]), "127.70.0.2");
        assert_eq!(last_address(&[]), "127.70.0.1");
    }

    #[test]
    fn no_name_no_record_and_not_ours_differ() {
        let nothing = ask(&[], "nobody.t.example", RecordType::A);
        assert_eq!((nothing.code, nothing.soa.is_some()), (ResponseCode::NXDomain, true));
        let no_record = ask(&[], "home.orders.t.example", RecordType::AAAA);
        assert_eq!((no_record.code, no_record.soa.is_some()), (ResponseCode::NoError, true));
        assert_eq!(ask(&[], "t.example.org", RecordType::A).code, ResponseCode::Refused);
        assert_eq!(ask(&[], "not-t.example", RecordType::A).code, ResponseCode::Refused);
        assert_eq!(ask(&[], "t.example", RecordType::SOA).records.len(), 1);
    }
}
