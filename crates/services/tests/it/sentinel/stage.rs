//! Two regions with one lease between them, each with a public endpoint that can be turned off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use recovery::{Lease, Region};
use services::lease_store::LeaseStore;
use services::sentinel::{Sentinel, Watch};
use services::settings::{self, BaseUrl};
use tokio::net::TcpListener;

use crate::database::server::{self, Scratch};
use crate::support::{Scene, home, put_parameter, standby};

/// Ends at once, successfully.
pub const PASS: &str = r#"{"StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}"#;
/// Ends at once, with an error.
pub const FAIL: &str = r#"{"StartAt":"Broken","States":{"Broken":{"Type":"Fail","Error":"Broken"}}}"#;
/// Runs for as long as the test.
pub const WAIT: &str = r#"{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":3600,"Next":"Done"},"Done":{"Type":"Succeed"}}}"#;

/// The public face of a region, as far as a sentinel looks at it.
#[derive(Clone)]
pub struct Face {
    pub address: SocketAddr,
    pub ready: Arc<AtomicBool>,
    /// What it says when it is not ready.
    pub unready: Arc<AtomicU16>,
    pub accepts: Arc<AtomicBool>,
    /// What an order is told when it is not accepted.
    pub refusal: Arc<AtomicU16>,
    /// Orders that were asked for.
    pub asked: Arc<AtomicU32>,
}

impl Face {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let face = Self {
            address: listener.local_addr().expect("a bound port"),
            ready: Arc::new(AtomicBool::new(true)),
            unready: Arc::new(AtomicU16::new(503)),
            accepts: Arc::new(AtomicBool::new(true)),
            refusal: Arc::new(AtomicU16::new(503)),
            asked: Arc::default(),
        };
        let status = {
            let face = face.clone();
            move || async move {
                let unready = StatusCode::from_u16(face.unready.load(Ordering::SeqCst)).expect("a status");
                if face.ready.load(Ordering::SeqCst) { StatusCode::OK } else { unready }
            }
        };
        let order = {
            let face = face.clone();
            move || async move {
                face.asked.fetch_add(1, Ordering::SeqCst);
                let refusal = StatusCode::from_u16(face.refusal.load(Ordering::SeqCst)).expect("a status");
                if face.accepts.load(Ordering::SeqCst) { StatusCode::CREATED } else { refusal }
            }
        };
        let router = Router::new().route("/health/ready", get(status)).route("/orders", post(order));
        tokio::spawn(async move { axum::serve(listener, router).await });
        face
    }

    pub fn url(&self) -> BaseUrl {
        BaseUrl(format!("http://{}", self.address).parse().expect("a URL"))
    }
}

/// Everything of one test.
pub struct Stage {
    pub scene: Scene,
    pub leases: LeaseStore,
    pub home: Face,
    pub standby: Face,
    pub state_machine_arn: String,
    pub failback_state_machine_arn: String,
    pub switch_parameter: String,
    pub database: Scratch,
}

impl Stage {
    /// The switch is `on`, both regions are well, and there is no lease.
    pub async fn new(state_machine: &str) -> Self {
        let scene = Scene::new().await;
        let name = scene.settings.1.table.replace("journal", "failover");
        let state_machine_arn = state_machine_of(&scene, &name, state_machine).await;
        let failback = name.replace("failover", "failback");
        let failback_state_machine_arn = state_machine_of(&scene, &failback, state_machine).await;
        let stage = Self {
            leases: LeaseStore::new(scene.dynamodb(), &scene.settings.1.table),
            home: Face::open().await,
            standby: Face::open().await,
            state_machine_arn,
            failback_state_machine_arn,
            switch_parameter: format!("/test/{name}"),
            database: server::migrated().await,
            scene,
        };
        stage.turn_switch("on").await;
        stage
    }

    pub async fn turn_switch(&self, value: &str) {
        put_parameter(&self.scene.aws, &self.switch_parameter, value).await;
    }

    /// The sentinel of one of the two regions. Times are short: a lease expires after 1.8 s.
    pub fn sentinel(&self, own: &Region) -> Sentinel {
        self.sentinel_with(own, self.database.endpoint.clone(), &self.scene.aws)
    }

    /// The same, whose calls of AWS go to `endpoint`.
    pub async fn sentinel_through(&self, own: &Region, endpoint: &str) -> Sentinel {
        let aws = crate::support::config(&home(), endpoint).await;
        self.sentinel_with(own, self.database.endpoint.clone(), &aws)
    }

    /// The same, with a database that refuses every connection.
    pub fn sentinel_without_database(&self, own: &Region) -> Sentinel {
        let address = crate::support::dead_address().to_string();
        self.sentinel_with(own, address.parse().expect("an endpoint"), &self.scene.aws)
    }

    fn sentinel_with(&self, own: &Region, endpoint: settings::Endpoint, aws: &SdkConfig) -> Sentinel {
        let at_home = *own == home();
        let (own_face, peer_face) =
            if at_home { (&self.home, &self.standby) } else { (&self.standby, &self.home) };
        let peer = if at_home { standby() } else { home() };
        let (_, journal, _, queue, database) = self.scene.settings.clone();
        let (name, user) = (self.database.name.clone(), "sentinel".to_owned());
        let database = settings::Database { endpoint, name, user, ..database };
        let ms = Duration::from_millis;
        let settings = (
            settings::Regions { own: own.clone(), peer, home: home() },
            journal,
            queue,
            database,
            settings::LeaseTimings {
                renew: ms(400),
                ttl: ms(1500),
                margin: ms(300),
                cooldown: ms(60_000),
                database_patience: ms(1200),
            },
            settings::Watch { length: ms(60_000), probe_interval: ms(100), probe_failures: 3 },
            (
                settings::Trigger {
                    state_machine_arn: self.state_machine_arn.clone(),
                    failback_state_machine_arn: self.failback_state_machine_arn.clone(),
                    switch_parameter: self.switch_parameter.clone(),
                },
                settings::Failback { automatic: true, dwell: ms(1200), lag_ms_max: 1000 },
            ),
            settings::Endpoints {
                own: own_face.url(),
                peer: peer_face.url(),
                public: own_face.url(),
                resolver: None,
                unsigned: None,
            },
        );
        Sentinel::new(aws, settings, None).expect("the settings are valid")
    }

    pub async fn lease(&self) -> Option<Lease> {
        self.leases.read().await.expect("the table answers")
    }

    /// Puts a lease that nobody will renew.
    pub async fn abandoned_lease(&self) -> Lease {
        let lease = Lease::first(&home(), 1);
        self.leases.create(&lease).await.expect("the table answers");
        lease
    }
}

async fn state_machine_of(scene: &Scene, name: &str, definition: &str) -> String {
    aws_sdk_sfn::Client::new(&scene.aws)
        .create_state_machine()
        .name(name)
        .definition(definition)
        .role_arn("arn:aws:iam::000000000000:role/test")
        .send()
        .await
        .expect("the state machine is new")
        .state_machine_arn
}

/// Ticks until the answer is yes; fails after a minute.
pub async fn tick_until(
    watch: &mut Watch<'_>,
    what: &str,
    mut yes: impl AsyncFnMut(&recovery::lease::Decision) -> bool,
) {
    let limit = tokio::time::Instant::now() + Duration::from_secs(60);
    while tokio::time::Instant::now() < limit {
        let decision = watch.tick().await;
        if yes(&decision).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never happened: {what}");
}
