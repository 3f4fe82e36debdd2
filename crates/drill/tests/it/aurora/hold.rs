//! Goal: a database that hangs takes connections and answers nobody, goes on where it was when it wakes, and
//! is no writer any more when another has taken its place. Method: a real pair whose writer's processes are
//! stopped.

use std::time::Duration;

use recovery::Region;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::NoTls;

use super::home::{execute, numbers_in, until};
use super::{pair, region};

const PATIENCE: Duration = Duration::from_millis(700);
/// Longer than whoever looks after the pair pauses between two looks.
const PAUSE: Duration = Duration::from_millis(900);

async fn hung() -> (std::sync::Arc<drill::aurora::Aurora>, Region, Region) {
    let (home, other) = (region("us-east-1"), region("us-east-2"));
    let aurora = pair().await;
    execute(&aurora, &home, "CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (1)").await;
    until("the stream flows", async || numbers_in(&aurora, &other).await == [1]).await;
    aurora.freeze(&home).await.expect("home has a cluster");
    (aurora, home, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_hangs_answers_nobody_and_goes_on_where_it_was() {
    let (aurora, home, other) = hung().await;
    let address = aurora.address(&home).expect("home has a cluster");
    TcpStream::connect(address).await.expect("the kernel accepts for it");
    let connect = aurora.connect_string(&home).expect("home has a cluster");
    assert!(timeout(PATIENCE, tokio_postgres::connect(&connect, NoTls)).await.is_err(), "it answers nobody");
    assert_eq!(aurora.ended(), None, "it has not ended");
    aurora.thaw(&home).await.expect("home has a cluster");
    execute(&aurora, &home, "INSERT INTO numbers VALUES (2)").await;
    until("the stream flows again", async || numbers_in(&aurora, &other).await == [1, 2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_was_replaced_while_it_hung_follows_on_a_new_volume() {
    let (aurora, home, other) = hung().await;
    aurora.fail_over_to(&other).await.expect("it is promoted");
    execute(&aurora, &other, "INSERT INTO numbers VALUES (3)").await;
    tokio::time::sleep(PAUSE).await;
    assert!(!aurora.is_connected(), "nobody brings it back while it hangs");
    aurora.thaw(&home).await.expect("home has a cluster");
    until("home follows", async || aurora.is_connected() && numbers_in(&aurora, &home).await == [1, 3]).await;
    assert_eq!(aurora.region_writer(), other);
}
