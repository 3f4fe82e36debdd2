//! What tells people: alarms on everything that keeps a region serving and ready to recover, and a
//! dashboard that shows both regions.
//!
//! Every alarm is a value of [`alarm::Alarm`]: what it means, what to do first, how missing data is
//! read and why. A region watches itself, and its peer through what it sees of it from outside; no
//! alarm reads a metric of another region, so each works while the other is gone. No metric of
//! Route 53 is alarmed on: they exist in us-east-1 alone, and would be missing in the very outage
//! that they should tell of.
//!
//! Start reading at [`alarms`], then [`catalogue`], the table of metrics.

pub mod alarm;
mod api;
mod balancer;
mod buckets;
pub mod catalogue;
mod composite;
mod dashboard;
mod data;
mod front;
mod functions;
mod lease;
pub mod metric;
mod preflight;
mod queues;
mod reconciler;
mod services;
mod settlement;
mod workflow;

use cdk::{Handle, Scope, Stack};

use self::alarm::Alarm;
use crate::place::Place;

/// Adds the alarms, what is made of them, and the dashboard.
pub fn new(stack: &mut Stack, place: &Place<'_>) {
    let mut root = stack.root();
    let all = alarms(place);
    let handles: Vec<(&Alarm, Handle)> = {
        let mut scope = root.scope("Alarms");
        all.iter().map(|alarm| (alarm, alarm.add(&mut scope, place))).collect()
    };
    composites(&mut root.scope("Composites"), place, &handles);
    dashboard::add(&mut root, place);
}

/// Every alarm of a region, in the order in which the documentation lists them.
pub fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    [
        lease::alarms(place),
        preflight::alarms(),
        reconciler::alarms(),
        front::alarms(place),
        settlement::alarms(place),
        queues::alarms(place),
        data::alarms(place),
        buckets::alarms(place),
        workflow::alarms(place),
        functions::alarms(place),
        services::alarms(place),
    ]
    .concat()
}

fn composites(scope: &mut Scope<'_>, place: &Place<'_>, alarms: &[(&Alarm, Handle)]) {
    for composite in composite::all() {
        let known: Vec<&str> = alarms.iter().map(|(alarm, _)| alarm.purpose.as_str()).collect();
        let handle = composite.add(scope, place, &known);
        for (alarm, of) in alarms {
            if composite.names(&alarm.purpose) {
                scope.node(&handle).depend_on(of);
            }
        }
    }
}
