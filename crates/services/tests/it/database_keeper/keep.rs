//! Goal: a deployment leaves a writer with schema and users, wherever the writer is, or says why not; and
//! the shards of the journal never change. Method: CloudFormation's requests, on real PostgreSQL.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::database::server::{Scratch, USER, USERS, empty_pair};
use crate::support::dead_address;
use services::settings::Endpoint;

fn wanted(shards: &str, writer: &str) -> Value {
    json!({ "ServiceToken": "arn", "Shards": shards, "Writer": writer, "Package": "hash" })
}

fn nobody() -> Endpoint {
    let address = dead_address();
    Endpoint { host: address.ip().to_string(), port: address.port() }
}

async fn stage(pair: &[Scratch; 2]) -> Stage {
    Stage::new(USER, "unused", &pair[0].name, [&pair[0].endpoint, &pair[1].endpoint]).await
}

/// As a database is that follows the other one.
async fn demote(scratch: &Scratch) {
    let sql = format!("ALTER DATABASE {} SET default_transaction_read_only = on", scratch.name);
    scratch.administrator().await.batch_execute(&sql).await.expect("it may");
}

const USERS_IN_PLACE: &str = "SELECT count(*) FROM pg_database, LATERAL aclexplode(datacl) AS right_given \
    JOIN pg_roles ON pg_roles.oid = grantee WHERE datname = current_database() \
    AND rolname IN ('orders_api', 'order_processor', 'recovery_step', 'sentinel', 'preflight')";

#[tokio::test]
async fn a_deployment_leaves_schema_and_users_and_may_be_repeated() {
    let _one_at_a_time = USERS.lock().await;
    let pair = empty_pair().await;
    let stage = stage(&pair).await;
    for request_type in ["Create", "Update", "Create"] {
        let answer = stage.ask(request_type, wanted("4", "required")).await;
        assert_eq!(answer["Status"], "SUCCESS", "{answer}");
        assert_eq!(answer["PhysicalResourceId"], "DatabaseRoles");
    }
    assert_eq!(pair[0].number("SELECT epoch FROM fence").await, 1);
    assert_eq!(pair[0].number(USERS_IN_PLACE).await, 5);
    assert_eq!(stage.ask("Delete", wanted("4", "required")).await["Status"], "SUCCESS");
    assert_eq!(pair[0].number(USERS_IN_PLACE).await, 5, "a removal leaves the database alone");
}

#[tokio::test]
async fn the_writer_is_found_in_the_other_region() {
    let _one_at_a_time = USERS.lock().await;
    let pair = empty_pair().await;
    demote(&pair[0]).await;
    let answer = stage(&pair).await.ask("Update", wanted("4", "required")).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(pair[1].number("SELECT count(*) FROM fence").await, 1);
    assert_eq!(pair[0].number("SELECT count(*) FROM pg_tables WHERE tablename = 'fence'").await, 0);
}

#[tokio::test]
async fn without_a_writer_home_fails_with_reasons_and_the_standby_leaves_it_to_home() {
    let _one_at_a_time = USERS.lock().await;
    let [own, _] = empty_pair().await;
    demote(&own).await;
    let stage = Stage::new(USER, "unused", &own.name, [&own.endpoint, &nobody()]).await;
    let failed = stage.ask("Create", wanted("4", "required")).await;
    assert_eq!(failed["Status"], "FAILED");
    let reason = failed["Reason"].as_str().expect("a reason");
    assert!(reason.contains("the one of us-east-1 is a replica"), "{reason}");
    assert!(reason.contains("no connection to the database at"), "{reason}");
    assert_eq!(stage.ask("Create", wanted("4", "if-found")).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn another_number_of_shards_is_refused_and_its_roll_back_is_not() {
    let _one_at_a_time = USERS.lock().await;
    let pair = empty_pair().await;
    let stage = stage(&pair).await;
    assert_eq!(stage.ask("Create", wanted("4", "required")).await["Status"], "SUCCESS");
    let refused = stage.ask("Update", wanted("8", "if-found")).await;
    assert_eq!(refused["Status"], "FAILED");
    let reason = refused["Reason"].as_str().expect("a reason");
    assert!(reason.starts_with("journal.shards is 4 in this deployment and cannot become 8"), "{reason}");
    assert_eq!(stage.ask("Update", wanted("4", "required")).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn properties_that_make_no_sense_are_named() {
    let _one_at_a_time = USERS.lock().await;
    let pair = empty_pair().await;
    let stage = stage(&pair).await;
    for (shards, writer, named) in
        [("none", "required", "`Shards`"), ("0", "required", "`Shards`"), ("4", "perhaps", "`Writer`")]
    {
        let answer = stage.ask("Create", wanted(shards, writer)).await;
        assert!(answer["Reason"].as_str().is_some_and(|reason| reason.contains(named)), "{answer}");
    }
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_answered_as_well() {
    let stage = Stage::new(USER, "unused", "senseless", [&nobody(), &nobody()]).await;
    let answer = stage.ask("Replace", json!({})).await;
    assert_eq!(answer["Status"], "FAILED", "{answer}");
    let answer = stage.ask("Create", json!("properties")).await;
    assert_eq!(answer["Status"], "FAILED", "{answer}");
}
