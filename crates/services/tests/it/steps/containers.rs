//! Goal: containers below their floor are raised to it, others are left alone, and a recovery waits until
//! enough of them run. Method: the emulator's own ECS, which runs tasks without containers.

use aws_sdk_ecs::types::ContainerDefinition;
use recovery::step::Action;
use services::settings::{Fleet, Floor};
use services::steps::StepError;

use super::stage::Stage;

const SERVICES: [(&str, u32); 2] = [("service-orders-service", 3), ("service-orders-worker", 2)];

/// A stage with a cluster of its own, whose services run so many tasks.
async fn stage(tasks: [i32; 2]) -> (Stage, aws_sdk_ecs::Client, String) {
    let mut stage = Stage::new().await;
    let ecs = aws_sdk_ecs::Client::new(&stage.scene.aws);
    let cluster = format!("cluster-{}", stage.scene.settings.1.table);
    ecs.create_cluster().cluster_name(&cluster).send().await.expect("the cluster is new");
    let container = ContainerDefinition::builder().name("orders").image("orders:none").build();
    let family = ecs.register_task_definition().family(&cluster).container_definitions(container);
    family.send().await.expect("the definition is valid");
    for ((name, _), tasks) in SERVICES.iter().zip(tasks) {
        let service = ecs.create_service().cluster(&cluster).service_name(*name).task_definition(&cluster);
        service.desired_count(tasks).send().await.expect("the service is new");
    }
    let floor = |(service, tasks): (&str, u32)| Floor { service: service.to_owned(), tasks };
    let fleet = Fleet { cluster: cluster.clone(), floors: SERVICES.map(floor).into() };
    stage.steps = stage.steps.with_fleet(&stage.scene.aws, Some(fleet));
    (stage, ecs, cluster)
}

async fn desired(ecs: &aws_sdk_ecs::Client, cluster: &str) -> Vec<i32> {
    let mut counts = Vec::new();
    for (name, _) in SERVICES {
        let found = ecs.describe_services().cluster(cluster).services(name).send().await.expect("it exists");
        counts.push(found.services()[0].desired_count());
    }
    counts
}

#[tokio::test]
async fn a_fleet_below_its_floor_is_raised_to_it_once() {
    let (stage, ecs, cluster) = stage([1, 5]).await;
    let error = stage.run(Action::VerifyCompute).await.expect_err("too few tasks run");
    assert!(matches!(&error, StepError::NotYet(told) if told.contains("its floor is 3")), "{error}");
    let raised = stage.run(Action::PrepareCompute).await.expect("ECS takes it");
    assert!(raised.detail.starts_with("raised to the floor: service-orders-service"), "{}", raised.detail);
    assert!(!raised.detail.contains("worker"), "{}", raised.detail);
    assert_eq!(desired(&ecs, &cluster).await, [3, 5], "what is above its floor is left alone");
    let again = stage.run(Action::PrepareCompute).await.expect("ECS answers");
    assert!(again.detail.ends_with("nothing to raise"), "{}", again.detail);
    // Enough tasks run now; what is still missing is the API, which this stage has not.
    let error = stage.run(Action::VerifyCompute).await.expect_err("the own API is not there");
    assert!(matches!(&error, StepError::NotYet(told) if told.contains("own API")), "{error}");
}

#[tokio::test]
async fn a_fleet_at_its_floor_needs_no_leave_and_one_below_it_does() {
    let (stage, ecs, cluster) = stage([3, 1]).await;
    stage.turn_switch("off").await;
    let error = stage.run(Action::PrepareCompute).await.expect_err("the switch is off");
    assert!(matches!(error, StepError::Transient { .. }), "{error}");
    stage.turn_switch("on").await;
    stage.lose_lease().await;
    let error = stage.run(Action::PrepareCompute).await.expect_err("the lease is somebody else's");
    assert!(matches!(error, StepError::NotOwner(_)), "{error}");
    assert_eq!(desired(&ecs, &cluster).await, [3, 1]);

    let (at_floor, ..) = self::stage([3, 2]).await;
    at_floor.turn_switch("off").await;
    let outcome = at_floor.run(Action::PrepareCompute).await.expect("nothing is changed");
    assert!(outcome.detail.ends_with("nothing to raise"), "{}", outcome.detail);
}

#[tokio::test]
async fn a_service_that_is_gone_is_told() {
    let (stage, ecs, cluster) = stage([3, 2]).await;
    let gone = ecs.delete_service().cluster(&cluster).service(SERVICES[1].0).force(true).send().await;
    gone.expect("the service exists");
    let error = stage.run(Action::PrepareCompute).await.expect_err("one is missing");
    assert!(
        matches!(error, StepError::Transient { .. }) && error.to_string().contains(SERVICES[1].0),
        "{error}"
    );
}
