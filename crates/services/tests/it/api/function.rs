//! Goal: the deployed binary takes an API Gateway event from Lambda's runtime and answers it, and
//! without its settings it says everything that is missing and ends.
//! Method: run the binary; a small server plays the runtime API, the emulator plays AWS.

use recovery::setting;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::lambda::{LIMIT, function, runtime};
use crate::support::{Scene, emulator};

/// The function behind API Gateway.
pub const BINARY: &str = env!("CARGO_BIN_EXE_orders-api");

/// A REST API event, as a custom domain with an empty base path makes it.
pub fn event(method: &str, path: &str, body: Option<&Value>) -> Value {
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method,
        "headers": { "Host": "orders.trading.example", "Content-Type": "application/json" },
        "multiValueHeaders": {
            "Host": ["orders.trading.example"], "Content-Type": ["application/json"]
        },
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": { "proxy": path.trim_start_matches('/') }, "stageVariables": null,
        "requestContext": {
            "resourceId": "r", "resourcePath": "/{proxy+}", "httpMethod": method,
            "path": path, "accountId": "000000000000", "protocol": "HTTP/1.1", "stage": "live",
            "domainName": "orders.trading.example", "requestTimeEpoch": 1_795_170_245_120_u64,
            "requestId": "q", "identity": { "sourceIp": "127.0.0.1" }, "apiId": "a"
        },
        "body": body.map(Value::to_string), "isBase64Encoded": false
    })
}

/// What the deployment tells the API of a scene.
pub fn environment(scene: &Scene) -> [(&'static str, String); 11] {
    let (regions, journal, sessions, queue, database) = scene.settings.clone();
    [
        (setting::HOME_REGION, regions.home.to_string()),
        (setting::PEER_REGION, regions.peer.to_string()),
        (setting::JOURNAL_TABLE, journal.table),
        (setting::JOURNAL_SHARDS, journal.shards.to_string()),
        (setting::SESSIONS_TABLE, sessions.table),
        (setting::ORDER_QUEUE, queue.name),
        (setting::DATABASE_ENDPOINT, database.endpoint.to_string()),
        (setting::PEER_DATABASE_ENDPOINT, database.peer_endpoint.to_string()),
        (setting::DATABASE_NAME, database.name),
        (setting::DATABASE_USER, database.user),
        (setting::DATABASE_TLS, "prefer".to_owned()),
    ]
}

#[tokio::test]
async fn an_order_comes_through_the_runtime() {
    let scene = Scene::new().await;
    let (address, events, mut answers) = runtime().await;
    let _function = function(BINARY, &address)
        .env("AWS_ENDPOINT_URL", emulator().await)
        .envs(environment(&scene))
        .spawn()
        .expect("the binary is built");
    let id = Uuid::now_v7();
    let order = json!({
        "id": id, "account": "ACC-1", "symbol": "ACME", "side": "sell", "quantity": 1, "limit_price": "1"
    });
    let requests = [
        event("POST", "/orders", Some(&order)),
        event("GET", &format!("/orders/{id}"), None),
        event("GET", "/health/ready", None),
        event("GET", "/nowhere", None),
    ];
    let mut statuses = Vec::new();
    for request in requests {
        events.send(request).await.expect("the runtime is there");
        let answer = timeout(LIMIT, answers.recv()).await.expect("an answer in time").expect("an answer");
        assert_eq!(answer["isBase64Encoded"], false, "{answer}");
        let body: Value = serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON");
        statuses.push((answer["statusCode"].as_u64(), body));
    }
    assert_eq!(
        statuses.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
        [201, 200, 200, 404].map(Some)
    );
    assert_eq!(statuses[0].1["order"]["id"], json!(id));
    assert_eq!(statuses[1].1["order"], statuses[0].1["order"]);
}

#[tokio::test]
async fn missing_settings_are_named_together() {
    let (address, _events, _answers) = runtime().await;
    let output =
        timeout(LIMIT, function(BINARY, &address).output()).await.expect("it ends").expect("it starts");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    for variable in [setting::PEER_REGION, setting::JOURNAL_TABLE, setting::DATABASE_ENDPOINT] {
        assert!(said.contains(&format!("{variable} is not set")), "{said}");
    }
}
