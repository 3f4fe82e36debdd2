//! `TapStack`: what one region is made of, and what has to be deployed before what.
//!
//! A stack waits for those whose parameters it reads. Nothing that recovery
//! needs waits for the other region while it runs: the order here is the order
//! of a deployment, and its reverse that of a teardown.

use cdk::Stack;
use recovery::deployment::Audit;

use crate::app::Replay;
use crate::packages::{Packages, RECOVERY_STEP};
use crate::place::Place;
use crate::stack;
use crate::stack::disaster_recovery::Definitions;

/// What both regions share, managed from the standby region.
pub fn shared(standby: &Place<'_>) -> [Stack; 2] {
    let mut dns = standby.stack("Dns", "hosted zone, failover records and health checks");
    stack::dns::new(&mut dns, standby);
    dns.depend_on(standby.stack_name("Foundation"));
    let mut tables = standby.stack("GlobalTables", "order journal with the lease, and sessions");
    stack::global_tables::new(&mut tables, standby);
    tables.depend_on(standby.stack_name("Foundation"));
    [dns, tables]
}

/// Every stack of one region.
pub fn stacks(place: &Place<'_>, packages: &Packages, replay: Replay) -> Vec<Stack> {
    let before =
        [foundation(place, packages), alerts(place), networking(place), storage(place), database(place)];
    let between = [peering(place), network_peering(place)];
    let mut stacks: Vec<Stack> = before.into_iter().chain(between).collect();
    if place.containers().is_some() {
        // A service is made for a target group that a load balancer forwards to, and runs from an image.
        stacks.extend([images(place), load_balancer(place)]);
        stacks.extend([compute(place, packages), services(place, packages)]);
    } else {
        stacks.extend([compute(place, packages), api(place)]);
    }
    stacks.extend([disaster_recovery(place, replay), monitoring(place)]);
    stacks.extend(place.deployment.audit.as_ref().map(|asked| audit(place, asked)));
    stacks
}

fn alerts(place: &Place<'_>) -> Stack {
    let mut alerts = place.stack("Alerts", "topic through which people are told");
    stack::alerts::new(&mut alerts, place);
    alerts.depend_on(place.stack_name("Foundation"));
    alerts
}

fn foundation(place: &Place<'_>, packages: &Packages) -> Stack {
    let mut foundation = place.stack("Foundation", "key for logs, and what makes custom resources");
    stack::foundation::new(&mut foundation, place, packages);
    foundation
}

/// Everything else of the region comes after the foundation, which another deployment's would fail at; most of it
/// because it comes after this.
fn networking(place: &Place<'_>) -> Stack {
    let mut networking = place.stack("Networking", "VPC, subnets, endpoints and security groups");
    stack::networking::new(&mut networking, place);
    networking.depend_on(place.stack_name("Foundation"));
    networking
}

fn storage(place: &Place<'_>) -> Stack {
    let mut storage = place.stack("Storage", "buckets for configuration and for the audit log");
    stack::storage::new(&mut storage, place);
    storage.depend_on(place.stack_name("Foundation"));
    if !place.is_home() {
        // Its buckets are replicated into home's, which have to be there.
        storage.depend_on(place.home().stack_name("Storage"));
    }
    storage
}

fn database(place: &Place<'_>) -> Stack {
    let mut database = place.stack("Database", "cluster of the Aurora global database");
    stack::database::new(&mut database, place);
    database.depend_on(place.stack_name("Alerts"));
    database.depend_on(place.stack_name("Networking"));
    if !place.is_home() {
        database.depend_on(place.home().stack_name("Database"));
    }
    database
}

fn peering(place: &Place<'_>) -> Stack {
    let mut peering = place.stack_that_reads_afar("Peering", "what this region must know about the other");
    stack::peering::new(&mut peering, place);
    peering.depend_on(place.peer().stack_name("Database"));
    peering.depend_on(place.standby().stack_name("Dns"));
    if place.is_home() {
        peering.depend_on(place.peer().stack_name("Storage"));
    }
    peering
}

fn network_peering(place: &Place<'_>) -> Stack {
    let mut peering =
        place.stack_that_reads_afar("NetworkPeering", "private way to the other region's database");
    stack::network_peering::new(&mut peering, place);
    peering.depend_on(place.stack_name("Networking"));
    let side_to_wait_for = if place.is_home() { "NetworkPeering" } else { "Networking" };
    peering.depend_on(place.peer().stack_name(side_to_wait_for));
    peering
}

