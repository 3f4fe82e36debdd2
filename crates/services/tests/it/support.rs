//! One AWS emulator for all tests of this binary, and a region of its own for every test.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_ssm::types::ParameterType;
use drill::emulator::Emulator;
use drill::environment::Environment;
use drill::owned::RunDirectory;
use recovery::{Epoch, Lease, Region};
use services::lease_store::LeaseStore;
use services::settings::{self, Endpoint, Tls};
use services::{api, aws, telemetry};
use tokio::sync::OnceCell;

/// Ends with this process, when the warden of its run directory sees that it is gone.
static EMULATOR: OnceCell<(Emulator, Arc<RunDirectory>)> = OnceCell::const_new();
static REGIONS: AtomicU64 = AtomicU64::new(0);

/// Base URL of the emulator, which is started by the first test that asks.
pub async fn emulator() -> String {
    let (emulator, _) = EMULATOR
        .get_or_init(|| async {
            let environment =
                tokio::task::spawn_blocking(|| Environment::for_tests(env!("CARGO_TARGET_TMPDIR")))
                    .await
                    .expect("the installer does not panic")
                    .expect("the emulator can be installed");
            let run = Arc::new(RunDirectory::temporary().expect("a run directory can be made"));
            let emulator = Emulator::start(&environment, &run).await.expect("the emulator starts");
            (emulator, run)
        })
        .await;
    emulator.endpoint()
}

/// The configuration services use, with calls signed for `region` and sent to `endpoint`.
pub async fn config(region: &Region, endpoint: &str) -> SdkConfig {
    aws::loader()
        .region(aws_config::Region::new(region.to_string()))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await
}

/// The home region.
pub fn home() -> Region {
    Region::new("us-east-1").expect("a region name")
}

/// The standby region.
pub fn standby() -> Region {
    Region::new("us-east-2").expect("a region name")
}

/// Puts a text parameter, whatever it was before.
pub async fn put_parameter(aws: &SdkConfig, name: &str, value: &str) {
    let put = aws_sdk_ssm::Client::new(aws).put_parameter().name(name).value(value).overwrite(true);
    put.r#type(ParameterType::String).send().await.expect("the parameter can be put");
}

/// An address on which nobody listens.
pub fn dead_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound port")
}

/// Tables, a queue and settings of one test, in the home region.
pub struct Scene {
    /// Calls go to the emulator.
    pub aws: SdkConfig,
    /// With databases at which nobody listens.
    pub settings: api::Settings,
}

impl Scene {
    /// A journal table, a sessions table and an order queue that nobody else uses.
    pub async fn new() -> Self {
        let aws = config(&home(), &emulator().await).await;
        let number = REGIONS.fetch_add(1, Ordering::Relaxed);
        let name = |purpose: &str| format!("{purpose}-{}-{number}", std::process::id());
        let (journal, sessions, queue) = (name("journal"), name("sessions"), name("orders"));
        create_table(&aws, &journal, &["pk", "sk"]).await;
        create_table(&aws, &sessions, &["pk"]).await;
        let sqs = aws_sdk_sqs::Client::new(&aws);
        sqs.create_queue().queue_name(&queue).send().await.expect("the queue is new");
        let nobody = dead_address();
        let endpoint = Endpoint { host: nobody.ip().to_string(), port: nobody.port() };
        let settings = (
            settings::Regions { own: home(), peer: standby(), home: home() },
            settings::Journal { table: journal, shards: 4 },
            settings::Sessions { table: sessions },
            settings::Queue { name: queue },
            settings::Database {
                endpoint: endpoint.clone(),
                peer_endpoint: endpoint,
                name: "orders".to_owned(),
                user: "standfast".to_owned(),
                tls: Tls::Prefer,
                ca_file: None,
                connections: None,
            },
        );
        Self { aws, settings }
    }

    /// A client of the emulator's tables.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.aws)
    }

    /// Makes `owner` the owner of the lease, which nobody owned before.
    pub async fn give_lease(&self, owner: Region, epoch: Epoch) {
        let store = LeaseStore::new(self.dynamodb(), &self.settings.1.table);
        let lease = Lease { epoch, ..Lease::first(&owner, telemetry::now_ms()) };
        store.create(&lease).await.expect("the lease can be written");
    }

    /// The bodies of the messages in the queue.
    pub async fn messages(&self) -> Vec<String> {
        let sqs = aws_sdk_sqs::Client::new(&self.aws);
        let url =
            sqs.get_queue_url().queue_name(&self.settings.3.name).send().await.expect("the queue exists");
        let url = url.queue_url().expect("a queue has a URL").to_owned();
        let mut bodies = Vec::new();
        loop {
            let answer = sqs.receive_message().queue_url(&url).max_number_of_messages(10).send().await;
            let messages = answer.expect("the queue answers").messages.unwrap_or_default();
            if messages.is_empty() {
                return bodies;
            }
            bodies.extend(messages.into_iter().filter_map(|message| message.body));
        }
    }
}

/// The first key is the partition key, the second the sort key.
pub async fn create_table(aws: &SdkConfig, name: &str, keys: &[&str]) {
    let mut table = aws_sdk_dynamodb::Client::new(aws)
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for (key, kind) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        let element = KeySchemaElement::builder().attribute_name(*key).key_type(kind).build();
        let attribute = AttributeDefinition::builder()
            .attribute_name(*key)
            .attribute_type(ScalarAttributeType::S)
            .build();
        table = table
            .key_schema(element.expect("both parts are set"))
            .attribute_definitions(attribute.expect("both parts are set"));
    }
    table.send().await.expect("the table is new");
}
