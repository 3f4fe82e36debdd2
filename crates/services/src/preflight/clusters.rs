//! The global cluster and its two members, as the database's control plane knows them.

use aws_config::SdkConfig;
use aws_sdk_rds::types::{DbCluster, GlobalCluster, GlobalClusterMemberSynchronizationStatus as InStep};
use recovery::preflight::{Check, Finding};

use super::ask::{Answer, Gap, ask, from_check, judge};
use super::{Preflight, Seen};
use crate::aws::CallFailed;

pub(super) async fn check(preflight: &Preflight, seen: &Seen) -> Finding {
    ask(Check::Clusters, clusters(preflight, seen)).await
}

async fn clusters(preflight: &Preflight, seen: &Seen) -> Answer {
    let owner = &from_check(seen.lease.as_ref(), Check::Lease)?.owner;
    let peer = from_check(seen.peer.as_ref(), Check::Observer)?;
    let names = (&preflight.clusters.own, &preflight.settings.peer_cluster);
    let (global, own, peer) =
        tokio::join!(global(preflight), cluster(&preflight.aws, names.0), cluster(peer, names.1),);
    let (global, own, peer) = (global?, own?, peer?);
    let mut wrong = members(preflight, &global, owner.as_str());
    for cluster in [&own, &peer] {
        wrong.extend(unwell(cluster));
    }
    let versions = [&own, &peer].map(|cluster| cluster.engine_version().unwrap_or_default());
    if versions[0] != versions[1] {
        wrong.push(format!("engine versions {} here and {} there", versions[0], versions[1]));
    }
    let groups = [&own, &peer].map(|cluster| cluster.db_cluster_parameter_group().unwrap_or_default());
    if groups[0] != groups[1] {
        wrong.push(format!("parameter groups {} here and {} there", groups[0], groups[1]));
    }
    judge(wrong.is_empty(), format!("both members are available at {}", versions[0]), wrong.join("; "))
}

async fn global(preflight: &Preflight) -> Result<GlobalCluster, Gap> {
    let name = &preflight.clusters.global;
    let client = aws_sdk_rds::Client::new(&preflight.aws);
    let answer = client.describe_global_clusters().global_cluster_identifier(name).send().await;
    let answer = answer.map_err(|error| CallFailed::new("rds:DescribeGlobalClusters", error))?;
    let mut all = answer.global_clusters.unwrap_or_default().into_iter();
    let found = all.find(|global| global.global_cluster_identifier() == Some(name.as_str()));
    found.ok_or_else(|| Gap::Failed(format!("there is no {name}")))
}

/// A region's own cluster, through `aws`.
pub(super) async fn cluster(aws: &SdkConfig, name: &str) -> Result<DbCluster, Gap> {
    let client = aws_sdk_rds::Client::new(aws);
    let answer = client.describe_db_clusters().db_cluster_identifier(name).send().await;
    let answer = answer.map_err(|error| CallFailed::new("rds:DescribeDBClusters", error))?;
    let found = answer.db_clusters.unwrap_or_default().into_iter().next();
    found.ok_or_else(|| Gap::Failed(format!("there is no {name}")))
}

/// What is wrong with the members: both have to be there, in step, and the owner's has to be the writer.
fn members(preflight: &Preflight, global: &GlobalCluster, owner: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(status) = global.status().filter(|status| *status != "available") {
        wrong.push(format!("the global cluster is {status}"));
    }
    let expected = [
        (&preflight.regions.own, &preflight.clusters.own),
        (&preflight.regions.peer, &preflight.settings.peer_cluster),
    ];
    for (region, name) in expected {
        // arn:aws:rds:REGION:ACCOUNT:cluster:IDENTIFIER
        let of = |arn: &str| {
            arn.split(':').nth(3) == Some(region.as_str()) && arn.rsplit(':').next() == Some(name.as_str())
        };
        let all = global.global_cluster_members();
        let Some(member) = all.iter().find(|member| member.db_cluster_arn().is_some_and(of)) else {
            wrong.push(format!("{name} of {region} is no member"));
            continue;
        };
        if member.is_writer() != Some(region.as_str() == owner) {
            let role = if member.is_writer() == Some(true) { "the writer" } else { "no writer" };
            wrong.push(format!("{name} is {role}, and {owner} owns the lease"));
        }
        if member.synchronization_status() == Some(&InStep::PendingResync) {
            wrong.push(format!("{name} is out of step"));
        }
    }
    wrong
}

fn unwell(cluster: &DbCluster) -> Vec<String> {
    let name = cluster.db_cluster_identifier().unwrap_or("a cluster");
    let status = cluster.status().unwrap_or("of no known status");
    let mut wrong = Vec::new();
    if status != "available" {
        wrong.push(format!("{name} is {status}"));
    }
    for member in cluster.db_cluster_members() {
        let status = member.db_cluster_parameter_group_status().unwrap_or("in-sync");
        if status != "in-sync" {
            let instance = member.db_instance_identifier().unwrap_or("an instance");
            wrong.push(format!("the parameters of {instance} are {status}"));
        }
    }
    wrong
}
