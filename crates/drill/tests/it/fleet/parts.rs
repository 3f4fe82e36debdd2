//! A region with a load balancer and a few tasks of a small program, before a real gateway.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use drill::fleet::plan::{FleetPlan, RolloutRules, ScalingPlan, ServicePlan};
use drill::fleet::{Fleet, Fleets, Surroundings};
use drill::gateway::balancer::plan::{Action, Algorithm, BalancerPlan, Condition, Rule, TargetCheck};
use drill::owned::RunDirectory;
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::gateway::pair::{Pair, home};

/// Answers with its port and settings; takes half a second for `/orders/slow`; ends in order on SIGTERM.
const PROGRAM: &str = r#"#!/usr/bin/env python3
import http.server, json, os, signal, socketserver, sys, threading, time
host, port = os.environ["STANDFAST_LISTEN"].rsplit(":", 1)
class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/orders/slow":
            time.sleep(0.5)
        body = json.dumps({"port": int(port), "region": os.environ["AWS_REGION"],
            "place": os.environ.get("PLACE"), "for": self.headers.get("X-Forwarded-For")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *_):
        pass
class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads, request_queue_size = True, 64
server = Server((host, int(port)), Answers)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
"#;

/// The name of the one service.
pub const SERVICE: &str = "service-orders-service-test";

pub fn balancer() -> BalancerPlan {
    let paths = ["/orders", "/orders/*"].map(str::to_owned).into();
    BalancerPlan {
        check: TargetCheck {
            path: "/health/live".to_owned(),
            interval: Duration::from_millis(200),
            timeout: Duration::from_secs(2),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            success: vec![200..=200],
        },
        drain: Duration::from_secs(10),
        algorithm: Algorithm::RoundRobin,
        rules: vec![Rule { conditions: vec![Condition::Path(paths)], action: Action::Forward }],
        default: Action::Fixed {
            status: StatusCode::NOT_FOUND,
            content_type: Some("application/json".to_owned()),
            body: "{\"error\":\"no_such_path\"}".to_owned(),
        },
        idle: Duration::from_secs(20),
    }
}

pub fn service() -> ServicePlan {
    ServicePlan {
        cluster: "cluster-orders-test".to_owned(),
        name: SERVICE.to_owned(),
        binary: "orders-service".to_owned(),
        arguments: Vec::new(),
        environment: BTreeMap::from([("PLACE".to_owned(), "template".to_owned())]),
        unknown: Vec::new(),
        cpu_units: 256,
        desired: 3,
        zones: 3,
        balanced: true,
        check: None,
        rollout: RolloutRules {
            healthy_percent_min: 100,
            running_percent_max: 200,
            breaker: true,
            rolls_back: true,
            grace: Duration::from_secs(6),
        },
        stop_timeout: Duration::from_secs(1),
        scaling: None,
    }
}

pub fn scaling(policies: Vec<drill::fleet::plan::TargetTracking>) -> Option<ScalingPlan> {
    Some(ScalingPlan { min: 3, max: 6, policies, timed: Vec::new() })
}

/// A fleet in home, behind home's gateway.
pub struct Yard {
    pub pair: Pair,
    pub fleet: Fleet,
    _directory: tempfile::TempDir,
}

impl Yard {
    pub async fn new(net: u8, service: ServicePlan, minute: Duration) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let program = directory.path().join("orders-service");
        std::fs::write(&program, PROGRAM).expect("a program");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&program, mode).expect("it is ours");
        let run = Arc::new(RunDirectory::create(directory.path()).expect("a run directory"));
        let path = std::env::var("PATH").expect("a search path");
        let surroundings = Surroundings {
            region: home(),
            run,
            binaries: directory.path().to_owned(),
            zones: (0..3).map(|zone| Ipv4Addr::new(127, net, 1, 1 + zone)).collect(),
            overrides: BTreeMap::from([("PATH".to_owned(), path)]),
        };
        let plan =
            FleetPlan { services: vec![service], balancer: Some(balancer()), not_exercised: Vec::new() };
        let fleet = Fleet::start(plan, surroundings, minute);
        let pair = Pair::echoing(net).await;
        pair.gateway.balance(&home(), fleet.balancer().expect("it has one").clone());
        pair.gateway.answer_container_calls(Arc::new(Fleets(vec![fleet.clone()])));
        Self { pair, fleet, _directory: directory }
    }

    /// Waits until every task is well.
    pub async fn settles(&self) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while !self.fleet.is_steady() {
            assert!(tokio::time::Instant::now() < deadline, "never steady: {:#?}", self.told());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// One request over a connection of its own: status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.pair.at(1, self.pair.ports.edge)).await.expect("home lives");
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: orders.trading.example\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it is text");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        (status.expect("a status line"), body.unwrap_or_default())
    }

    /// What was noted, from the oldest on.
    pub fn told(&self) -> Vec<String> {
        self.fleet.events(0).into_iter().map(|event| format!("{}: {}", event.event, event.detail)).collect()
    }
}
