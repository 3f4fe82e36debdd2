//! Two regions with one lease between them, each with a public endpoint that can be turned off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use recovery::{Lease, Region};
use services::lease_store::LeaseStore;
use services::sentinel::{Sentinel, Watch};
use services::settings::{self, BaseUrl};
use tokio::net::TcpListener;

use crate::database::server::{self, Scratch};
use crate::support::{Scene, home, standby};

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
    pub accepts: Arc<AtomicBool>,
}

impl Face {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let face = Self {
            address: listener.local_addr().expect("a bound port"),
            ready: Arc::new(AtomicBool::new(true)),
            accepts: Arc::new(AtomicBool::new(true)),
        };
        let status = |flag: Arc<AtomicBool>, good: StatusCode| {
            move || async move { if flag.load(Ordering::SeqCst) { good } else { StatusCode::SERVICE_UNAVAILABLE } }
        };
        let router = Router::new()
            .route("/health/ready", get(status(face.ready.clone(), StatusCode::OK)))
            .route("/orders", post(status(face.accepts.clone(), StatusCode::CREATED)));
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
    pub switch_parameter: String,
    pub database: Scratch,
}

impl Stage {
    /// The switch is `on`, both regions are well, and there is no lease.
    pub async fn new(state_machine: &str) -> Self {
        let scene = Scene::new().await;
        let name = scene.settings.1.table.replace("journal", "failover");
        let state_machine_arn = aws_sdk_sfn::Client::new(&scene.aws)
            .create_state_machine()
            .name(&name)
            .definition(state_machine)
            .role_arn("arn:aws:iam::000000000000:role/test")
            .send()
            .await
            .expect("the state machine is new")
            .state_machine_arn;
        let stage = Self {
            leases: LeaseStore::new(scene.dynamodb(), &scene.settings.1.table),
            home: Face::open().await,
            standby: Face::open().await,
            state_machine_arn,
            switch_parameter: format!("/test/{name}"),
            database: server::migrated().await,
            scene,
        };
        stage.turn_switch("on").await;
        stage
    }

    pub async fn turn_switch(&self, value: &str) {
        aws_sdk_ssm::Client::new(&self.scene.aws)
            .put_parameter()
            .name(&self.switch_parameter)
            .value(value)
            .r#type(aws_sdk_ssm::types::ParameterType::String)
            .overwrite(true)
            .send()
            .await
            .expect("the parameter can be put");
    }

    /// The sentinel of one of the two regions. Times are short: a lease expires after 1.8 s.
    pub fn sentinel(&self, own: &Region) -> Sentinel {
        self.sentinel_with(own, self.database.endpoint.clone())
    }

    /// The same, with a database that refuses every connection.
    pub fn sentinel_without_database(&self, own: &Region) -> Sentinel {
        let address = crate::support::dead_address().to_string();
        self.sentinel_with(own, address.parse().expect("an endpoint"))
    }

    fn sentinel_with(&self, own: &Region, endpoint: settings::Endpoint) -> Sentinel {
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
            settings::Trigger {
                state_machine_arn: self.state_machine_arn.clone(),
                switch_parameter: self.switch_parameter.clone(),
            },
            settings::Endpoints {
                own: own_face.url(),
                peer: peer_face.url(),
                public: own_face.url(),
                resolver: None,
            },
        );
        Sentinel::new(&self.scene.aws, settings, None).expect("the settings are valid")
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

/// Ticks until the answer is yes; fails after a minute.
pub async fn tick_until(
    watch: &mut Watch<'_>,
    what: &str,
    yes: impl AsyncFn(&recovery::lease::Decision) -> bool,
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
