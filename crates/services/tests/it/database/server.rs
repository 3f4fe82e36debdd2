//! Two servers for all tests of this binary; every test has a database of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use drill::environment::Environment;
use drill::postgres::Server;
pub use drill::postgres::USER;
use recovery::order::Side;
use recovery::{Epoch, Order, OrderId, Region};
use rust_decimal::Decimal;
use services::database::{Database, Target};
use services::database_keeper::furnish;
use services::journal::Entry;
use services::settings::{Endpoint, Tls};
use tokio::sync::{Mutex, OnceCell};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// They end with this process, when the wardens of their run directories see that it is gone.
static SERVERS: [OnceCell<Server>; 2] = [const { OnceCell::const_new() }; 2];
static DATABASES: AtomicU64 = AtomicU64::new(0);
/// Users belong to a whole server, which in AWS has one database.
pub static USERS: Mutex<()> = Mutex::const_new(());

/// A database of its own.
pub struct Scratch {
    pub endpoint: Endpoint,
    pub name: String,
}

/// An empty database without the schema.
pub async fn empty() -> Scratch {
    empty_on(&SERVERS[0], unused_name()).await
}

/// Two of the same name on different servers, as the regions of a pair have, without the schema.
pub async fn empty_pair() -> [Scratch; 2] {
    let name = unused_name();
    [empty_on(&SERVERS[0], name.clone()).await, empty_on(&SERVERS[1], name).await]
}

/// The same with the schema and the users.
pub async fn migrated_pair() -> [Scratch; 2] {
    let pair = empty_pair().await;
    for scratch in &pair {
        scratch.furnish().await;
    }
    pair
}

fn unused_name() -> String {
    format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed))
}

async fn empty_on(server: &OnceCell<Server>, name: String) -> Scratch {
    let server = server
        .get_or_init(|| async {
            let environment =
                tokio::task::spawn_blocking(|| Environment::for_tests(env!("CARGO_TARGET_TMPDIR")))
                    .await
                    .expect("the installer does not panic")
                    .expect("PostgreSQL can be installed");
            Server::start_temporary(&environment).await.expect("PostgreSQL starts")
        })
        .await;
    let address = server.address();
    let endpoint = Endpoint { host: address.ip().to_string(), port: address.port() };
    let administrator = login(&endpoint, "postgres", "postgres").await;
    administrator
        .batch_execute(&format!("CREATE DATABASE {name} OWNER {USER}"))
        .await
        .expect("a database can be made");
    Scratch { endpoint, name }
}

/// A database with the schema and the users, whose fence stands at the first epoch.
pub async fn migrated() -> Scratch {
    let scratch = empty().await;
    scratch.furnish().await;
    scratch
}

async fn login(endpoint: &Endpoint, user: &str, database: &str) -> Client {
    let text = format!("host={} port={} user={user} dbname={database}", endpoint.host, endpoint.port);
    let (client, driver) = tokio_postgres::connect(&text, NoTls).await.expect("the server accepts");
    tokio::spawn(driver);
    client
}

impl Scratch {
    /// A connection that is not ours to test.
    pub async fn client(&self) -> Client {
        login(&self.endpoint, USER, &self.name).await
    }

    /// Makes the schema and the users, as a deployment does.
    pub async fn furnish(&self) {
        let _one_at_a_time = USERS.lock().await;
        furnish(&mut self.client().await).await.expect("the schema and the users can be made");
    }

    /// A connection of one of the functions' users.
    pub async fn client_of(&self, user: &str) -> Client {
        login(&self.endpoint, user, &self.name).await
    }

    /// A connection that may do everything.
    pub async fn administrator(&self) -> Client {
        login(&self.endpoint, "postgres", &self.name).await
    }

    /// Whether new sessions can only read, as those of a replica.
    pub async fn set_read_only(&self, read_only: bool) {
        let set = format!("ALTER DATABASE {} SET default_transaction_read_only = {read_only}", self.name);
        let administrator = login(&self.endpoint, "postgres", "postgres").await;
        administrator.batch_execute(&set).await.expect("the database is ours");
    }

    pub fn target(&self) -> Target {
        Target {
            endpoint: self.endpoint.clone(),
            region: home(),
            name: self.name.clone(),
            user: USER.to_owned(),
            tls: Tls::Prefer,
            ca_file: None,
            application: "test",
            connections: 1,
        }
    }

    pub async fn database(&self) -> Database {
        Database::new(aws().await, self.target()).expect("the target is valid")
    }

    /// One number from one query.
    pub async fn number(&self, sql: &str) -> i64 {
        self.client().await.query_one(sql, &[]).await.expect("the query is valid").get(0)
    }
}

/// Credentials that sign and are worth nothing.
pub async fn aws() -> aws_config::SdkConfig {
    use aws_sdk_rds::config::Credentials;
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDTEST", "secret", None, None, "test"))
        .load()
        .await
}

pub fn home() -> Region {
    Region::new("us-east-1").expect("it is a region")
}

pub const FIRST: Epoch = Epoch::FIRST;

pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is past 1970");
    u64::try_from(since.as_millis()).expect("milliseconds fit")
}

/// An order that nothing else in the test is.
pub fn entry(side: Side, quantity: u64, limit_price: &str) -> Entry {
    Entry {
        order: Order {
            id: OrderId::new(Uuid::now_v7()).expect("it is version 7"),
            account: "ACCOUNT-1".to_owned(),
            symbol: "ACME".to_owned(),
            side,
            quantity,
            limit_price: limit_price.parse::<Decimal>().expect("it is a decimal"),
        },
        acknowledged_at_ms: now_ms(),
        region: home(),
    }
}

pub fn entries(count: u64) -> Vec<Entry> {
    (1..=count).map(|n| entry(if n % 2 == 0 { Side::Buy } else { Side::Sell }, n, "10.25")).collect()
}

pub fn ids(entries: &[Entry]) -> Vec<OrderId> {
    let mut ids: Vec<_> = entries.iter().map(|entry| entry.order.id).collect();
    ids.sort_unstable();
    ids
}

/// Asks until the answer is yes.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    for _ in 0..1000 {
        if ask().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never happened: {what}");
}
