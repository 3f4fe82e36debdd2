//! Goal: DNS leads clients only to a region that is well and owns the lease, and every check is
//! answered in time. Method: take away one part after the other.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use recovery::Epoch;
use serde_json::{Value, json};

use super::{app, app_in, call, get};
use crate::support::{Scene, config, dead_address, home, standby};

async fn check(app: &Router, path: &str) -> (u16, Value) {
    let answer = call(app, get(path)).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn only_the_owner_of_the_lease_serves() {
    let scene = Scene::new().await;
    let app_home = app_in(&scene);
    let mut settings = scene.settings.clone();
    (settings.0.own, settings.0.peer) = (standby(), home());
    // Both look at one table, as both regions do.
    let app_standby = app(&scene.aws, settings);
    for app in [&app_home, &app_standby] {
        assert_eq!(check(app, "/health/live").await.0, 200);
        let ready = json!({ "status": "ready", "checks": { "journal": "ok", "queue": "ok" } });
        assert_eq!(check(app, "/health/ready").await, (200, ready));
        let (status, body) = check(app, "/health/serving").await;
        assert_eq!((status, &body["checks"]["lease"]), (503, &json!("failed")));
    }
    scene.give_lease(standby(), Epoch(2)).await;
    let (status, body) = check(&app_home, "/health/serving").await;
    assert_eq!((status, &body["status"]), (503, &json!("not_serving")));
    assert_eq!(body["checks"]["lease"], "failed");
    let checks = json!({ "journal": "ok", "queue": "ok", "lease": "ok" });
    let serving = json!({ "status": "serving", "checks": checks });
    assert_eq!(check(&app_standby, "/health/serving").await, (200, serving));
}

#[tokio::test]
async fn a_region_without_its_queue_is_not_ready() {
    let scene = Scene::new().await;
    let mut settings = scene.settings.clone();
    settings.3.name = "queue-that-is-not".to_owned();
    let (status, body) = check(&app(&scene.aws, settings), "/health/ready").await;
    // The cause is for the log: no name of a call or a resource leaves the region.
    let checks = json!({ "journal": "ok", "queue": "failed" });
    assert_eq!((status, body), (503, json!({ "status": "not_ready", "checks": checks })));
}

#[tokio::test]
async fn a_region_cut_off_is_alive_and_not_ready() {
    let scene = Scene::new().await;
    let aws = config(&home(), &format!("http://{}", dead_address())).await;
    let app = app(&aws, scene.settings.clone());
    assert_eq!(call(&app, get("/health/live")).await.status, StatusCode::OK);
    assert_eq!(check(&app, "/health/ready").await.0, 503);
    assert_eq!(check(&app, "/health/serving").await.0, 503);
}

#[tokio::test]
async fn silence_is_answered_before_route_53_gives_up() {
    let scene = Scene::new().await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("a bound port"));
    let app = app(&config(&home(), &endpoint).await, scene.settings.clone());
    let began = Instant::now();
    let (status, body) = check(&app, "/health/serving").await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!((status, &body["checks"]["journal"]), (503, &json!("failed")));
}
