//! Ways out of the VPC.

use serde_json::Value;

use super::{Draft, Subject, Turn};
use crate::check::Inventory;

/// Takes away the resources for which `gone` says so.
fn without(inventory: &Inventory, gone: impl Fn(&str, &Value) -> bool) -> Inventory {
    let mut changed = inventory.clone();
    for stack in &mut changed.stacks {
        let region = stack.region.clone();
        if let Some(resources) = stack.template["Resources"].as_object_mut() {
            resources.retain(|_, resource| !gone(&region, resource));
        }
    }
    changed
}

/// The functions reach AWS through endpoints; what is left for a NAT gateway is probes of the other region.
pub(super) fn one_nat_gateway(subject: &Subject<'_>) -> Option<Draft> {
    let mut changed = subject.inventory.clone();
    let mut taken = 0;
    for stack in &mut changed.stacks {
        let Some(resources) = stack.template["Resources"].as_object_mut() else { continue };
        for kind in ["AWS::EC2::NatGateway", "AWS::EC2::EIP"] {
            let mut first = true;
            resources.retain(|_, resource| {
                let keep = resource["Type"] != kind || std::mem::take(&mut first);
                taken += usize::from(!keep);
                keep
            });
        }
    }
    (taken > 0).then(|| Draft {
        id: "one-nat-gateway",
        title: "one NAT gateway in each region instead of one in each zone",
        how: "routes of every private subnet lead to the first zone's gateway; the others and their addresses go"
            .to_owned(),
        turn: Turn::Templates(changed),
        unchanged: "no limit of a step and no health check depends on how many gateways there are",
        risk: "with that zone a region loses every way to the internet: its probes of the other region fail, so a \
               standby that lost one zone takes over from a home that is well, and the last validation of a \
               recovery there fails",
        needs: Some("a setting of the deployment file, and routes across zones"),
    })
}

/// Interface endpoints cost by the hour and zone, whatever goes through them.
pub(super) fn endpoints_where_data_is(subject: &Subject<'_>) -> Option<Draft> {
    let gone = |_: &str, resource: &Value| {
        let name = resource["Properties"]["ServiceName"].as_str().unwrap_or_default();
        let rare = [".sts", ".lambda", ".events"].iter().any(|service| name.ends_with(service));
        resource["Type"] == "AWS::EC2::VPCEndpoint" && rare
    };
    let changed = without(subject.inventory, gone);
    (changed != *subject.inventory).then(|| Draft {
        id: "rare-calls-through-nat",
        title: "NAT gateways instead of interface endpoints for services that are called rarely",
        how: "without endpoints of STS, Lambda and EventBridge, whose few calls go through the NAT gateways".to_owned(),
        turn: Turn::Templates(changed),
        unchanged: "no limit of a step depends on the way of its call",
        risk: "these calls leave through public addresses, without an endpoint's policy, and need a NAT gateway; two of \
               them are part of a recovery: the look at its functions, and its announcement",
        needs: Some("a list in the deployment file of services without an endpoint"),
    })
}
