//! The buckets of both regions, each of which S3 copies to its like in the other one.

use aws_config::SdkConfig;
use aws_sdk_s3::types::ReplicationRuleStatus;
use recovery::preflight::{Check, Finding};

use super::ask::{Answer, Gap, ask, from_check, judge};
use super::{Preflight, Seen};
use crate::aws::CallFailed;

pub(super) async fn check(preflight: &Preflight, seen: &Seen) -> Finding {
    ask(Check::Buckets, buckets(preflight, seen)).await
}

/// How late single copies are S3 tells CloudWatch alone.
async fn buckets(preflight: &Preflight, seen: &Seen) -> Answer {
    let aws = from_check(seen.peer.as_ref(), Check::Observer)?;
    let (own_region, peer_region) = (preflight.regions.own.as_str(), preflight.regions.peer.as_str());
    let mut wrong = Vec::new();
    for own in preflight.settings.buckets.split(',').filter(|name| !name.is_empty()) {
        let peer = own.replace(own_region, peer_region);
        let (there, back) = tokio::join!(leads_to(&preflight.aws, own, &peer), leads_to(aws, &peer, own),);
        wrong.extend([there?, back?].into_iter().flatten());
    }
    judge(wrong.is_empty(), "each is replicated both ways", wrong.join("; "))
}

/// What keeps `from` from being copied to `to`, if anything.
async fn leads_to(aws: &SdkConfig, from: &str, to: &str) -> Result<Option<String>, Gap> {
    // By path: a name with the bucket before it resolves in AWS only, and both lead to the same.
    let config = aws_sdk_s3::config::Builder::from(aws).force_path_style(true).build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let answer = client.get_bucket_replication().bucket(from).send().await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let failed = CallFailed::new("s3:GetReplicationConfiguration", error);
            return if failed.refused {
                Ok(Some(format!("{from}: {}", failed.reason)))
            } else {
                Err(failed.into())
            };
        }
    };
    let rules = answer.replication_configuration.map(|configuration| configuration.rules).unwrap_or_default();
    let copied = rules.iter().any(|rule| {
        let destination = rule.destination().map(|destination| destination.bucket());
        rule.status() == &ReplicationRuleStatus::Enabled && destination == Some(&format!("arn:aws:s3:::{to}"))
    });
    Ok((!copied).then(|| format!("{from} is not replicated to {to}")))
}
