//! A pair that is ready: us-east-2 owns the lease, and us-east-1, which stands by, looks.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::Duration;

use aws_config::SdkConfig;
use recovery::preflight::{Check, Report};
use recovery::{Epoch, Lease, Region};
use services::lease_store::LeaseStore;
use services::preflight::Preflight;
use services::settings::{self, BaseUrl};

use super::front::{Cluster, Front, Rds};
use super::parts::{self, Face};
use crate::database::server::{self, Scratch};
use crate::steps::stage::PUBLIC_HOST;
use crate::steps::traffic::name_server;
use crate::support::{self, Scene, home, standby};

pub const ACCOUNT: &str = "000000000000";
/// Runs after which what was not found before is not found.
const RUNS_MAX: usize = 5;
/// What the roles of a recovery may do here, by the part of their names that is not the test's own.
pub const ROLES: [(&str, &[&str]); 4] = [
    ("sentinel", &["dynamodb:GetItem", "dynamodb:PutItem", "states:StartExecution", "rds-db:connect"]),
    ("failover-role", &["lambda:InvokeFunction"]),
    ("failback-role", &["lambda:InvokeFunction"]),
    ("recovery", &ACTIONS),
];
pub const ACTIONS: [&str; 8] = [
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "rds:DescribeGlobalClusters",
    "rds:FailoverGlobalCluster",
    "rds:SwitchoverGlobalCluster",
    "events:PutEvents",
    "rds-db:connect",
];

pub struct Stage {
    pub scene: Scene,
    /// Of the standby that looks, and of the owner.
    pub aws: [SdkConfig; 2],
    pub unique: String,
    pub renewing: parts::Renewing,
    pub front: Front,
    pub own: Face,
    pub peer: Face,
    /// 1: the public name leads to the standby, 2: to the owner.
    pub leads_to: Arc<AtomicU8>,
    pub replica: Scratch,
    pub writer: Scratch,
    pub settings: services::preflight::Settings,
    pub preflight: Preflight,
}

impl Stage {
    pub async fn new() -> Self {
        let scene = Scene::new().await;
        let unique = scene.settings.1.table.clone();
        let leases = LeaseStore::new(scene.dynamodb(), &unique);
        let lease = Lease { epoch: Epoch::FIRST, ..Lease::first(&standby(), 1) }.serving();
        leases.create(&lease).await.expect("the table answers");
        let [replica, writer] = server::migrated_pair().await;
        replica.set_read_only(true).await;
        let aws = parts::configurations().await;
        deploy(&scene, &aws, &unique).await;
        let front = Front::open(rds(&unique, &replica)).await;
        let (own, peer) = (Face::open("127.0.0.1:0", 503).await, Face::open("127.0.0.2:0", 200).await);
        let leads_to = Arc::new(AtomicU8::new(2));
        let resolver = name_server(Arc::clone(&leads_to)).await;
        let endpoints = settings::Endpoints {
            own: url(&own.address.to_string()),
            peer: url(&peer.address.to_string()),
            public: url(PUBLIC_HOST),
            resolver: Some(resolver),
            unsigned: None,
        };
        let configured = support::config(&home(), &front.url).await;
        let settings = settings(&scene, &unique, &writer, endpoints);
        Self {
            preflight: Preflight::new(&configured, settings.clone()).expect("a preflight"),
            settings,
            renewing: parts::renew(leases, lease),
            scene,
            aws,
            unique,
            front,
            own,
            peer,
            leads_to,
            replica,
            writer,
        }
    }

    pub async fn run(&self) -> Report {
        self.preflight.run().await
    }

    /// Runs until the gaps are these, or it is clear that they do not become so: on a busy machine an answer may be
    /// late, or a renewal, and the same question again has another answer.
    pub async fn run_until(&self, gaps: &[Check]) -> Report {
        let mut report = self.run().await;
        for _ in 0..RUNS_MAX {
            if report.gaps == gaps {
                break;
            }
            report = self.run().await;
        }
        report
    }

    /// The region's bucket of this test.
    pub fn bucket(&self, region: &Region) -> String {
        bucket(&self.unique, region)
    }

    /// The name of a part of this test's own.
    pub fn name(&self, part: &str) -> String {
        format!("{part}-{}", self.unique)
    }
}

fn bucket(unique: &str, region: &Region) -> String {
    format!("bucket-{region}-{unique}")
}

