//! Goal: a writer that was lost comes back as a standby of the new one, a switchover loses nothing and says
//! what RDS says, and one that is broken off leaves one writer that has everything that was committed on it.
//! Method: a real pair with a delayed stream, commits until the last moment, and the real SDK.

use std::time::{Duration, Instant};

use aws_sdk_rds::types::GlobalCluster;
use drill::aurora::{Aurora, AuroraError};
use recovery::Region;

use super::{GLOBAL, LAG, arn, client, numbers, pair, rds_client, region};

const LIMIT: Duration = Duration::from_secs(60);

pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LIMIT, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn connect(aurora: &Aurora, region: &Region) -> tokio_postgres::Client {
    client(&aurora.connect_string(region).expect("it has a cluster")).await
}

pub async fn execute(aurora: &Aurora, region: &Region, statement: &str) {
    connect(aurora, region).await.batch_execute(statement).await.expect("the statement runs");
}

pub async fn numbers_in(aurora: &Aurora, region: &Region) -> Vec<i32> {
    // The server may be on its way: whoever asks, asks again.
    let connect = aurora.connect_string(region).expect("it has a cluster");
    match tokio_postgres::connect(&connect, tokio_postgres::NoTls).await {
        Ok((client, connection)) => {
            tokio::spawn(connection);
            numbers(&client).await
        }
        Err(_) => Vec::new(),
    }
}

async fn describe(rds: &aws_sdk_rds::Client) -> GlobalCluster {
    let answer = rds.describe_global_clusters().global_cluster_identifier(GLOBAL).send().await;
    answer.expect("an answer").global_clusters()[0].clone()
}

fn synchronization(cluster: &GlobalCluster, of: &Region) -> Option<String> {
    let mut members = cluster.global_cluster_members().iter();
    let member = members.find(|member| member.db_cluster_arn() == Some(&arn(of)))?;
    member.synchronization_status().map(|status| status.as_str().to_owned())
}

