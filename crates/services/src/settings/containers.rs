//! What only containers, and those that look after them, are told.

use super::*;

group! {
    /// How a container is reached, and how it ends.
    Container {
        /// Where it listens; `None`: its own default.
        listen: Option<SocketAddr> = optional setting::LISTEN,
        /// How long it goes on answering when it was told to end.
        drain: Option<Duration> = optional setting::DRAIN_S,
    }
}

/// An ECS service and the tasks that it needs at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// Name of the service.
    pub service: String,
    /// Tasks.
    pub tasks: u32,
}

/// Services with their floors, as `name=floor,name=floor`.
struct Floors(Vec<Floor>);

impl Value for Floors {
    fn parse(text: &str) -> Result<Self, String> {
        let floor = |part: &str| {
            let (service, tasks) = part.split_once('=')?;
            let tasks = tasks.parse().ok().filter(|tasks| *tasks > 0)?;
            (!service.is_empty()).then(|| Floor { service: service.to_owned(), tasks })
        };
        let floors: Option<Vec<Floor>> = text.split(',').map(floor).collect();
        floors.map(Self).ok_or_else(|| "expected name=floor, separated by commas, floors above 0".to_owned())
    }
}

/// The containers of this region. Where functions run the application there are none, which is no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Name of the ECS cluster.
    pub cluster: String,
    /// Its services.
    pub floors: Vec<Floor>,
}

impl Group for Option<Fleet> {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let cluster = reader.optional::<String>(setting::CLUSTER);
        let floors = reader.optional::<Floors>(setting::SERVICES);
        match (cluster?, floors?) {
            (None, None) => Some(None),
            (Some(cluster), Some(Floors(floors))) => Some(Some(Fleet { cluster, floors })),
            (cluster, _) => {
                let (variable, other) = match cluster {
                    Some(_) => (setting::SERVICES, setting::CLUSTER),
                    None => (setting::CLUSTER, setting::SERVICES),
                };
                reader.problems.push(Problem { variable, reason: format!("is not set, and {other} is") });
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: services and floors are read or refused as a whole. Method: texts.

    use super::*;

    fn fleet(cluster: &str, services: &str) -> Result<Option<Fleet>, InvalidSettings> {
        load(&|name| match name {
            setting::CLUSTER => Some(cluster.to_owned()),
            setting::SERVICES => Some(services.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn services_come_with_their_floors() {
        let found =
            fleet("cluster-orders-test", "service-orders-service-test=3,service-orders-worker-test=2");
        let found = found.expect("it is valid").expect("there are containers");
        let floors: Vec<_> = found.floors.iter().map(|one| (one.service.as_str(), one.tasks)).collect();
        assert_eq!(floors, [("service-orders-service-test", 3), ("service-orders-worker-test", 2)]);
        assert_eq!(found.cluster, "cluster-orders-test");
    }

    #[test]
    fn functions_have_none_and_half_a_fleet_is_refused() {
        assert_eq!(fleet("", ""), Ok(None));
        for (cluster, services) in
            [("c", ""), ("", "a=1"), ("c", "a"), ("c", "a=0"), ("c", "=1"), ("c", "a=1,"), ("c", "a=x")]
        {
            let error = fleet(cluster, services).expect_err("half of it is missing");
            assert_eq!(error.problems.len(), 1, "{error}");
        }
    }
}