fn url(host: &str) -> BaseUrl {
    BaseUrl(format!("http://{host}").parse().expect("a URL"))
}

async fn deploy(scene: &Scene, [own, peer]: &[SdkConfig; 2], unique: &str) {
    let name = |part: &str| format!("{part}-{unique}");
    let dead_letters = name("dead");
    parts::queues(own, &scene.settings.3.name, &dead_letters, &dead_letters).await;
    for (aws, region) in [(own, home()), (peer, standby())] {
        for function in ["one", "two"] {
            parts::function(aws, &name(function)).await;
        }
        for workflow in ["workflow", "failback"] {
            parts::workflow(aws, &name(workflow), &region).await;
        }
    }
    for (aws, from, to) in [(own, home(), standby()), (peer, standby(), home())] {
        parts::bucket(aws, &bucket(unique, &from)).await;
        let to = format!("arn:aws:s3:::{}", bucket(unique, &to));
        parts::replicate(aws, &bucket(unique, &from), &to).await;
    }
    let digest = parts::digest(&parts::definition(&home()));
    support::put_parameter(own, &format!("/digest/{unique}"), &format!("{digest},{digest}")).await;
    support::put_parameter(own, &format!("/switch/{unique}"), "on").await;
    let bus = aws_sdk_eventbridge::Client::new(own).create_event_bus().name(name("bus")).send();
    bus.await.expect("the bus is new");
    parts::schedule(&name("watch"), "POST", "ENABLED").await;
    for (role, actions) in ROLES {
        parts::role(&name(role), actions).await;
    }
}

/// As Aurora has it, a standby's writer endpoint leads nowhere and its reader endpoint to the replica.
fn rds(unique: &str, replica: &Scratch) -> Rds {
    let reader = replica.endpoint.to_string().parse().expect("an address");
    let cluster = |region, reader| Cluster {
        region,
        name: format!("cluster-{region}-{unique}"),
        reader,
        version: "16.11",
        status: "available",
    };
    Rds {
        global: format!("global-{unique}"),
        writer: "us-east-2",
        clusters: [cluster("us-east-1", Some(reader)), cluster("us-east-2", None)],
    }
}

fn settings(
    scene: &Scene,
    unique: &str,
    writer: &Scratch,
    endpoints: settings::Endpoints,
) -> services::preflight::Settings {
    let (regions, journal, sessions, queue, at_nobody) = scene.settings.clone();
    let name = |part: &str| format!("{part}-{unique}");
    let arn = |service: &str, what: &str| format!("arn:aws:{service}:{}:{ACCOUNT}:{what}", home());
    let role = |part: &str| format!("arn:aws:iam::{ACCOUNT}:role/{}", name(part));
    (
        regions,
        journal,
        (sessions, queue, settings::DeadLetters { name: name("dead") }),
        settings::Database {
            peer_endpoint: writer.endpoint.clone(),
            name: writer.name.clone(),
            user: "preflight".to_owned(),
            ..at_nobody
        },
        settings::Clusters { global: name("global"), own: name("cluster-us-east-1") },
        settings::LeaseTimings {
            renew: Duration::from_millis(300),
            ttl: Duration::from_secs(2),
            margin: Duration::from_secs(1),
            cooldown: Duration::from_secs(60),
            database_patience: Duration::from_secs(60),
        },
        (
            settings::Trigger {
                state_machine_arn: arn("states", &format!("stateMachine:{}", name("workflow"))),
                failback_state_machine_arn: arn("states", &format!("stateMachine:{}", name("failback"))),
                switch_parameter: format!("/switch/{unique}"),
            },
            endpoints,
            settings::Announcements { event_bus: name("bus") },
        ),
        settings::Preflight {
            replication_lag: Duration::from_secs(30),
            observer_role: format!("arn:aws:iam::{ACCOUNT}:role/observer"),
            observer_external_id: "test".to_owned(),
            functions: format!("{},{}", name("one"), name("two")),
            idle_functions: name("two"),
            watch_schedule: name("watch"),
            peer_cluster: name("cluster-us-east-2"),
            recovery_role: role("recovery"),
            sentinel_role: role("sentinel"),
            failover_role: role("failover-role"),
            failback_role: role("failback-role"),
            step_function: arn("lambda", &format!("function:{}", name("one"))),
            workflow_digests: format!("/digest/{unique}"),
            buckets: bucket(unique, &home()),
        },
    )
}
