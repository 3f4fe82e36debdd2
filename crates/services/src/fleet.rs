//! The containers of this region, as ECS tells of them and is told about them.
//!
//! Only this region's own ECS is asked: its data is regional, and a recovery must not need another's.

use aws_config::SdkConfig;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DeploymentRolloutState, Service};

use crate::aws::CallFailed;
use crate::settings;

/// The containers of this region.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    client: Client,
    settings: settings::Fleet,
}

/// What ECS tells of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crew {
    /// Name of the service.
    pub(crate) service: String,
    /// Tasks that it needs at least.
    pub(crate) floor: u32,
    /// Tasks that ECS shall run.
    pub(crate) desired: u32,
    /// Tasks that run.
    pub(crate) running: u32,
    /// What keeps its deployment from being complete, if anything.
    pub(crate) unsettled: Option<String>,
    /// Target groups that its tasks are registered with.
    pub(crate) target_groups: Vec<String>,
}

impl Crew {
    /// Whether ECS is asked for too few tasks.
    pub(crate) fn is_short(&self) -> bool {
        self.desired < self.floor
    }

    /// Whether enough tasks run.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_short() && self.running >= self.floor
    }
}

impl std::fmt::Display for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { service, floor, desired, running, .. } = self;
        write!(f, "{service} runs {running} of {desired} tasks, its floor is {floor}")
    }
}

impl Fleet {
    pub(crate) fn new(aws: &SdkConfig, settings: settings::Fleet) -> Self {
        Self { client: Client::new(aws), settings }
    }

    /// Its services as the last part of their ARNs.
    pub(crate) fn resources(&self) -> impl Iterator<Item = String> {
        let settings::Fleet { cluster, floors } = &self.settings;
        floors.iter().map(move |floor| format!("service/{cluster}/{}", floor.service))
    }

    /// All of its services, in the order of the settings.
    ///
    /// # Errors
    /// When ECS does not answer, or does not know one of them.
    pub(crate) async fn look(&self) -> Result<Vec<Crew>, CallFailed> {
        const CALL: &str = "ecs:DescribeServices";
        let floors = &self.settings.floors;
        let names = floors.iter().map(|floor| floor.service.clone()).collect();
        let client = &self.client;
        let answer = client.describe_services().cluster(&self.settings.cluster).set_services(Some(names));
        let answer = answer.send().await.map_err(|error| CallFailed::new(CALL, error))?;
        let crew = |floor: &settings::Floor| {
            let known = answer.services().iter().find(|known| {
                known.service_name() == Some(&floor.service) && known.status() == Some("ACTIVE")
            });
            let missing = || CallFailed::unreadable(CALL, format!("there is no service {}", floor.service));
            known.map(|service| crew(floor, service)).ok_or_else(missing)
        };
        floors.iter().map(crew).collect()
    }

    /// Has ECS run as many tasks as the floor asks for.
    ///
    /// # Errors
    /// When ECS does not take it.
    pub(crate) async fn raise(&self, crew: &Crew) -> Result<(), CallFailed> {
        let tasks = i32::try_from(crew.floor).unwrap_or(i32::MAX);
        let client = &self.client;
        let update = client.update_service().cluster(&self.settings.cluster).service(&crew.service);
        let answer = update.desired_count(tasks).send().await;
        answer.map(|_| ()).map_err(|error| CallFailed::new("ecs:UpdateService", error))
    }
}

fn crew(floor: &settings::Floor, service: &Service) -> Crew {
    let count = |tasks: i32| u32::try_from(tasks).unwrap_or_default();
    let groups = service.load_balancers().iter().filter_map(|one| one.target_group_arn());
    Crew {
        service: floor.service.clone(),
        floor: floor.tasks,
        desired: count(service.desired_count()),
        running: count(service.running_count()),
        unsettled: unsettled(service),
        target_groups: groups.map(str::to_owned).collect(),
    }
}

/// A service has one deployment when it is as it shall be; a second one replaces it or is replaced.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html>
fn unsettled(service: &Service) -> Option<String> {
    let failed =
        service.deployments().iter().find(|one| one.rollout_state() == Some(&DeploymentRolloutState::Failed));
    if let Some(failed) = failed {
        return Some(format!(
            "a deployment failed: {}",
            failed.rollout_state_reason().unwrap_or("no reason given")
        ));
    }
    match service.deployments() {
        [one] if !matches!(one.rollout_state(), Some(DeploymentRolloutState::InProgress)) => None,
        [] => Some("it has no deployment".to_owned()),
        several => Some(format!("a deployment is in progress, {} at once", several.len())),
    }
}
