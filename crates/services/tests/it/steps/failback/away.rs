//! A standby that has served since its recovery, and a home that is back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use recovery::step::{Action, Outcome};
use recovery::{Epoch, Lease, Region};
use services::database::settlement::{Source, raise_fence, settle};
use services::journal::Entry;
use services::steps::StepError;
use tokio::net::TcpListener;

use super::super::stage::{Place, Stage, global_cluster};
use crate::database::server::{Scratch, empty_pair};
use crate::proxy::{self, Call};
use crate::support::{self, home, standby};

/// Renewals since the standby took the lease, and since it has seen home well: more than the cooldown and
/// the dwell of the stage ask for.
const RENEWALS: u64 = 100;
const WELL: u64 = 50;

pub struct Away {
    pub stage: Stage,
    /// Home's database; what is settled here is there, too, when `replicate` says so.
    pub database: Scratch,
    pub ready: Arc<AtomicBool>,
    pub serving: Arc<AtomicBool>,
}

/// Home's public endpoint.
async fn face(ready: &Arc<AtomicBool>, serving: &Arc<AtomicBool>) -> SocketAddr {
    let status = |flag: &Arc<AtomicBool>| {
        let flag = flag.clone();
        move || async move {
            if flag.load(Ordering::SeqCst) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
        }
    };
    let router = Router::new()
        .route("/health/ready", get(status(ready)))
        .route("/health/serving", get(status(serving)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The standby's calls. Everything of a test but its clusters is in home's part of the emulator, so they are
/// led there. What RDS says goes through `seen`.
async fn answer_as_standby(seen: impl Fn(&Region, String) -> String, mut call: Call) -> Response {
    if call.service == "rds" {
        let region = Region::new(call.region.clone()).expect("calls are signed for a region");
        let answer = call.pass_on().await;
        let status = answer.status();
        return (status, seen(&region, proxy::text(answer).await)).into_response();
    }
    let led = call.parts.headers["authorization"].to_str().expect("a signature is text");
    let led = led.replace(&format!("/{}/", standby()), &format!("/{}/", home()));
    call.parts.headers.insert("authorization", led.parse().expect("it was a header"));
    call.pass_on().await
}

impl Away {
    /// Every gate is open, but that there is no global cluster yet.
    pub async fn new() -> Self {
        Self::asking(None).await
    }

    /// The same, which asks AWS so.
    async fn asking(aws: Option<SdkConfig>) -> Self {
        let (ready, serving) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let [own, database] = empty_pair().await;
        for one in [&own, &database] {
            one.furnish().await;
            raise_fence(&mut one.client().await, Epoch(2), &standby())
                .await
                .expect("the fence can be raised");
        }
        let peer = face(&ready, &serving).await;
        let home_database = Scratch { endpoint: database.endpoint.clone(), name: database.name.clone() };
        let place = Place { peer, aws, databases: Some([own, home_database]), ..Place::default() };
        let away = Self { stage: Stage::build(place).await, database, ready, serving };
        let lease = away.stage.lease().await;
        let version = lease.version + RENEWALS;
        let lease = Lease { version, home_well_at_version: Some(version - WELL), ..lease.serving() };
        away.put(&lease).await;
        away
    }

    /// The same with a global cluster, whose writer is the standby's cluster and which home's has rejoined.
    pub async fn rejoined() -> Self {
        let away = Self::new().await;
        away.global_cluster(&[("standby", standby()), ("home", home())]).await;
        away
    }

    /// The same, where what the RDS of a region says is changed before it arrives.
    pub async fn rejoined_as(
        seen: impl Fn(&Region, String) -> String + Clone + Send + Sync + 'static,
    ) -> Self {
        let front = proxy::open(move |call| answer_as_standby(seen.clone(), call)).await;
        let away = Self::asking(Some(support::config(&standby(), &front).await)).await;
        away.global_cluster(&[("standby", standby()), ("home", home())]).await;
        away
    }

    pub async fn rds(&self, region: &Region) -> Client {
        Client::new(&support::config(region, &support::emulator().await).await)
    }

    /// Makes a global cluster of these, of which the first is the writer.
    pub async fn global_cluster(&self, members: &[(&str, Region)]) {
        global_cluster(&self.stage.scene.settings.1.table, members).await;
    }

    /// Puts a lease in the place of the one that is there.
    pub async fn put(&self, lease: &Lease) {
        let old = self.stage.lease().await;
        self.stage.leases.replace(&old, lease).await.expect("the table answers");
        assert_eq!(self.stage.lease().await, *lease);
    }

    pub async fn run(&self, action: Action) -> Result<Outcome, StepError> {
        self.stage.run(action).await
    }

    /// What it says, when it succeeds.
    pub async fn done(&self, action: Action) -> String {
        let outcome = self.run(action).await.unwrap_or_else(|error| panic!("{action:?}: {error}"));
        assert!(outcome.done, "{action:?}");
        outcome.detail
    }

    /// What it says, when it is not so far yet.
    pub async fn not_yet(&self, action: Action) -> String {
        match self.run(action).await {
            Err(StepError::NotYet(why)) => why,
            other => panic!("{action:?}: {other:?}"),
        }
    }

    /// Settles here and, as a replica would, there. What was settled is given the time of its
    /// acknowledgement, for a replica has the writer's times.
    pub async fn settle(&self, entries: &[Entry]) {
        for database in [&self.stage.database, &self.database] {
            self.settle_in(database, entries).await;
        }
    }

    /// Settles in one of the databases only.
    pub async fn settle_in(&self, database: &Scratch, entries: &[Entry]) {
        let settled =
            settle(&mut database.client().await, Epoch(2), &standby(), Source::Queue, entries).await;
        settled.expect("the database takes them");
        let administrator = database.administrator().await;
        administrator.batch_execute("UPDATE orders SET settled_at = acknowledged_at").await.expect("a table");
    }
}
