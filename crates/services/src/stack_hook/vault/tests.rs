//! Goal: a vault is empty afterwards, whatever it takes, and who cannot empty it says why. Method: a server that
//! answers as AWS Backup documents it; the emulator keeps no backups.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::Credentials;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::*;

const PAUSE: Duration = Duration::from_millis(1);
const OF_CLUSTER: &str = "arn:aws:rds:us-east-1:1:cluster-snapshot:awsbackup:job-1";
const OF_TABLE: &str = "arn:aws:backup:us-east-1:1:recovery-point:2";

/// Looks until a backup is gone after its removal was asked for, and refusals before that.
#[derive(Clone, Copy, Debug)]
struct Manner {
    refusals: u32,
    looks: u32,
}

#[derive(Debug, Default)]
struct Holdings {
    /// By ARN, and whether it is leaving.
    backups: BTreeMap<String, (Manner, bool)>,
    signed: bool,
}

type Shared = Arc<Mutex<Holdings>>;

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Json<Value> {
    let mut held = shared.lock().expect("no test panics with it");
    let authorization =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    held.signed = authorization.contains("/us-east-1/backup/aws4_request");
    held.backups.retain(|_, (manner, leaving)| !*leaving || manner.looks > 0);
    let points: Vec<Value> = held
        .backups
        .iter_mut()
        .map(|(arn, (manner, leaving))| {
            if *leaving {
                manner.looks -= 1;
            }
            let status = if *leaving { "DELETING" } else { "COMPLETED" };
            json!({ "RecoveryPointArn": arn, "Status": status, "BackupVaultName": "v" })
        })
        .collect();
    Json(json!({ "RecoveryPoints": points }))
}

async fn remove(
    State(shared): State<Shared>,
    Path((_, arn)): Path<(String, String)>,
) -> (StatusCode, Json<Value>) {
    let mut held = shared.lock().expect("no test panics with it");
    match held.backups.get_mut(&arn) {
        None => (StatusCode::BAD_REQUEST, Json(json!({ "Code": "ResourceNotFoundException" }))),
        Some((manner, _)) if manner.refusals > 0 => {
            manner.refusals -= 1;
            (StatusCode::BAD_REQUEST, Json(json!({ "Code": "InvalidRequestException", "Message": "in use" })))
        }
        Some((_, leaving)) => {
            *leaving = true;
            (StatusCode::OK, Json(json!({})))
        }
    }
}

/// Empties a vault that holds these.
async fn emptied<const N: usize>(backups: [(&str, Manner); N]) -> (Result<String, HookError>, Shared) {
    let backups = backups.map(|(arn, manner)| (arn.to_owned(), (manner, false)));
    let shared = Arc::new(Mutex::new(Holdings { backups: backups.into(), signed: false }));
    let routes = Router::new()
        .route("/backup-vaults/v/recovery-points/", get(list))
        .route("/backup-vaults/{vault}/recovery-points/{arn}", delete(remove))
        .with_state(Arc::clone(&shared));
    let (endpoint, _server) = serve(routes).await;
    let aws = config(&endpoint).await;
    let caller = Caller::new(&aws).expect("a caller");
    let outcome = empty_looking_every(PAUSE, &aws, &caller, "v").await;
    (outcome, shared)
}

async fn serve(routes: Router) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let server = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
    (format!("http://{address}"), server)
}

async fn config(endpoint: &str) -> SdkConfig {
    crate::aws::loader()
        .region(aws_config::Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await
}

const AT_ONCE: Manner = Manner { refusals: 0, looks: 0 };

#[tokio::test]
async fn every_backup_is_removed_and_waited_for() {
    let slow = Manner { refusals: 2, looks: 3 };
    let (outcome, held) = emptied([(OF_CLUSTER, slow), (OF_TABLE, AT_ONCE)]).await;
    assert_eq!(outcome.expect("it is emptied"), "2 backups removed from v");
    let held = held.lock().expect("nobody holds it");
    assert!(held.backups.is_empty() && held.signed, "{held:?}");
}

#[tokio::test]
async fn an_empty_vault_is_left_as_it_is() {
    let (outcome, _) = emptied([]).await;
    assert_eq!(outcome.expect("nothing to do"), "0 backups removed from v");
}

#[tokio::test]
async fn a_backup_that_stays_is_named_with_the_reason() {
    let locked = Manner { refusals: u32::MAX, looks: 0 };
    let (outcome, held) = emptied([(OF_CLUSTER, AT_ONCE), (OF_TABLE, locked)]).await;
    let error = outcome.expect_err("it is not empty").to_string();
    assert!(error.starts_with(&format!("1 backups stay in v; {OF_TABLE}: ")), "{error}");
    assert!(error.contains("in use"), "{error}");
    assert_eq!(held.lock().expect("nobody holds it").backups.len(), 1);
}

#[tokio::test]
async fn a_vault_that_is_gone_needs_nothing() {
    let gone = || async { (StatusCode::NOT_FOUND, "{\"Code\":\"ResourceNotFoundException\"}") };
    let (endpoint, _server) = serve(Router::new().fallback(gone)).await;
    let aws = config(&endpoint).await;
    let caller = Caller::new(&aws).expect("a caller");
    let outcome = empty_looking_every(PAUSE, &aws, &caller, "v").await;
    assert_eq!(outcome.expect("nothing to do"), "v is gone already");
}
