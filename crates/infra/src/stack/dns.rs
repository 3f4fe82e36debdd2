//! The hosted zone, and the name that follows the lease from region to region.
//!
//! The records point at the regions' own names and the health checks ask those
//! names, so nothing here needs either region's stacks. CNAMEs and not aliases:
//! an alias would take its target's TTL.

use cdk::{Handle, Scope, Stack};
use cfn::route53::health_check::{HealthCheckConfig, HealthCheckTag};
use cfn::{Value, route53};
use recovery::Region;
use serde_json::json;

use super::{hook, parameter};
use crate::place::{Place, parameter as key};
use crate::policy::Statement;

/// Output that holds the id of the zone.
pub const ZONE_OUTPUT: &str = "HostedZoneId";

/// What the zone's stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The zone.
    pub zone: Handle,
}

/// Adds the zone, two health checks and two failover records.
///
/// Home's check asks whether it serves, which is so only while it owns the lease.
/// The standby's asks whether it is ready: were it lease-bound too, its detection
/// would only begin after the lease has moved.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let mut root = stack.root();
    let zone =
        root.add("Zone", route53::HostedZone::new().name(format!("{}.", place.deployment.domain.zone)));
    let regions = &place.deployment.regions;
    record(&mut root.scope("Home"), place, &zone, &regions.home, "PRIMARY", "/health/serving");
    record(&mut root.scope("Standby"), place, &zone, &regions.standby, "SECONDARY", "/health/ready");
    leave_nothing(&mut root.scope("Removal"), place, &zone);
    parameter(&mut root, place, "ZoneParameter", key::HOSTED_ZONE, zone.reference());
    root.output(ZONE_OUTPUT, "id of the hosted zone", zone.reference());
    Handles { zone }
}

/// Certificates leave the records that prove their names, and Route 53 removes no zone that holds any.
fn leave_nothing(scope: &mut Scope<'_>, place: &Place<'_>, zone: &Handle) {
    let arn = cfn::sub(format!("arn:aws:route53:::hostedzone/${{{}}}", zone.token()));
    let look = ["GetHostedZone", "ListResourceRecordSets", "UpdateHostedZoneFeatures"]
        .map(|call| format!("route53:{call}"));
    let look: Vec<&str> = look.iter().map(String::as_str).collect();
    let only = json!({
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsRecordTypes": ["CNAME"],
            "route53:ChangeResourceRecordSetsActions": ["DELETE"],
        },
    });
    let allowed = [
        Statement::allow(&look, [arn.clone()]),
        Statement::allow(&["route53:ChangeResourceRecordSets"], [arn]).when(only),
    ];
    let policy = hook::allow(scope, "Policy", place, "empty-zone", &allowed);
    let id = Value::<String>::from(zone.reference()).to_json();
    let empty = scope.add("EmptyZone", hook::resource(place, "EmptyZone").tell("Zone", id));
    scope.node(&empty).depend_on(&policy);
}

fn record(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    zone: &Handle,
    region: &Region,
    failover: &str,
    path: &str,
) {
    let (names, deployment) = (place.names(), place.deployment);
    let check = HealthCheckConfig::new("HTTPS")
        .fully_qualified_domain_name(names.region_host(region))
        .port(443)
        .resource_path(path)
        .enable_sni(true)
        .request_interval(i64::try_from(deployment.health_check.interval_s).unwrap_or(i64::MAX))
        .failure_threshold(deployment.health_check.failure_threshold);
    let name = names.resource("check", region.as_str());
    let check = scope.add(
        "HealthCheck",
        route53::HealthCheck::new(check).health_check_tags([HealthCheckTag::new("Name", name)]),
    );
    scope.add(
        "Record",
        route53::RecordSet::new(format!("{}.", names.public_host()), "CNAME")
            .hosted_zone_id(zone.reference())
            .set_identifier(region.as_str())
            .failover(failover)
            .health_check_id(check.reference())
            .ttl(deployment.domain.record_ttl_s.to_string())
            .resource_records([names.region_host(region)]),
    );
}
