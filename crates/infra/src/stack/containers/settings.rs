//! What containers are told, and what functions are told of them.

use recovery::setting;

use super::Part;
use crate::connections;
use crate::packages::{self, ORDERS_SERVICE, PREFLIGHT, RECOVERY_STEP};
use crate::place::{Place, SERVICE_PORT};
use crate::stack::settings::of_container;

/// Variable in which Lambda tells a function its region; a container is told by us.
const OWN_REGION: &str = "AWS_REGION";

/// The environment of a part's container, by name: what its program reads, and nothing that whoever takes it over
/// would learn beside that.
pub(super) fn of(place: &Place<'_>, part: Part<'_>) -> Vec<(&'static str, String)> {
    let read: &[&str] = if part.answers() { &setting::OF_ORDERS_SERVICE } else { &setting::OF_ORDERS_WORKER };
    let own = [
        (setting::DRAIN_S, part.of.drain_s.to_string()),
        (setting::DATABASE_CONNECTIONS, connections::OF_CONTAINER.to_string()),
        (setting::LISTEN, format!("0.0.0.0:{SERVICE_PORT}")),
    ];
    let all = of_container(part.name, place).into_iter().chain(own);
    let mut settings: Vec<_> = all.filter(|(name, _)| read.contains(name)).collect();
    settings.push((OWN_REGION, place.region.to_string()));
    settings.sort_unstable();
    settings
}

/// What a function is told where there are containers: the steps and the preflight know the services and
/// their floors, and nobody signs a call.
pub(in crate::stack) fn of_function(function: &str, place: &Place<'_>) -> Vec<(&'static str, String)> {
    let Some(of) = place.containers() else { return Vec::new() };
    let names = place.names();
    let mut settings = vec![(setting::UNSIGNED_CALLS, "true".to_owned())];
    if [RECOVERY_STEP, PREFLIGHT].contains(&function) {
        let floors = packages::CONTAINERS.map(|name| {
            let floor = if name == ORDERS_SERVICE { of.api_tasks_min } else { of.worker_tasks_min };
            format!("{}={floor}", names.service(name))
        });
        settings.push((setting::CLUSTER, names.cluster()));
        settings.push((setting::SERVICES, floors.join(",")));
    }
    settings
}
