//! Goal: a client cannot tell the function from the container. Method: the same walk through both, against
//! the same tables.

use axum::http::Method;
use serde_json::{Value, json};
use services::probe::Prober;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::timeout;
use uuid::Uuid;

use super::process::{Container, LIMIT, SERVICE, with_credentials};
use crate::api::function::{BINARY, environment, event};
use crate::lambda::{function, runtime};
use crate::support::{Scene, emulator};

type Step = (&'static str, String, Option<Value>);

/// From acceptance to every way of being refused.
fn walk(id: Uuid) -> Vec<Step> {
    let order = |quantity: i64| {
        json!({ "id": id, "account": "ACC-1", "symbol": "ACME", "side": "sell",
                "quantity": quantity, "limit_price": "1" })
    };
    let session = format!("/sessions/{id}");
    vec![
        ("POST", "/orders".to_owned(), Some(order(1))),
        ("POST", "/orders".to_owned(), Some(order(1))),
        ("POST", "/orders".to_owned(), Some(order(2))),
        ("POST", "/orders".to_owned(), Some(order(-1))),
        ("POST", "/orders".to_owned(), Some(json!({ "pad": "x".repeat(20_000) }))),
        ("GET", format!("/orders/{id}"), None),
        ("GET", "/orders/nonsense".to_owned(), None),
        ("GET", session.clone(), None),
        ("PUT", session.clone(), Some(json!({ "version": 0, "data": { "page": 1 } }))),
        ("GET", session, None),
        ("GET", "/health/live".to_owned(), None),
        ("GET", "/health/ready".to_owned(), None),
        ("GET", "/health/serving".to_owned(), None),
        ("GET", "/nowhere".to_owned(), None),
        ("DELETE", "/orders".to_owned(), None),
    ]
}

/// Status and body, without what differs between any two orders.
fn seen(status: u64, body: &[u8], id: Uuid) -> (u64, String) {
    let mut body: Value = serde_json::from_slice(body).expect("every answer is JSON");
    for key in ["acknowledged_at", "updated_at", "expires_at"] {
        blank(&mut body, key);
    }
    (status, body.to_string().replace(&id.to_string(), "ID"))
}

fn blank(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => {
            map.iter_mut().for_each(
                |(name, value)| {
                    if name == key { *value = Value::Null } else { blank(value, key) }
                },
            );
        }
        Value::Array(items) => items.iter_mut().for_each(|item| blank(item, key)),
        _ => {}
    }
}

async fn through_function(
    step: &Step,
    id: Uuid,
    (events, answers): (&Sender<Value>, &mut Receiver<Value>),
) -> (u64, String) {
    let (method, path, body) = step;
    events.send(event(method, path, body.as_ref())).await.expect("the runtime is there");
    let answer = timeout(LIMIT, answers.recv()).await.expect("an answer in time").expect("an answer");
    let body = answer["body"].as_str().expect("a body").as_bytes();
    seen(answer["statusCode"].as_u64().expect("a status"), body, id)
}

async fn through_container(step: &Step, id: Uuid, container: &Container) -> (u64, String) {
    let (method, path, body) = step;
    let (prober, url) = (Prober::new(None).expect("a prober"), format!("http://{}{path}", container.address));
    let body = body.as_ref().map(Value::to_string).unwrap_or_default();
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let answer = prober.send_unsigned(method, &url, body).await.expect("it answers");
    seen(answer.status.into(), &answer.body, id)
}

#[tokio::test]
async fn the_function_and_the_container_answer_alike() {
    let scene = Scene::new().await;
    let (address, events, mut answers) = runtime().await;
    let mut function = function(BINARY, &address);
    function.env("AWS_ENDPOINT_URL", emulator().await).envs(environment(&scene));
    let _function = function.spawn().expect("the binary is built");
    let mut service = with_credentials(SERVICE).await;
    service.envs(environment(&scene));
    let container = Container::start(service).await;

    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    let mut statuses = Vec::new();
    for (by_function, by_container) in walk(one).iter().zip(walk(two).iter()) {
        let expected = through_function(by_function, one, (&events, &mut answers)).await;
        let found = through_container(by_container, two, &container).await;
        assert_eq!(found, expected, "{} {}", by_container.0, by_container.1);
        statuses.push(found.0);
    }
    for status in [200, 201, 404, 405, 409, 413, 422, 503] {
        assert!(statuses.contains(&status), "the walk meets a {status}: {statuses:?}");
    }
}
