//! A pair that is in step: home owns the lease and settles, the standby has copies of everything.

use aws_config::SdkConfig;
use recovery::lease::LeaseState;
use recovery::order::Side;
use recovery::reconcile::{Explanation, Kind};
use recovery::{Epoch, Lease, OrderId, Region};
use services::database::settlement::{Source, settle};
use services::journal::{Entry, Journal};
use services::lease_store::LeaseStore;
use services::reconciler::{Reconciler, Run};
use services::settings;

use crate::database::server::{self, Scratch, entry, now_ms};
use crate::support::{self, Scene, create_table, emulator, home, put_parameter, standby};

/// An age at which an order should be settled, and its message may still wait.
pub const OLD_MS: u64 = 8 * 60_000;

pub struct Stage {
    pub scene: Scene,
    /// The standby's part of the emulator.
    pub peer: SdkConfig,
    /// Home's database and the standby's.
    pub databases: [Scratch; 2],
    pub journal: Journal,
    pub bus: String,
    pub switch: String,
}

/// An order whose id was made and which was acknowledged so long ago.
pub fn aged(age_ms: u64) -> Entry {
    let mut aged = entry(Side::Buy, 3, "10.25");
    let at_ms = now_ms() - age_ms;
    let mut random = [0; 10];
    random.copy_from_slice(&aged.order.id.as_uuid().as_bytes()[6..]);
    let id = uuid::Builder::from_unix_timestamp_millis(at_ms, &random).into_uuid();
    aged.order.id = OrderId::new(id).expect("version 7");
    aged.acknowledged_at_ms = at_ms;
    aged
}

impl Stage {
    pub async fn new() -> Self {
        let scene = Scene::new().await;
        let peer = support::config(&standby(), &emulator().await).await;
        create_table(&peer, &scene.settings.2.table, &["pk"]).await;
        let sqs = aws_sdk_sqs::Client::new(&peer);
        sqs.create_queue().queue_name(&scene.settings.3.name).send().await.expect("the queue is new");
        let (bus, switch) =
            (format!("bus-{}", scene.settings.1.table), format!("/switch/{}", scene.settings.1.table));
        let events = aws_sdk_eventbridge::Client::new(&scene.aws);
        events.create_event_bus().name(&bus).send().await.expect("the bus is new");
        let journal = Journal::new(scene.dynamodb(), scene.settings.1.clone(), home());
        let databases = server::migrated_pair().await;
        let stage = Self { scene, peer, databases, journal, bus, switch };
        stage.turn("on").await;
        stage
    }

    /// The same, where home serves and three orders are settled everywhere.
    pub async fn in_step() -> Self {
        let stage = Self::new().await;
        stage.lease(&home(), LeaseState::Serving).await;
        let entries = [aged(OLD_MS + 5000), aged(OLD_MS + 4000), aged(OLD_MS)];
        stage.acknowledge(&entries).await;
        stage.settle(&entries).await;
        stage
    }

    pub async fn lease(&self, owner: &Region, state: LeaseState) {
        let lease = Lease { epoch: Epoch::FIRST, state, ..Lease::first(owner, 1) };
        let store = LeaseStore::new(self.scene.dynamodb(), &self.scene.settings.1.table);
        store.create(&lease).await.expect("the table answers");
    }

    pub async fn turn(&self, value: &str) {
        put_parameter(&self.scene.aws, &self.switch, value).await;
    }

    pub async fn acknowledge(&self, entries: &[Entry]) {
        for entry in entries {
            let put = self.journal.put(&entry.order, entry.acknowledged_at_ms).await;
            put.expect("the journal takes it");
        }
    }

    /// Settles in the databases of both regions.
    pub async fn settle(&self, entries: &[Entry]) {
        for database in &self.databases {
            self.settle_in(database, entries).await;
        }
    }

    /// Settles in one of them; the time is that of the acknowledgement, for a replica has its writer's times.
    pub async fn settle_in(&self, database: &Scratch, entries: &[Entry]) {
        let mut client = database.client().await;
        let settled = settle(&mut client, Epoch::FIRST, &home(), Source::Queue, entries).await;
        settled.expect("the database takes them");
        self.change(database, "UPDATE orders SET settled_at = acknowledged_at").await;
    }

    /// What no function may do.
    pub async fn change(&self, database: &Scratch, sql: &str) {
        database.administrator().await.batch_execute(sql).await.expect("it is allowed everything");
    }

    pub async fn change_both(&self, sql: &str) {
        for database in &self.databases {
            self.change(database, sql).await;
        }
    }

    pub fn settings(&self) -> services::reconciler::Settings {
        let (regions, journal, sessions, queue, nobody) = self.scene.settings.clone();
        let [own, peer] = &self.databases;
        let database = settings::Database {
            endpoint: own.endpoint.clone(),
            peer_endpoint: peer.endpoint.clone(),
            name: own.name.clone(),
            user: "reconciler".to_owned(),
            ..nobody
        };
        let switch = settings::Switch { parameter: self.switch.clone() };
        let announcements = settings::Announcements { event_bus: self.bus.clone() };
        (regions, journal, sessions, queue, database, switch, announcements)
    }

    /// One run of home's reconciler.
    pub async fn run(&self) -> Run {
        let reconciler = Reconciler::new(&self.scene.aws, self.settings()).expect("usable settings");
        reconciler.run().await
    }

    /// The ids that were queued.
    pub async fn queued(&self) -> Vec<OrderId> {
        let bodies = self.scene.messages().await;
        let id =
            |body: &String| serde_json::from_str::<services::queue::Message>(body).map(|one| one.order_id);
        bodies.iter().map(|body| id(body).expect("a message of ours")).collect()
    }
}

/// Kind, explanation and count of each finding.
pub fn found(run: &Run) -> Vec<(Kind, Option<Explanation>, u64)> {
    run.report.findings.iter().map(|one| (one.kind, one.explanation, one.count)).collect()
}
