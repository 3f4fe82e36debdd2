//! Other processors, other sizes.

use recovery::deployment::Architecture;
use serde_json::json;

use super::{Draft, Subject, Turn};

/// Sizes of a class from small to large.
const SIZES: [&str; 7] = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"];

/// Graviton costs a fifth less for the same time.
pub(super) fn graviton(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.deployment.clone();
    if turned.compute.architecture == Architecture::Arm64 {
        return None;
    }
    turned.compute.architecture = Architecture::Arm64;
    Some(Draft {
        id: "graviton",
        title: "run the application on Graviton",
        how: "compute.architecture = \"arm64\" in the deployment file".to_owned(),
        turn: Turn::Deployment(Box::new(turned)),
        unchanged: "limits and schedules stay as they are",
        risk: "binaries for another processor, which a drill on this machine does not run: rehearse before",
        needs: Some("packages for arm64, from a machine that has that target"),
    })
}

/// Half the size, where the class has a smaller one that a global database may have.
pub(super) fn smaller_database(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.deployment.clone();
    let (family, size) = turned.database.instance_class.rsplit_once('.')?;
    let at = SIZES.iter().position(|known| *known == size)?;
    let smaller = format!("{family}.{}", SIZES.get(at.checked_sub(1)?)?);
    let how = format!("database.instance_class = \"{smaller}\" in the deployment file");
    turned.database.instance_class = smaller;
    Some(Draft {
        id: "smaller-database",
        title: "database instances one size down, in both regions",
        how,
        turn: Turn::Deployment(Box::new(turned)),
        unchanged: "the budget's rate of a replay is assumed, not read from the class",
        risk: "half the memory and half the processors: a replay may be slower than the budget assumes; measure first",
        needs: None,
    })
}

/// Half the processor, where Fargate has a smaller size with the same memory.
pub(super) fn smaller_tasks(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.deployment.clone();
    let tasks = turned.containers.as_mut()?;
    // A task of a quarter of a processor has 2 GB at most, one of half a processor 4.
    let halved = |units: u32, memory_mib: u32| (units >= 512 && memory_mib <= units * 4).then_some(units / 2);
    tasks.api_cpu_units = halved(tasks.api_cpu_units, tasks.api_memory_mib)?;
    tasks.worker_cpu_units = halved(tasks.worker_cpu_units, tasks.worker_memory_mib)?;
    let how = format!(
        "containers.api_cpu_units = {} and containers.worker_cpu_units = {} in the deployment file",
        tasks.api_cpu_units, tasks.worker_cpu_units
    );
    Some(Draft {
        id: "smaller-tasks",
        title: "tasks with half the processor, in both regions",
        how,
        turn: Turn::Deployment(Box::new(turned)),
        unchanged: "the budget takes the floor as it is, and no limit of a step depends on its size",
        risk: "the standby's floor has to carry the whole load at once: measure with half the processor first, for \
               what scaling adds comes minutes later or, in an outage, not at all",
        needs: None,
    })
}

/// Spot for the tasks that always run, where only those above the floor have it.
pub(super) fn spot_in_the_floor(subject: &Subject<'_>) -> Option<Draft> {
    let mut changed = subject.inventory.clone();
    for stack in &mut changed.stacks {
        let resources = stack.template["Resources"].as_object_mut().into_iter().flatten();
        let services =
            resources.map(|(_, resource)| resource).filter(|one| one["Type"] == "AWS::ECS::Service");
        for service in services {
            let providers = service["Properties"]["CapacityProviderStrategy"].as_array_mut();
            let Some(providers) = providers else { continue };
            let spot = providers.iter().any(|one| one["CapacityProvider"] == "FARGATE_SPOT");
            for base in providers.iter_mut().filter_map(|one| one.get_mut("Base")).filter(|_| spot) {
                *base = json!(0);
            }
        }
    }
    (changed != *subject.inventory).then(|| Draft {
        id: "spot-in-the-floor",
        title: "run a share of the workers' floor on Spot, at AWS's largest discount",
        how: "no base on demand in the workers' capacity providers: Spot's share of the tasks above the floor counts \
              for all of them"
            .to_owned(),
        turn: Turn::Templates(changed),
        unchanged: "the budget takes the floor as it is, whatever it runs on",
        risk: "Spot gives tasks two minutes and takes them when many want capacity, which is when a region is lost: \
               orders are accepted all the same and settled later",
        needs: Some("a setting of the deployment file"),
    })
}
