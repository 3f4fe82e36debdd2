//! Goal: a fleet keeps its service through crashes, bad revisions, a lost zone and load, and says the truth
//! of itself. Method: processes of a small program behind a real gateway, with checks a few times a second.

mod parts;

use std::collections::BTreeSet;
use std::time::Duration;

use drill::fleet::Defect;
use drill::fleet::plan::{Metric, TargetTracking};
use drill::gateway::Fault;
use serde_json::{Value, json};

use crate::fake::eventually;
use crate::gateway::pair::{call, home};
use parts::{SERVICE, Yard, scaling, service};

/// Longer than any test.
const NO_MINUTE: Duration = Duration::from_secs(3600);

async fn steady(net: u8) -> Yard {
    let yard = Yard::new(net, service(), NO_MINUTE).await;
    yard.settles().await;
    yard.fleet.observe();
    yard
}

/// Asks until told to stop; says how often, and which statuses came.
async fn asked_until(yard: &Yard, mut over: impl FnMut() -> bool) -> (usize, BTreeSet<u16>) {
    let (mut asked, mut statuses) = (0, BTreeSet::new());
    let deadline = tokio::time::Instant::now() + Duration::from_secs(40);
    while !over() {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", yard.told());
        statuses.insert(yard.get("/orders").await.0);
        asked += 1;
    }
    (asked, statuses)
}

#[tokio::test]
async fn every_zone_has_a_task_and_all_answer_in_turn() {
    let yard = steady(130).await;
    let mut ports = BTreeSet::new();
    for _ in 0..6 {
        let (status, body) = yard.get("/orders/1").await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).expect("the program answers JSON");
        assert_eq!((&body["region"], &body["place"]), (&json!("us-east-1"), &json!("template")));
        assert!(body["for"].is_string());
        ports.insert(body["port"].as_u64());
    }
    assert_eq!(ports.len(), 3, "each of the three had its turn");
    let (status, body) = yard.get("/admin").await;
    assert_eq!((status, body.as_str()), (404, "{\"error\":\"no_such_path\"}"));
    let zones: BTreeSet<String> =
        yard.told().iter().filter_map(|line| line.split(", ").nth(2).map(str::to_owned)).collect();
    assert_eq!(zones, ["zone 1", "zone 2", "zone 3"].map(str::to_owned).into());
}

#[tokio::test]
async fn a_killed_task_is_replaced_and_the_others_answer() {
    let yard = steady(131).await;
    let said = yard.fleet.kill_task("orders-service").expect("there is one");
    assert!(said.contains("is killed"), "{said}");
    let replaced = || yard.fleet.is_steady() && yard.fleet.services()[0].restarts == 1;
    let (_, statuses) = asked_until(&yard, replaced).await;
    assert!(statuses.iter().all(|status| [200, 502].contains(status)), "{statuses:?}");
    let report = &yard.fleet.services()[0];
    assert_eq!((report.desired, report.healthy, report.healthy_min, report.started), (3, 3, 2, 4));
    assert_eq!(yard.get("/orders").await.0, 200);
    assert!(yard.fleet.kill_task("orders-worker").is_err());
}

#[tokio::test]
async fn a_revision_that_is_never_healthy_is_rolled_back_and_nobody_notices() {
    let yard = steady(132).await;
    yard.fleet.deploy(SERVICE, Some(Defect::ListensElsewhere)).expect("there is one");
    let back = || yard.told().iter().any(|line| line.starts_with("rolled back:")) && yard.fleet.is_steady();
    let (asked, statuses) = asked_until(&yard, back).await;
    assert_eq!(statuses, [200].into(), "of {asked} requests");
    let report = &yard.fleet.services()[0];
    assert_eq!((report.rollouts, report.rollbacks, report.healthy_min, report.failed), (1, 1, 3, 3));
    assert!(yard.told().iter().any(|line| line.contains("3 tasks of revision 2 failed; back to revision 1")));
}

#[tokio::test]
async fn a_good_revision_replaces_the_old_one_without_a_gap() {
    let yard = steady(133).await;
    yard.fleet.deploy("orders-service", None).expect("there is one");
    let done = || yard.told().iter().any(|line| line.starts_with("rolled out:")) && yard.fleet.is_steady();
    let (asked, statuses) = asked_until(&yard, done).await;
    assert_eq!(statuses, [200].into(), "of {asked} requests");
    assert!(yard.fleet.services()[0].healthy_min >= 3);
}

#[tokio::test]
async fn a_lost_zone_is_left_and_its_tasks_start_elsewhere() {
    let yard = steady(134).await;
    assert_eq!(yard.fleet.lose_zone(1), [(SERVICE.to_owned(), 1)]);
    eventually("the others took over", async || {
        let report = yard.fleet.services().remove(0);
        report.healthy == 3 && report.started == 4
    })
    .await;
    let started = yard.told().into_iter().rfind(|line| line.starts_with("task started"));
    assert!(!started.expect("a fourth task").contains("zone 2"));
    eventually("what was silent is ended", async || yard.fleet.is_steady()).await;
    assert_eq!(yard.get("/orders").await.0, 200);
}