fn images(place: &Place<'_>) -> Stack {
    let mut images = place.stack("Images", "repository of the containers' image");
    stack::images::new(&mut images, place);
    images.depend_on(place.stack_name("Foundation"));
    images
}

fn load_balancer(place: &Place<'_>) -> Stack {
    let mut balancer = place.stack("LoadBalancer", "load balancer, its names and its firewall");
    stack::load_balancer::new(&mut balancer, place);
    balancer.depend_on(place.stack_name("Networking"));
    // The zone's id, which proves the certificate's names, is copied into home by its peering.
    balancer.depend_on(place.stack_name("Peering"));
    // Its log is copied into the other region's audit bucket, which has to be there.
    balancer.depend_on(place.peer().stack_name("Storage"));
    balancer
}

fn compute(place: &Place<'_>, packages: &Packages) -> Stack {
    let mut compute = place.stack("Compute", "functions and queues");
    stack::compute::new(&mut compute, place, packages);
    compute.depend_on(place.stack_name("Database"));
    compute.depend_on(place.stack_name("Storage"));
    compute.depend_on(place.stack_name("Peering"));
    compute.depend_on(place.standby().stack_name("GlobalTables"));
    compute
}

/// After the functions, for the database's keeper makes the users that containers log in as.
fn services(place: &Place<'_>, packages: &Packages) -> Stack {
    let mut services = place.stack("Services", "containers that answer and settle");
    stack::containers::new(&mut services, place, packages);
    for kind in ["Images", "LoadBalancer", "Compute"] {
        services.depend_on(place.stack_name(kind));
    }
    services
}

fn api(place: &Place<'_>) -> Stack {
    let mut api = place.stack("Api", "REST API and its names");
    stack::api::new(&mut api, place);
    api.depend_on(place.stack_name("Compute"));
    api
}

fn disaster_recovery(place: &Place<'_>, replay: Replay) -> Stack {
    let mut recovery = place.stack("DisasterRecovery", "watch, recovery workflows and switch");
    stack::disaster_recovery::new(&mut recovery, place, &definitions(place, replay));
    recovery.depend_on(place.stack_name("Alerts"));
    recovery.depend_on(place.stack_name("Compute"));
    if place.containers().is_some() {
        // Nobody watches over a region that cannot serve yet.
        recovery.depend_on(place.stack_name("Services"));
    }
    recovery
}

fn monitoring(place: &Place<'_>) -> Stack {
    let mut monitoring = place.stack("Monitoring", "alarms and dashboard");
    stack::monitoring::new(&mut monitoring, place);
    monitoring.depend_on(place.stack_name("Alerts"));
    // Its certificate is watched by its ARN, which the front's stack leaves in a parameter.
    monitoring.depend_on(place.stack_name(place.front_kind()));
    monitoring.depend_on(place.stack_name("DisasterRecovery"));
    monitoring
}

/// Last of all, though it needs little of what is before it: nothing waits for it, and it goes first.
fn audit(place: &Place<'_>, asked: &Audit) -> Stack {
    let mut audit = place.stack("Audit", "trail, and backups in a vault");
    stack::audit::new(&mut audit, place, asked);
    audit.depend_on(place.stack_name("Alerts"));
    audit.depend_on(place.stack_name("Database"));
    audit.depend_on(place.stack_name("DisasterRecovery"));
    audit.depend_on(place.stack_name("Storage"));
    audit.depend_on(place.standby().stack_name("GlobalTables"));
    if place.is_home() {
        // Home's backups are copied into its vault, from the first night on and until the last copy has arrived.
        audit.depend_on(place.standby().stack_name("Audit"));
    }
    audit
}

/// The workflows of one region, in Amazon States Language.
fn definitions(place: &Place<'_>, replay: Replay) -> Definitions {
    let function = place.function_arn(RECOVERY_STEP);
    let failover = match replay {
        Replay::Included => recovery::workflow::workflow(place.deployment, &function),
        Replay::LeftOut => recovery::workflow::workflow_without_replay(place.deployment, &function),
    };
    let failback = recovery::workflow::failback(place.deployment, &function);
    Definitions { failover: failover.to_json(), failback: failback.to_json() }
}
