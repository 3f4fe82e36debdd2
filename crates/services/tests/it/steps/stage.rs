//! A standby that recovers: an own journal, an own database, nobody else.

use std::net::SocketAddr;
use std::time::Duration;

use aws_config::SdkConfig;
use recovery::lease::LeaseState;
use recovery::step::{Action, Context, Outcome, Request};
use recovery::{Epoch, Lease, Region};
use services::lease_store::LeaseStore;
use services::settings::{self, BaseUrl};
use services::steps::{StepContext, StepError, handle};
use services::telemetry::now_ms;

use crate::database::server::{self, Scratch};
use crate::support::{self, Scene, home, put_parameter, standby};

/// Names that no resolver knows. Not under `invalid`, which resolvers refuse without asking.
pub const OWN_HOST: &str = "us-east-2.orders.trading.example";
pub const PUBLIC_HOST: &str = "orders.trading.example";

pub struct Stage {
    pub scene: Scene,
    pub leases: LeaseStore,
    pub database: Scratch,
    pub steps: StepContext,
    pub context: Context,
}

/// Where a stage's region finds the others.
pub struct Place {
    pub peer: SocketAddr,
    pub zone: String,
    pub own: String,
    pub resolver: Option<SocketAddr>,
    /// How AWS is asked, if not as by every other test.
    pub aws: Option<SdkConfig>,
    /// The own database and home's; without them the own one is alone.
    pub databases: Option<[Scratch; 2]>,
}

impl Default for Place {
    fn default() -> Self {
        let (zone, own) = ("none".to_owned(), OWN_HOST.to_owned());
        Self { peer: support::dead_address(), zone, own, resolver: None, aws: None, databases: None }
    }
}

fn lease_timings() -> settings::LeaseTimings {
    let seconds = Duration::from_secs;
    settings::LeaseTimings {
        renew: seconds(5),
        ttl: seconds(15),
        margin: seconds(3),
        cooldown: seconds(60),
        database_patience: seconds(60),
    }
}

impl Stage {
    /// The standby owns the lease under epoch 2 and recovers; nothing else is done.
    pub async fn new() -> Self {
        Self::with_peer(support::dead_address()).await
    }

    /// The same with the lost region's public endpoint at `peer`.
    pub async fn with_peer(peer: SocketAddr) -> Self {
        let place = Place { peer, ..Place::default() };
        Self::build(place).await
    }

    /// The same with a hosted zone.
    pub async fn with_zone(zone: &str) -> Self {
        Self::build(Place { zone: zone.to_owned(), ..Place::default() }).await
    }

    /// The same with this region's own public endpoint at `own`.
    pub async fn with_own(own: SocketAddr) -> Self {
        Self::build(Place { own: own.to_string(), ..Place::default() }).await
    }

    /// The same with a name server of its own.
    pub async fn with_resolver(resolver: SocketAddr) -> Self {
        Self::build(Place { resolver: Some(resolver), ..Place::default() }).await
    }

    /// The same at another place.
    pub async fn build(place: Place) -> Self {
        let scene = Scene::new().await;
        let Place { peer, zone, own, resolver, aws, databases } = place;
        let (database, at_home) = match databases {
            Some([own, home]) => (own, Some(home.endpoint)),
            None => (server::migrated().await, None),
        };
        let (_, journal, _, _, at_nobody) = scene.settings.clone();
        let url = |host: &str| BaseUrl(format!("http://{host}").parse().expect("a URL"));
        let unique = journal.table.clone();
        let settings = (
            settings::Regions { own: standby(), peer: home(), home: home() },
            journal,
            settings::Database {
                endpoint: database.endpoint.clone(),
                name: database.name.clone(),
                user: "recovery_step".to_owned(),
                peer_endpoint: at_home.unwrap_or(at_nobody.peer_endpoint.clone()),
                ..at_nobody
            },
            settings::Clusters { global: format!("global-{unique}"), own: format!("standby-{unique}") },
            settings::Endpoints {
                own: url(&own),
                peer: url(&peer.to_string()),
                public: url(PUBLIC_HOST),
                resolver,
                unsigned: None,
            },
            settings::Announcements { event_bus: "default".to_owned() },
            (
                settings::Zone { id: zone },
                settings::Replay { margin: Duration::from_secs(60) },
                settings::Switch { parameter: format!("/test/switch-{unique}") },
                settings::Audit { bucket: format!("audit-{unique}") },
                lease_timings(),
                settings::Failback { automatic: true, dwell: Duration::from_secs(30), lag_ms_max: 1000 },
            ),
        );
        let leases = LeaseStore::new(scene.dynamodb(), &scene.settings.1.table);
        let lease = Lease::first(&home(), 1).successor(&standby(), "test", now_ms());
        leases.create(&lease).await.expect("the table answers");
        Self {
            steps: StepContext::new(aws.as_ref().unwrap_or(&scene.aws), settings)
                .expect("the settings are valid"),
            context: Context::of(&lease, &home()),
            scene,
            leases,
            database,
        }
    }

    pub async fn run(&self, action: Action) -> Result<Outcome, StepError> {
        self.go_on(action, None).await
    }

    pub async fn go_on(&self, action: Action, cursor: Option<String>) -> Result<Outcome, StepError> {
        handle(Request { action, context: self.context.clone(), cursor, error: None }, &self.steps).await
    }

    /// Turns the off switch, which is not there before.
    pub async fn turn_switch(&self, value: &str) {
        let switch = format!("/test/switch-{}", self.scene.settings.1.table);
        put_parameter(&self.scene.aws, &switch, value).await;
    }

    /// Somebody else takes the lease.
    pub async fn lose_lease(&self) {
        let lease = self.lease().await;
        self.leases.replace(&lease, &lease.successor(&home(), "test", 3)).await.expect("the table answers");
    }

    pub async fn lease(&self) -> Lease {
        self.leases.read().await.expect("the table answers").expect("there is one")
    }
}

/// Makes a global cluster of a cluster per region, of which the first is the writer; their names begin with
/// these words and end in what is the test's own.
pub async fn global_cluster(unique: &str, members: &[(&str, Region)]) {
    let (global, engine) = (format!("global-{unique}"), "aurora-postgresql");
    for (at, (name, region)) in members.iter().enumerate() {
        let rds = aws_sdk_rds::Client::new(&support::config(region, &support::emulator().await).await);
        if at == 0 {
            let create = rds.create_global_cluster().global_cluster_identifier(&global).engine(engine);
            create.send().await.expect("the global cluster is new");
        }
        let create = rds.create_db_cluster().db_cluster_identifier(format!("{name}-{unique}"));
        let create = create.global_cluster_identifier(&global).engine(engine);
        create.send().await.expect("the cluster is new");
    }
}

#[tokio::test]
async fn the_stage_is_set_as_described() {
    let stage = Stage::new().await;
    let lease = stage.lease().await;
    assert_eq!((lease.epoch, lease.owner, lease.state), (Epoch(2), standby(), LeaseState::Recovering));
}