#[tokio::test]
async fn a_task_answers_what_it_has_begun_before_it_ends() {
    let yard = steady(135).await;
    // Slow ones in every task, so that whichever goes has one.
    let slow = async {
        let (a, b, c) =
            tokio::join!(yard.get("/orders/slow"), yard.get("/orders/slow"), yard.get("/orders/slow"));
        [a.0, b.0, c.0]
    };
    let shrink = async {
        eventually("the slow ones are under way", async || {
            yard.fleet.balancer().is_some_and(|balancer| balancer.counts().forwarded >= 3)
        })
        .await;
        let body = json!({"cluster": "cluster-orders-test", "service": SERVICE, "desiredCount": 1});
        let at = yard.pair.at(1, yard.pair.ports.aws);
        let target = "AmazonEC2ContainerServiceV20141113.UpdateService";
        call(at, &home(), "ecs", target, &body.to_string()).await.expect("an answer")
    };
    let (statuses, answer) = tokio::join!(slow, shrink);
    assert_eq!((statuses, answer.0), ([200, 200, 200], 200));
    eventually("two have ended", async || yard.fleet.is_steady()).await;
    assert_eq!(yard.fleet.services()[0].failed, 0, "{:?}", yard.told());
}

#[tokio::test]
async fn ecs_calls_are_answered_from_what_is_there() {
    let yard = steady(136).await;
    let at = yard.pair.at(1, yard.pair.ports.aws);
    let ask = async |operation: &str, body: Value| {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        let (status, text) = call(at, &home(), "ecs", &target, &body.to_string()).await.expect("an answer");
        (status, serde_json::from_str::<Value>(&text).expect("JSON"))
    };
    let services = json!({"cluster": "cluster-orders-test", "services": [SERVICE, "service-gone"]});
    let (status, said) = ask("DescribeServices", services).await;
    assert_eq!((status, &said["failures"][0]["reason"]), (200, &json!("MISSING")));
    let service = &said["services"][0];
    assert_eq!((&service["desiredCount"], &service["runningCount"]), (&json!(3), &json!(3)));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    let (status, said) = ask("UpdateService", json!({"cluster": "other", "service": SERVICE})).await;
    assert_eq!((status, &said["__type"]), (400, &json!("ClusterNotFoundException")));
    let group = service["loadBalancers"][0]["targetGroupArn"].as_str().expect("it is behind one");
    let form = format!("Action=DescribeTargetHealth&TargetGroupArn={group}");
    let (status, xml) = call(at, &home(), "elasticloadbalancing", "", &form).await.expect("an answer");
    assert_eq!((status, xml.matches("<State>healthy</State>").count()), (200, 3), "{xml}");
    let (status, said) = ask("RunTask", json!({"cluster": "cluster-orders-test"})).await;
    assert_eq!((status, &said["__type"]), (400, &json!("UnknownOperationException")));
}

#[tokio::test]
async fn load_makes_a_service_grow_and_the_figures_are_told() {
    let policy = TargetTracking {
        name: "policy-requests-test".to_owned(),
        metric: Metric::RequestsPerTarget,
        target: 60.0,
        out_cooldown: Duration::from_secs(60),
        in_cooldown: Duration::from_secs(3600),
        never_in: false,
    };
    let service = drill::fleet::plan::ServicePlan { scaling: scaling(vec![policy]), ..service() };
    let yard = Yard::new(137, service, Duration::from_millis(500)).await;
    yard.settles().await;
    asked_until(&yard, || !yard.fleet.scaled().is_empty()).await;
    let scaled = yard.fleet.scaled().remove(0);
    assert_eq!((scaled.change.from, scaled.change.to), (3, 6), "{scaled:?}");
    assert!(scaled.change.measured > 60.0);
    assert!(yard.told().iter().any(|line| line.starts_with("scaled:") && line.contains("3 → 6 tasks")));
    eventually("the new ones are well", async || yard.fleet.services()[0].healthy == 6).await;
}

#[tokio::test]
async fn a_dead_region_refuses_whatever_stands_behind_its_load_balancer() {
    let yard = steady(138).await;
    yard.pair.faults.inject(&Fault::Refuse { region: home() });
    let edge = yard.pair.at(1, yard.pair.ports.edge);
    eventually("the edge is closed", async || tokio::net::TcpStream::connect(edge).await.is_err()).await;
    yard.pair.faults.lift(&Fault::Refuse { region: home() });
    eventually("the edge is open again", async || tokio::net::TcpStream::connect(edge).await.is_ok()).await;
    assert_eq!(yard.get("/orders").await.0, 200);
}
