//! Goal: the stand-in loses what a lagging region would lose, is promoted once, and speaks RDS.
//! Method: a real pair, a commit before and one within the lag, `kill -9`, and the real SDK.

mod hold;
mod home;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_rds::config::{BehaviorVersion, Credentials, Region as SdkRegion};
use bytes::Bytes;
use drill::aurora::{Aurora, Placement};
use drill::environment::Environment;
use drill::gateway::Faults;
use drill::owned::RunDirectory;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use recovery::Region;
use recovery::names::Names;
use tokio_postgres::NoTls;

/// Of home's log on its way to the standby, and of the standby's on its way home.
const LAG: Duration = Duration::from_secs(2);
const LAG_BACK: Duration = Duration::from_millis(300);
const GLOBAL: &str = "global-cluster-orders-test";

fn region(name: &str) -> Region {
    Region::new(name).expect("a region")
}

async fn pair() -> Arc<Aurora> {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let address = |last| Ipv4Addr::new(127, 0, 0, last);
    let placement = Placement {
        regions: [(region("us-east-1"), address(1)), (region("us-east-2"), address(2))],
        names: Names::new("test", "trading.example"),
        lags: [LAG, LAG_BACK],
        faults: Faults::new(),
    };
    Arc::new(Aurora::start(&environment, &run, placement).await.expect("a pair"))
}

/// Of the region's cluster.
fn arn(of: &Region) -> String {
    format!("arn:aws:rds:{of}:000000000000:cluster:cluster-orders-{of}-test")
}

async fn client(connect_string: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(connect_string, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

async fn numbers(client: &tokio_postgres::Client) -> Vec<i32> {
    match client.query("SELECT number FROM numbers ORDER BY number", &[]).await {
        Ok(rows) => rows.iter().map(|row| row.get(0)).collect(),
        Err(_) => Vec::new(), // the table is not replicated yet
    }
}

/// Serves the region's RDS calls as its gateway would.
async fn rds_client(aurora: &Arc<Aurora>, of: &Region) -> aws_sdk_rds::Client {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let (aurora, served) = (Arc::clone(aurora), of.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (aurora, served) = (Arc::clone(&aurora), served.clone());
            let answer = move |request: http::Request<hyper::body::Incoming>| {
                let (aurora, served) = (Arc::clone(&aurora), served.clone());
                async move {
                    let form = request.into_body().collect().await?.to_bytes();
                    let (status, xml) = aurora.rds_api(&served, &form).await;
                    let response = http::Response::builder().status(status).body(Full::new(Bytes::from(xml)));
                    Ok::<_, hyper::Error>(response.expect("a valid status"))
                }
            };
            let service = hyper::service::service_fn(answer);
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    let config = aws_sdk_rds::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(SdkRegion::new(of.to_string()))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("drill", "drill", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_rds::Client::from_conf(config)
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_within_the_lag_are_lost_and_the_standby_takes_over() {
    let (home, other) = (region("us-east-1"), region("us-east-2"));
    let aurora = pair().await;
    let writer = client(&aurora.connect_string(&home).expect("home has a cluster")).await;
    writer
        .batch_execute("CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (1)")
        .await
        .expect("a write");
    let reader = client(&aurora.connect_string(&other).expect("it has a cluster")).await;
    let written = Instant::now();
    while numbers(&reader).await.is_empty() {
        assert!(written.elapsed() < Duration::from_secs(30), "the stream does not flow");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(written.elapsed() > LAG / 2, "the stream is not delayed");

    writer.batch_execute("INSERT INTO numbers VALUES (2)").await.expect("a write");
    let lag = aurora.lag().await.expect("both answer").expect("there is a pair");
    assert!(lag.bytes > 0, "{lag:?}");
    aurora.kill(&home).await.expect("home has a cluster");
    assert!(aurora.lag().await.expect("nothing to ask").is_none());

    let rds = rds_client(&aurora, &other).await;
    let target = arn(&other);
    let failover = || {
        let call = rds.failover_global_cluster().global_cluster_identifier(GLOBAL);
        call.target_db_cluster_identifier(&target).allow_data_loss(true).send()
    };
    failover().await.expect("it is promoted");
    failover().await.expect("again changes nothing");
    assert_eq!(aurora.region_writer(), other);
    reader.batch_execute("INSERT INTO numbers VALUES (3)").await.expect("the promoted server takes writes");
    assert_eq!(numbers(&reader).await, [1, 3]);

    let wreck = client(&aurora.open_wreck(&home).await.expect("it starts alone")).await;
    assert_eq!(numbers(&wreck).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_reads_what_the_stand_in_answers() {
    let (home, other) = (region("us-east-1"), region("us-east-2"));
    let aurora = pair().await;
    let rds = rds_client(&aurora, &other).await;
    let answer = rds.describe_global_clusters().send().await.expect("an answer");
    let cluster = &answer.global_clusters()[0];
    assert_eq!(cluster.status(), Some("available"));
    let writers = cluster.global_cluster_members().iter().filter(|m| m.is_writer() == Some(true));
    let writers: Vec<_> = writers.filter_map(|member| member.db_cluster_arn()).collect();
    assert_eq!(writers, ["arn:aws:rds:us-east-1:000000000000:cluster:cluster-orders-us-east-1-test"]);

    let own = Names::new("test", "trading.example").database_cluster(&other);
    let answer = rds.describe_db_clusters().db_cluster_identifier(own).send().await.expect("an answer");
    let member = &answer.db_clusters()[0].db_cluster_members()[0];
    assert_eq!(member.is_cluster_writer(), Some(false));
    let foreign = Names::new("test", "trading.example").database_cluster(&home);
    let error = rds.describe_db_clusters().db_cluster_identifier(foreign).send().await.expect_err("not here");
    assert!(error.into_service_error().is_db_cluster_not_found_fault());

    let unknown = rds.describe_global_clusters().global_cluster_identifier("another").send().await;
    assert!(unknown.expect_err("no such cluster").into_service_error().is_global_cluster_not_found_fault());
}
