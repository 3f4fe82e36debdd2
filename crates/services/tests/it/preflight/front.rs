//! Stands before the emulator: plays the RDS API, refuses what a test wants refused, and passes the
//! rest on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::stage::ACCOUNT;
use crate::proxy::{self, Call};

/// One region's cluster, as RDS describes it.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub region: &'static str,
    pub name: String,
    pub reader: Option<SocketAddr>,
    pub version: &'static str,
    pub status: &'static str,
}

/// What RDS knows.
#[derive(Clone, Debug)]
pub struct Rds {
    pub global: String,
    pub writer: &'static str,
    pub clusters: [Cluster; 2],
}

#[derive(Clone)]
pub struct Front {
    pub url: String,
    pub rds: Arc<Mutex<Rds>>,
    /// Services that are refused, and for the tables a part of the refused body.
    refused: Arc<Mutex<Option<(&'static str, &'static str)>>>,
    /// Functions that were invoked, with the query of the call, and with what; they answer here and not in the emulator.
    pub invoked: Arc<Mutex<Vec<(String, String)>>>,
    /// Whether functions break off when they are invoked.
    pub breaking: Arc<AtomicBool>,
    /// Services that take calls and never answer.
    silent: Arc<Mutex<Vec<&'static str>>>,
}

impl Front {
    pub async fn open(rds: Rds) -> Self {
        let front = Self {
            url: String::new(),
            rds: Arc::new(Mutex::new(rds)),
            refused: Arc::default(),
            invoked: Arc::default(),
            breaking: Arc::default(),
            silent: Arc::default(),
        };
        let answering = front.clone();
        let url = proxy::open(move |call| answer(answering.clone(), call)).await;
        Self { url, ..front }
    }

    /// No call to these services is answered from now on.
    pub fn silence(&self, services: &[&'static str]) {
        *self.silent.lock().expect("no test panics in here") = services.to_vec();
    }

    /// Every call to `service` whose body has `part` is refused from now on.
    pub fn refuse(&self, service: &'static str, part: &'static str) {
        *self.refused.lock().expect("no test panics in here") = Some((service, part));
    }
}

async fn answer(front: Front, call: Call) -> Response {
    let silent = front.silent.lock().expect("no test panics in here").contains(&call.service.as_str());
    if silent {
        return std::future::pending().await;
    }
    let refused = *front.refused.lock().expect("no test panics in here");
    if refused.is_some_and(|(refused, part)| call.service == refused && call.body.contains(part)) {
        let denied = r#"{"__type":"AccessDeniedException","message":"refused by the test"}"#;
        return (StatusCode::FORBIDDEN, denied).into_response();
    }
    if call.service == "rds" {
        let xml = front.rds.lock().expect("no test panics in here").answer(&call.region, &call.body);
        return ([("content-type", "text/xml")], xml).into_response();
    }
    if let Some(function) = call.parts.uri.path().strip_suffix("/invocations") {
        let function = function.rsplit('/').next().unwrap_or_default();
        let function = format!("{function}?{}", call.parts.uri.query().unwrap_or_default());
        front.invoked.lock().expect("no test panics in here").push((function, call.body.clone()));
        let breaks = front.breaking.load(Ordering::Relaxed);
        return match breaks {
            true => ([("x-amz-function-error", "Unhandled")], "{}").into_response(),
            false => "null".into_response(),
        };
    }
    call.pass_on().await
}

impl Rds {
    fn arn(&self, cluster: &Cluster) -> String {
        format!("arn:aws:rds:{}:{ACCOUNT}:cluster:{}", cluster.region, cluster.name)
    }

    fn answer(&self, region: &str, form: &str) -> String {
        let of = |action: &str| form.contains(&format!("Action={action}&"));
        let (action, result) = if of("DescribeGlobalClusters") {
            ("DescribeGlobalClusters", self.global())
        } else {
            let cluster = self.clusters.iter().find(|cluster| cluster.region == region);
            ("DescribeDBClusters", cluster.map(Self::cluster).unwrap_or_default())
        };
        format!(
            "<{action}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{action}Result>{result}\
             </{action}Result></{action}Response>"
        )
    }

    fn global(&self) -> String {
        let member = |cluster: &Cluster| {
            format!(
                "<GlobalClusterMember><DBClusterArn>{}</DBClusterArn><IsWriter>{}</IsWriter>\
                 <SynchronizationStatus>connected</SynchronizationStatus></GlobalClusterMember>",
                self.arn(cluster),
                cluster.region == self.writer
            )
        };
        let members: String = self.clusters.iter().map(member).collect();
        format!(
            "<GlobalClusters><GlobalClusterMember><GlobalClusterIdentifier>{}</GlobalClusterIdentifier>\
             <Status>available</Status><GlobalClusterMembers>{members}</GlobalClusterMembers>\
             </GlobalClusterMember></GlobalClusters>",
            self.global
        )
    }

    fn cluster(cluster: &Cluster) -> String {
        let Cluster { name, version, status, .. } = cluster;
        let reader = cluster.reader.map_or(String::new(), |at| {
            format!("<ReaderEndpoint>{}</ReaderEndpoint><Port>{}</Port>", at.ip(), at.port())
        });
        format!(
            "<DBClusters><DBCluster><DBClusterIdentifier>{name}</DBClusterIdentifier><Status>{status}</Status>\
             <EngineVersion>{version}</EngineVersion>\
             <DbClusterResourceId>cluster-{name}</DbClusterResourceId>{reader}</DBCluster></DBClusters>"
        )
    }
}
