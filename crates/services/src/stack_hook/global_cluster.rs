//! Makes room for the removal of a writer that is not the first writer any more.
//!
//! A cluster that its template says to be a member of the global cluster is taken out of it by
//! CloudFormation, just before its removal; RDS refuses that for a writer that readers follow. So
//! after a change of roles those have to leave first. Its own cluster is left to CloudFormation,
//! which takes "no member" for "already removed" and would leave the cluster standing.

use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_rds::Client;
use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::types::GlobalClusterMember;

use super::HookError;
use crate::aws::CallFailed;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Answers to a removal that pass: another change of the global cluster is under way.
const PASSING: [&str; 2] = ["InvalidGlobalClusterStateFault", "InvalidDBClusterStateFault"];
/// Answers that say that there is nothing to remove.
const GONE: [&str; 2] = ["GlobalClusterNotFoundFault", "DBClusterNotFoundFault"];

/// If `own` is the writer: everybody else leaves, and is waited for. That is refused while the region's switch is
/// on: the system then lives in this database, and home's would be detached from it for good. The switch is gone
/// before its region's database where a whole deployment is taken away.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-detaching.html>
pub(super) async fn release(
    aws: &SdkConfig,
    global: &str,
    own: &str,
    switch: &str,
) -> Result<String, HookError> {
    let rds = Client::new(aws);
    let mut left: Vec<String> = Vec::new();
    loop {
        let Some(members) = members(&rds, global).await? else {
            return Ok(format!("{global} is gone already"));
        };
        let others = followers(&members, own);
        if others.is_empty() && left.is_empty() {
            return Ok(format!("{own} can leave {global} as it is"));
        }
        if others.is_empty() {
            return Ok(format!("{} left {global}", left.join(", ")));
        }
        if left.is_empty() && is_on(aws, switch).await? {
            let others = others.join(", ");
            return Err(HookError::Refused(format!(
                "{own} is the writer of {global}, and {switch} is on: without it {others} would be detached with \
                 what it has, and nobody would settle. Let the system go home first; to take everything away, \
                 turn the switch off and delete the stack again"
            )));
        }
        for other in others {
            if !left.iter().any(|gone| gone == other) && remove(aws, global, other).await? {
                left.push(other.to_owned());
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether the switch is on; one that is not there any more is off.
async fn is_on(aws: &SdkConfig, parameter: &str) -> Result<bool, HookError> {
    match aws_sdk_ssm::Client::new(aws).get_parameter().name(parameter).send().await {
        Ok(answer) => {
            Ok(answer.parameter.and_then(|found| found.value).is_some_and(|value| value.trim() == "on"))
        }
        Err(error) if error.code() == Some("ParameterNotFound") => Ok(false),
        Err(error) => Err(CallFailed::new("ssm:GetParameter", error).into()),
    }
}

/// The other members, if `own` is the writer.
fn followers<'m>(members: &'m [GlobalClusterMember], own: &str) -> Vec<&'m str> {
    let writes = members.iter().any(|m| m.db_cluster_arn() == Some(own) && m.is_writer() == Some(true));
    let others = members.iter().filter_map(|m| m.db_cluster_arn()).filter(|arn| *arn != own);
    if writes { others.collect() } else { Vec::new() }
}

/// `None` without the global cluster.
async fn members(rds: &Client, global: &str) -> Result<Option<Vec<GlobalClusterMember>>, HookError> {
    const CALL: &str = "rds:DescribeGlobalClusters";
    match rds.describe_global_clusters().global_cluster_identifier(global).send().await {
        Ok(answer) => {
            let mut found = answer.global_clusters.unwrap_or_default().into_iter();
            let found = found.find(|cluster| cluster.global_cluster_identifier() == Some(global));
            Ok(found.map(|cluster| cluster.global_cluster_members.unwrap_or_default()))
        }
        Err(error) if error.code().is_some_and(|code| GONE.contains(&code)) => Ok(None),
        Err(error) => Err(CallFailed::new(CALL, error).into()),
    }
}

/// Asks the member's own region; says whether it is on its way out.
async fn remove(aws: &SdkConfig, global: &str, arn: &str) -> Result<bool, HookError> {
    // arn:aws:rds:REGION:ACCOUNT:cluster:IDENTIFIER
    let region = arn.split(':').nth(3).unwrap_or_default().to_owned();
    let at = aws_sdk_rds::config::Builder::from(aws).region(Region::new(region)).build();
    let rds = Client::from_conf(at);
    let answer = rds
        .remove_from_global_cluster()
        .global_cluster_identifier(global)
        .db_cluster_identifier(arn)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.code().is_some_and(|code| GONE.contains(&code)) => Ok(true),
        Err(error) if error.code().is_some_and(|code| PASSING.contains(&code)) => Ok(false),
        Err(error) => Err(CallFailed::new("rds:RemoveFromGlobalCluster", error).into()),
    }
}
