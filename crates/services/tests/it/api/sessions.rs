//! Goal: a client never gets a session older than the one it has seen, and never overwrites one it
//! has not seen. Method: requests through the router; replication is played by writing the table.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use recovery::Epoch;
use serde_json::{Value, json};

use super::{Answer, app, app_in, call, raw};
use crate::database::server::now_ms;
use crate::support::{Scene, config, dead_address, home};

async fn put(app: &Router, id: &str, token: Option<&str>, data: Value) -> Answer {
    let mut request =
        raw("PUT", &format!("/sessions/{id}"), "application/json", json!({ "data": data }).to_string());
    if let Some(token) = token {
        request.headers_mut().insert("session-token", token.parse().expect("a header value"));
    }
    call(app, request).await
}

async fn get(app: &Router, id: &str, token: Option<&str>) -> Answer {
    let request = Request::get(format!("/sessions/{id}"));
    let request = token.into_iter().fold(request, |request, token| request.header("session-token", token));
    call(app, request.body(Body::empty()).expect("a request")).await
}

fn summary(answer: &Answer) -> (u16, &str) {
    let word = answer.body["error"].as_str().or_else(|| answer.body["token"].as_str());
    (answer.status.as_u16(), word.expect("an error or a token"))
}

/// What replication from the peer does.
async fn replicate(scene: &Scene, id: &str, epoch: u64, version: u64, expires_at_s: u64) {
    let number = |n: u64| AttributeValue::N(n.to_string());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = scene.dynamodb().put_item().table_name(&scene.settings.2.table);
    let put = put.item("pk", text(id)).item("data", text(r#"{"from":"peer"}"#));
    let put = put.item("epoch", number(epoch)).item("version", number(version));
    let put = put.item("updated_at_ms", number(now_ms())).item("expires_at", number(expires_at_s));
    put.send().await.expect("the table takes it");
}

#[tokio::test]
async fn every_write_follows_the_last_one_seen() {
    let scene = Scene::new().await;
    scene.give_lease(home(), Epoch(3)).await;
    let app = app_in(&scene);
    assert_eq!(summary(&put(&app, "s", None, json!({ "n": 1 })).await), (200, "3.1"));
    assert_eq!(summary(&put(&app, "s", Some("3.1"), json!({ "n": 2 })).await), (200, "3.2"));
    // The answer was lost and the client asks again.
    assert_eq!(summary(&put(&app, "s", Some("3.1"), json!({ "n": 2 })).await), (200, "3.2"));
    assert_eq!(summary(&put(&app, "s", Some("3.1"), json!({ "n": 9 })).await), (409, "session_conflict"));
    assert_eq!(summary(&put(&app, "s", None, json!({ "n": 9 })).await), (409, "session_conflict"));
    let read = get(&app, "s", Some("3.2")).await;
    assert_eq!((read.status, &read.body["data"]), (StatusCode::OK, &json!({ "n": 2 })));
    assert_eq!(read.body["token"], "3.2");
    assert_eq!(get(&app, "s", Some("3.1")).await.body["token"], "3.2");
    assert_eq!(get(&app, "s", None).await.body["token"], "3.2");
}

#[tokio::test]
async fn the_first_write_in_a_new_epoch_carries_it() {
    let scene = Scene::new().await;
    scene.give_lease(home(), Epoch(4)).await;
    replicate(&scene, "s", 3, 8, now_ms() / 1000 + 60).await;
    let app = app_in(&scene);
    assert_eq!(summary(&put(&app, "s", Some("3.8"), json!({})).await), (200, "4.9"));
}

#[tokio::test]
async fn a_region_that_stays_behind_says_so() {
    let scene = Scene::new().await;
    replicate(&scene, "s", 1, 1, now_ms() / 1000 + 60).await;
    let app = app_in(&scene);
    let began = Instant::now();
    assert_eq!(summary(&get(&app, "s", Some("1.2")).await), (409, "stale_session"));
    assert!(began.elapsed() >= Duration::from_millis(500));
    assert_eq!(summary(&put(&app, "s", Some("1.2"), json!({})).await), (409, "stale_session"));
    assert_eq!(summary(&get(&app, "never-replicated", Some("1.1")).await), (409, "stale_session"));
    assert_eq!(get(&app, "s", None).await.body["token"], "1.1");
}

#[tokio::test]
async fn a_region_that_catches_up_answers() {
    let scene = Scene::new().await;
    replicate(&scene, "s", 1, 1, now_ms() / 1000 + 60).await;
    let app = app_in(&scene);
    // The first look is on its way before the newer version is.
    let arrive = replicate(&scene, "s", 1, 2, now_ms() / 1000 + 60);
    let (answer, ()) = tokio::join!(get(&app, "s", Some("1.2")), arrive);
    assert_eq!(summary(&answer), (200, "1.2"));
    assert_eq!(answer.body["data"], json!({ "from": "peer" }));
}

#[tokio::test]
async fn an_expired_session_is_gone_and_may_begin_again() {
    let scene = Scene::new().await;
    replicate(&scene, "s", 1, 5, now_ms() / 1000 - 1).await;
    let app = app_in(&scene);
    assert_eq!(summary(&get(&app, "s", None).await), (404, "session_not_found"));
    assert_eq!(summary(&get(&app, "s", Some("1.5")).await), (404, "session_not_found"));
    assert_eq!(summary(&put(&app, "s", Some("1.5"), json!({})).await), (404, "session_not_found"));
    // Its version goes on, so that no old token is ever valid for the new session's past.
    assert_eq!(summary(&put(&app, "s", None, json!({})).await), (200, "1.6"));
}

#[tokio::test]
async fn what_is_no_session_is_refused() {
    let scene = Scene::new().await;
    let app = app_in(&scene);
    assert_eq!(summary(&get(&app, "none", None).await), (404, "session_not_found"));
    assert_eq!(summary(&get(&app, "a.b", None).await), (400, "invalid_id"));
    assert_eq!(summary(&get(&app, &"a".repeat(65), None).await), (400, "invalid_id"));
    for token in ["", "1", "1.", "-1.2", "1.2.3", "99999999999999999999.1"] {
        assert_eq!(summary(&get(&app, "s", Some(token)).await), (422, "invalid_session"), "{token}");
    }
    for body in [json!([]), json!({}), json!({ "data": 1 }), json!({ "data": {}, "ttl": 1 })] {
        let answer = call(&app, super::json("PUT", "/sessions/s", &body)).await;
        assert_eq!(summary(&answer), (422, "invalid_session"), "{body}");
    }
    let large = put(&app, "s", None, json!({ "text": "x".repeat(16 * 1024) })).await;
    assert_eq!(summary(&large), (413, "body_too_large"));
    let text = call(&app, raw("PUT", "/sessions/s", "text/plain", "{}")).await;
    assert_eq!(summary(&text), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn sessions_are_unavailable_without_their_table() {
    let scene = Scene::new().await;
    let aws = config(&home(), &format!("http://{}", dead_address())).await;
    let app = app(&aws, scene.settings.clone());
    let read = get(&app, "s", None).await;
    assert_eq!(
        (summary(&read), &read.headers["retry-after"]),
        ((503, "unavailable"), &"1".parse().expect("a value"))
    );
    assert_eq!(summary(&put(&app, "s", None, json!({})).await), (503, "unavailable"));
}
