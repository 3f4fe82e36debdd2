//! Goal: an order is acknowledged once and only when the journal has it, and whatever else a client
//! sends is refused in words it can act on.
//! Method: requests through the router; the journal, the queue and PostgreSQL are real.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use recovery::{Epoch, OrderId};
use serde_json::{Value, json};
use services::database::settlement::{Source, settle};
use services::journal::Journal;
use uuid::Uuid;

use super::{app, app_in, call, get, json, raw};
use crate::database::server;
use crate::support::{Scene, config, dead_address, home, standby};

fn order(id: Option<Uuid>) -> Value {
    let mut body =
        json!({ "account": "ACC-1", "symbol": "ACME", "side": "buy", "quantity": 5, "limit_price": "10.50" });
    if let Some(id) = id {
        body["id"] = json!(id);
    }
    body
}

#[tokio::test]
async fn an_order_is_taken_once() {
    let scene = Scene::new().await;
    let app = app_in(&scene);
    let id = Uuid::now_v7();
    let first = call(&app, json("POST", "/orders", &order(Some(id)))).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    assert_eq!(first.headers[LOCATION], format!("/orders/{id}"));
    assert_eq!(first.body["order"]["id"], json!(id));
    assert_eq!(first.body["order"]["limit_price"], "10.5");
    assert_eq!(first.body["state"], "acknowledged");
    assert_eq!(first.body["settled_at"], Value::Null);
    let at = first.body["acknowledged_at"].as_str().expect("a time");
    assert!(at.len() == "2026-11-20T10:24:05.120Z".len() && at.ends_with('Z'), "{at}");

    let repeat = call(&app, json("POST", "/orders", &order(Some(id)))).await;
    assert_eq!((repeat.status, &repeat.body), (StatusCode::OK, &first.body));

    let mut other = order(Some(id));
    other["quantity"] = json!(6);
    let conflict = call(&app, json("POST", "/orders", &other)).await;
    assert_eq!((conflict.status, &conflict.body["error"]), (StatusCode::CONFLICT, &json!("order_conflict")));

    // The repeat sends its message too, because the first might have been cut off before its own.
    let messages = scene.messages().await;
    assert_eq!(messages.len(), 2);
    let message: Value = serde_json::from_str(&messages[0]).expect("JSON");
    assert_eq!(message["order_id"], json!(id));
    let id = OrderId::new(id).expect("version 7");
    assert_eq!(message["journal_partition"], recovery::order::journal_partition(id, 4));
}