/// Home is lost with a commit under way, the other region takes over, and home comes back.
async fn failed_over() -> (std::sync::Arc<Aurora>, Region, Region) {
    let (home, other) = (region("us-east-1"), region("us-east-2"));
    let aurora = pair().await;
    execute(&aurora, &home, "CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (1)").await;
    until("the stream flows", async || numbers_in(&aurora, &other).await == [1]).await;
    execute(&aurora, &home, "INSERT INTO numbers VALUES (2)").await;
    aurora.kill(&home).await.expect("home has a cluster");
    aurora.fail_over_to(&other).await.expect("it is promoted");
    execute(&aurora, &other, "INSERT INTO numbers VALUES (3)").await;
    (aurora, home, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_writer_comes_back_on_a_new_volume_and_takes_over_again_without_loss() {
    let (aurora, home, other) = failed_over().await;
    let rds = rds_client(&aurora, &other).await;
    assert_eq!(synchronization(&describe(&rds).await, &home).as_deref(), Some("pending-resync"));
    let switchover = async |to: &Region| {
        let call = rds.switchover_global_cluster().global_cluster_identifier(GLOBAL);
        call.target_db_cluster_identifier(arn(to)).send().await
    };
    let error = switchover(&home).await.expect_err("home is not back").into_service_error();
    assert!(error.is_invalid_db_cluster_state_fault(), "{error:?}");

    let mut leads = aurora.leads(&home).expect("home has a cluster");
    assert_eq!(*leads.borrow_and_update(), None);
    aurora.release(&home).expect("home has a cluster");
    until("home is connected", async || {
        synchronization(&describe(&rds).await, &home).as_deref() == Some("connected")
    })
    .await;
    assert_eq!(numbers_in(&aurora, &home).await, [1, 3], "a copy of the new writer's volume");
    assert_eq!(*leads.borrow_and_update(), aurora.address(&home).ok());
    let wreck = client(&aurora.open_wreck(&home).await.expect("the old volume starts alone")).await;
    assert_eq!(numbers(&wreck).await, [1, 2]);

    // A commit that home cannot have yet, and the move at once.
    execute(&aurora, &other, "INSERT INTO numbers VALUES (4)").await;
    let begun = switchover(&home).await.expect("it begins").global_cluster.expect("the cluster");
    assert_eq!(begun.status(), Some("switching-over"));
    let state = begun.failover_state().expect("a move");
    assert_eq!(state.to_db_cluster_arn(), Some(arn(&home).as_str()));
    assert_eq!(state.is_data_loss_allowed(), Some(false));
    let again = switchover(&home).await.expect_err("one at a time").into_service_error();
    assert!(again.is_invalid_global_cluster_state_fault(), "{again:?}");
    until("it is over", async || describe(&rds).await.failover_state().is_none()).await;
    assert_eq!(aurora.region_writer(), home);
    execute(&aurora, &home, "INSERT INTO numbers VALUES (5)").await;
    assert_eq!(numbers_in(&aurora, &home).await, [1, 3, 4, 5]);
    let error = switchover(&other).await.expect_err("not in the primary's region").into_service_error();
    assert!(error.is_invalid_global_cluster_state_fault(), "{error:?}");
    let written = Instant::now();
    until("the old writer follows", async || numbers_in(&aurora, &other).await.contains(&5)).await;
    assert!(written.elapsed() > LAG / 2, "home's stream is delayed as at first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switchover_whose_target_dies_leaves_the_writer_where_it_was() {
    let (home, other) = (region("us-east-1"), region("us-east-2"));
    let aurora = pair().await;
    execute(&aurora, &home, "CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (1)").await;
    until("the stream flows", async || numbers_in(&aurora, &other).await == [1]).await;
    execute(&aurora, &home, "INSERT INTO numbers VALUES (2)").await;
    // Within the lag: home waits for what the other has not written down yet.
    aurora.begin_switchover_to(&other).expect("it begins");
    tokio::time::sleep(LAG / 4).await;
    aurora.kill(&other).await.expect("it has a cluster");
    until("home takes writes again", async || numbers_in(&aurora, &home).await == [1, 2]).await;
    execute(&aurora, &home, "INSERT INTO numbers VALUES (3)").await;
    assert_eq!(aurora.region_writer(), home);
    assert!(matches!(aurora.fail_over_to(&other).await, Err(AuroraError::Down(_))));
    aurora.release(&other).expect("it has a cluster");
    until("the other follows again", async || numbers_in(&aurora, &other).await == [1, 2, 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switchover_whose_writer_dies_leaves_a_standby_that_can_be_promoted() {
    let (home, other) = (region("us-east-1"), region("us-east-2"));
    let aurora = pair().await;
    execute(&aurora, &home, "CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (1)").await;
    until("the stream flows", async || numbers_in(&aurora, &other).await == [1]).await;
    execute(&aurora, &home, "INSERT INTO numbers VALUES (2)").await;
    aurora.begin_switchover_to(&other).expect("it begins");
    tokio::time::sleep(LAG / 4).await;
    aurora.kill(&home).await.expect("it has a cluster");
    assert_eq!(aurora.region_writer(), home, "nobody has promoted the other");
    aurora.fail_over_to(&other).await.expect("it is promoted");
    execute(&aurora, &other, "INSERT INTO numbers VALUES (3)").await;
    assert_eq!(numbers_in(&aurora, &other).await, [1, 3], "what was under way is lost");
    aurora.release(&home).expect("it has a cluster");
    until("home follows", async || numbers_in(&aurora, &home).await == [1, 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_that_nobody_replaced_is_the_writer_again() {
    let (home, other) = (region("us-east-1"), region("us-east-2"));
    let aurora = pair().await;
    execute(&aurora, &home, "CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (1)").await;
    until("the stream flows", async || numbers_in(&aurora, &other).await == [1]).await;
    aurora.kill(&home).await.expect("it has a cluster");
    assert!(!aurora.is_alive(&home).expect("it has a cluster"));
    aurora.release(&home).expect("it has a cluster");
    until("it is back", async || aurora.is_alive(&home).expect("it has a cluster")).await;
    execute(&aurora, &home, "INSERT INTO numbers VALUES (2)").await;
    until("the other follows", async || numbers_in(&aurora, &other).await == [1, 2]).await;
    assert_eq!(aurora.region_writer(), home);
}
