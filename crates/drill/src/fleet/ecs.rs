//! The ECS protocol, as far as recovery speaks it: what a fleet truly has, and its size.
//!
//! Member names are those of the ECS API reference; any other operation is answered as unknown.

use std::collections::BTreeMap;

use recovery::Region;
use serde_json::{Value, json};

use super::Fleet;
use super::service::Service;
use crate::ACCOUNT;
use crate::gateway::ContainerApi;

/// Services that one call may ask for; documented by AWS.
const ASKED_MAX: usize = 10;

/// An ECS error: HTTP status, type, message.
struct Refusal(u16, &'static str, String);

/// The containers of both regions.
#[derive(Clone)]
pub struct Fleets(pub Vec<Fleet>);

impl Fleets {
    /// The fleet of a region.
    #[must_use]
    pub fn of(&self, region: &Region) -> Option<&Fleet> {
        self.0.iter().find(|fleet| fleet.region() == region)
    }
}

#[async_trait::async_trait]
impl ContainerApi for Fleets {
    async fn call(&self, region: &Region, operation: &str, body: &[u8]) -> (u16, String) {
        let answer = match self.of(region) {
            Some(fleet) => fleet.ecs(operation, body),
            None => Err(Refusal(400, "ClusterNotFoundException", "Cluster not found.".to_owned())),
        };
        match answer {
            Ok(value) => (200, value.to_string()),
            Err(Refusal(status, kind, message)) => {
                (status, json!({"__type": kind, "message": message}).to_string())
            }
        }
    }

    fn load_balancing(&self, region: &Region, form: &[u8]) -> (u16, String) {
        let unknown = "<ErrorResponse><Error><Code>TargetGroupNotFound</Code></Error></ErrorResponse>";
        self.of(region).map_or_else(|| (400, unknown.to_owned()), |fleet| fleet.target_health(form))
    }
}

impl Fleet {
    /// The state of every target, in the XML of the API; of anything else nothing is known.
    fn target_health(&self, form: &[u8]) -> (u16, String) {
        let asked: BTreeMap<_, _> = form_urlencoded::parse(form).into_owned().collect();
        let own = target_group(self.region());
        let action = asked.get("Action").map(String::as_str).unwrap_or_default();
        let group = asked.get("TargetGroupArn").map(String::as_str).unwrap_or_default();
        let refused = |code: &str| {
            (
                400,
                format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>"
                ),
            )
        };
        match (action, self.balancer()) {
            ("DescribeTargetHealth", Some(balancer)) if group == own => {
                let states = balancer.states();
                let members = states.iter().map(|(address, health)| {
                    format!(
                        "<member><Target><Id>{}</Id><Port>{}</Port></Target><TargetHealth><State>{}</State>\
                         </TargetHealth></member>",
                        address.ip(),
                        address.port(),
                        health.as_str()
                    )
                });
                let members: String = members.collect();
                (
                    200,
                    format!(
                        "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions>\
                         {members}</TargetHealthDescriptions></DescribeTargetHealthResult>\
                         </DescribeTargetHealthResponse>"
                    ),
                )
            }
            ("DescribeTargetHealth", _) => refused("TargetGroupNotFound"),
            _ => refused("InvalidAction"),
        }
    }

    fn ecs(&self, operation: &str, body: &[u8]) -> Result<Value, Refusal> {
        let asked: Value = serde_json::from_slice(body)
            .map_err(|error| Refusal(400, "SerializationException", error.to_string()))?;
        match operation {
            "DescribeServices" => self.describe_services(&asked),
            "UpdateService" => self.update_service(&asked),
            other => {
                let message = format!("the drill does not stand in for {other}");
                Err(Refusal(400, "UnknownOperationException", message))
            }
        }
    }

    fn describe_services(&self, asked: &Value) -> Result<Value, Refusal> {
        let names: Vec<&str> =
            asked["services"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if names.is_empty() || names.len() > ASKED_MAX {
            let message = format!("1 to {ASKED_MAX} services can be asked for at once");
            return Err(Refusal(400, "InvalidParameterException", message));
        }
        let cluster = self.cluster(asked)?;
        let inner = self.inner();
        let (mut services, mut failures) = (Vec::new(), Vec::new());
        for name in names {
            let bare = name.rsplit('/').next().unwrap_or(name);
            match inner.services.iter().find(|service| service.plan.name == bare) {
                Some(service) => services.push(describe(self.region(), service)),
                None => {
                    let arn = arn(self.region(), "service", &cluster, bare);
                    failures.push(json!({"arn": arn, "reason": "MISSING"}));
                }
            }
        }
        Ok(json!({"services": services, "failures": failures}))
    }

    fn update_service(&self, asked: &Value) -> Result<Value, Refusal> {
        self.cluster(asked)?;
        let name = asked["service"].as_str().unwrap_or_default();
        let bare = name.rsplit('/').next().unwrap_or(name);
        let mut inner = self.inner();
        let Some(service) = inner.services.iter_mut().find(|service| service.plan.name == bare) else {
            return Err(Refusal(400, "ServiceNotFoundException", "Service not found.".to_owned()));
        };
        let members = asked.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        if let Some(other) = members.into_iter().find(|n| !["cluster", "service", "desiredCount"].contains(n))
        {
            let message = format!("the drill changes the size of a service and not its {other}");
            return Err(Refusal(400, "InvalidParameterException", message));
        }
        if let Some(desired) = asked["desiredCount"].as_u64() {
            service.resize(u32::try_from(desired).unwrap_or(u32::MAX));
        }
        Ok(json!({"service": describe(self.region(), service)}))
    }

    /// The cluster that is asked for, by name or ARN, if this fleet is of it.
    fn cluster(&self, asked: &Value) -> Result<String, Refusal> {
        let named = asked["cluster"].as_str().unwrap_or("default");
        let bare = named.rsplit('/').next().unwrap_or(named);
        let known = self.inner().services.iter().any(|service| service.plan.cluster == bare);
        if known {
            Ok(bare.to_owned())
        } else {
            Err(Refusal(400, "ClusterNotFoundException", "Cluster not found.".to_owned()))
        }
    }
}

/// The one group of targets that a fleet has.
fn target_group(region: &Region) -> String {
    format!("arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:targetgroup/tasks/0")
}

fn arn(region: &Region, kind: &str, cluster: &str, name: &str) -> String {
    format!("arn:aws:ecs:{region}:{ACCOUNT}:{kind}/{cluster}/{name}")
}

fn describe(region: &Region, service: &Service) -> Value {
    let plan = &service.plan;
    let (running, _) = service.running_and_well();
    let pending = service.desired.saturating_sub(running);
    let revision = service.revision_number();
    let definition = format!("arn:aws:ecs:{region}:{ACCOUNT}:task-definition/{}:{revision}", plan.binary);
    let mut deployments = vec![json!({
        "id": format!("ecs-svc/{revision}"),
        "status": "PRIMARY",
        "rolloutState": service.rollout_state(),
        "taskDefinition": definition,
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": pending,
        "failedTasks": service.failed_tasks(),
    })];
    if service.rollout_state() == "IN_PROGRESS" {
        deployments.push(json!({"id": "ecs-svc/before", "status": "ACTIVE", "rolloutState": "COMPLETED"}));
    }
    json!({
        "serviceArn": arn(region, "service", &plan.cluster, &plan.name),
        "serviceName": plan.name,
        "clusterArn": format!("arn:aws:ecs:{region}:{ACCOUNT}:cluster/{}", plan.cluster),
        "status": "ACTIVE",
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": pending,
        "taskDefinition": definition,
        "deployments": deployments,
        "loadBalancers": if plan.balanced { vec![json!({"targetGroupArn": target_group(region)})] } else { vec![] },
        "events": [],
    })
}