#[tokio::test]
async fn an_order_without_an_id_gets_one() {
    let scene = Scene::new().await;
    let app = app_in(&scene);
    let one = call(&app, json("POST", "/orders", &order(None))).await;
    let two = call(&app, json("POST", "/orders", &order(None))).await;
    assert_eq!((one.status, two.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_ne!(one.body["order"]["id"], two.body["order"]["id"]);
}

#[tokio::test]
async fn an_order_is_taken_when_only_the_queue_is_gone() {
    let scene = Scene::new().await;
    let mut settings = scene.settings.clone();
    settings.3.name = "queue-that-is-not".to_owned();
    let answer = call(&app(&scene.aws, settings), json("POST", "/orders", &order(None))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
}

#[tokio::test]
async fn an_order_is_refused_while_the_journal_is_gone() {
    let scene = Scene::new().await;
    let aws = config(&home(), &format!("http://{}", dead_address())).await;
    let app = app(&aws, scene.settings.clone());
    let id = Uuid::now_v7();
    let answer = call(&app, json("POST", "/orders", &order(Some(id)))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers[RETRY_AFTER], "1");
    assert_eq!(answer.body, json!({ "error": "unavailable", "id": id }));
    let answer = call(&app, get(&format!("/orders/{id}"))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_silent_journal_is_given_up_in_time() {
    let scene = Scene::new().await;
    // Accepts connections in its backlog and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("a bound port"));
    let app = app(&config(&home(), &endpoint).await, scene.settings.clone());
    let began = Instant::now();
    let answer = call(&app, json("POST", "/orders", &order(None))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn invalid_orders_are_refused_field_by_field() {
    let scene = Scene::new().await;
    let app = app_in(&scene);
    let far = uuid::Builder::from_unix_timestamp_millis(server::now_ms() + 3_600_000, &[1; 10]).into_uuid();
    let mut body = order(Some(far));
    body["side"] = json!("hold");
    body["limit_price"] = json!(10.5);
    let answer = call(&app, json("POST", "/orders", &body)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let expected = json!({ "error": "invalid_order", "fields": [
        { "field": "id", "reason": "lies more than 60 s in the future" },
        { "field": "side", "reason": "must be `buy` or `sell`" },
        { "field": "limit_price", "reason": "must be a string, so that no digit is lost" },
    ]});
    assert_eq!(answer.body, expected);
    assert_eq!(scene.messages().await, Vec::<String>::new());
}

#[tokio::test]
async fn bodies_that_are_no_orders_are_refused() {
    let scene = Scene::new().await;
    let app = app_in(&scene);
    let post = |content_type: &'static str, body: Vec<u8>| {
        let app = app.clone();
        async move { call(&app, raw("POST", "/orders", content_type, body)).await }
    };
    let malformed = post("application/json", b"{\"account\":".to_vec()).await;
    assert_eq!(
        (malformed.status, &malformed.body["error"]),
        (StatusCode::BAD_REQUEST, &json!("malformed_json"))
    );
    let empty = post("application/json", Vec::new()).await;
    assert_eq!((empty.status, &empty.body["error"]), (StatusCode::BAD_REQUEST, &json!("malformed_json")));
    let binary = post("application/json", vec![0xff; 100]).await;
    assert_eq!(binary.status, StatusCode::BAD_REQUEST);
    let deep = post("application/json", vec![b'['; 10_000]).await;
    assert_eq!(deep.status, StatusCode::BAD_REQUEST);
    let form = post("text/plain", order(None).to_string().into_bytes()).await;
    assert_eq!(
        (form.status, &form.body["error"]),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, &json!("unsupported_media_type"))
    );
    let mut large = order(None).to_string().into_bytes();
    large.resize(16 * 1024, b' ');
    assert_eq!(post("application/json; charset=utf-8", large.clone()).await.status, StatusCode::CREATED);
    large.push(b' ');
    let too_large = post("application/json", large).await;
    assert_eq!(too_large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(too_large.body, json!({ "error": "body_too_large", "bytes_max": 16384 }));
}

#[tokio::test]
async fn unknown_paths_methods_and_ids_are_answered_in_json() {
    let scene = Scene::new().await;
    let app = app_in(&scene);
    assert_eq!(call(&app, get("/")).await.status, StatusCode::NOT_FOUND);
    let method = call(&app, json("DELETE", "/orders", &json!({}))).await;
    assert_eq!(
        (method.status, &method.body["error"]),
        (StatusCode::METHOD_NOT_ALLOWED, &json!("method_not_allowed"))
    );
    for id in ["1", "%ff", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"] {
        let answer = call(&app, get(&format!("/orders/{id}"))).await;
        assert_eq!(
            (answer.status, &answer.body["error"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_id")),
            "{id}"
        );
    }
    let absent = call(&app, get(&format!("/orders/{}", Uuid::now_v7()))).await;
    assert_eq!((absent.status, &absent.body["error"]), (StatusCode::NOT_FOUND, &json!("order_not_found")));
}

#[tokio::test]
async fn settlement_is_unknown_without_the_database() {
    let scene = Scene::new().await;
    let app = app_in(&scene);
    let id = Uuid::now_v7();
    let taken = call(&app, json("POST", "/orders", &order(Some(id)))).await;
    let answer = call(&app, get(&format!("/orders/{id}"))).await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut expected = taken.body;
    expected["settlement"] = json!("unknown");
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn settlement_is_read_where_the_owner_of_the_lease_settles() {
    let scene = Scene::new().await;
    scene.give_lease(standby(), Epoch::FIRST).await;
    let scratch = server::migrated().await;
    let mut settings = scene.settings.clone();
    settings.4.peer_endpoint = scratch.endpoint.clone();
    settings.4.name = scratch.name.clone();
    settings.4.user = "orders_api".to_owned();
    let app = app(&scene.aws, settings);
    let id = Uuid::now_v7();
    let taken = call(&app, json("POST", "/orders", &order(Some(id)))).await;
    let path = format!("/orders/{id}");
    assert_eq!(call(&app, get(&path)).await.body, taken.body);

    let journal = Journal::new(scene.dynamodb(), scene.settings.1.clone(), home());
    let id = OrderId::new(id).expect("version 7");
    let entry = journal.get(id).await.expect("the journal answers").expect("the order is there");
    let mut client = scratch.client().await;
    settle(&mut client, Epoch::FIRST, &standby(), Source::Queue, &[entry]).await.expect("it settles");
    let answer = call(&app, get(&path)).await;
    assert_eq!((answer.status, &answer.body["state"]), (StatusCode::OK, &json!("settled")));
    assert_eq!(answer.body["acknowledged_at"], taken.body["acknowledged_at"]);
    assert!(answer.body["settled_at"].as_str() >= answer.body["acknowledged_at"].as_str(), "{}", answer.body);
    assert_eq!(answer.body.get("settlement"), None);
}
