//! What this release deployed: the functions and both workflows, in both regions.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use aws_sdk_sfn::types::StateMachineStatus;
use recovery::preflight::{Check, Finding};
use sha2::{Digest as _, Sha256};

use super::ask::{Answer, Gap, ask, from_check, judge};
use super::{Preflight, Seen, idle};
use crate::aws::CallFailed;

pub(super) async fn check(preflight: &Preflight, seen: &Seen) -> [Finding; 2] {
    let (functions, workflow) = tokio::join!(
        ask(Check::Functions, functions(preflight, seen)),
        ask(Check::Workflow, workflow(preflight, seen)),
    );
    [functions, workflow]
}

/// The nudges go out whatever the other questions come to.
async fn functions(preflight: &Preflight, seen: &Seen) -> Answer {
    let (started, same) = tokio::join!(idle::nudge(preflight), same_code(preflight, seen));
    let same = same?;
    started.map(|()| same)
}

async fn same_code(preflight: &Preflight, seen: &Seen) -> Answer {
    let names: Vec<&str> = preflight.settings.functions.split(',').filter(|name| !name.is_empty()).collect();
    let peer = from_check(seen.peer.as_ref(), Check::Observer)?;
    let (own, peer) = tokio::join!(code(&preflight.aws, &names), code(peer, &names));
    let (own, peer) = (own?, peer?);
    let different: Vec<&str> =
        names.iter().filter(|name| own.get(*name) != peer.get(*name)).copied().collect();
    judge(
        different.is_empty(),
        format!("{} functions, the same in both regions", names.len()),
        format!("other code than in {}: {}", preflight.regions.peer, different.join(", ")),
    )
}

/// The digest of each function's code, if all of them are ready to run.
async fn code<'n>(aws: &SdkConfig, names: &[&'n str]) -> Result<BTreeMap<&'n str, String>, Gap> {
    const CALL: &str = "lambda:GetFunctionConfiguration";
    let region = aws.region().map(ToString::to_string).unwrap_or_default();
    let client = aws_sdk_lambda::Client::new(aws);
    let mut digests = BTreeMap::new();
    for name in names {
        let answer = client.get_function_configuration().function_name(*name).send().await;
        let function = answer.map_err(|error| {
            let failed = CallFailed::new(CALL, error);
            Gap::told(failed.refused, format!("{name} in {region}: {}", failed.reason))
        })?;
        // An idle function in a VPC loses its interfaces after weeks, and its next call fails.
        let state = function.state().cloned().unwrap_or(State::Active);
        let updated = function.last_update_status().cloned().unwrap_or(LastUpdateStatus::Successful);
        if state != State::Active || updated != LastUpdateStatus::Successful {
            return Err(Gap::Failed(format!("{name} in {region} is {state}, its update {updated}")));
        }
        digests.insert(*name, function.code_sha256.unwrap_or_default());
    }
    Ok(digests)
}

async fn workflow(preflight: &Preflight, seen: &Seen) -> Answer {
    let peer = from_check(seen.peer.as_ref(), Check::Observer)?;
    let [failover, failback] = deployed_digests(preflight).await?;
    let machines = &preflight.trigger;
    let (there, back) = tokio::join!(
        as_deployed(preflight, peer, &machines.state_machine_arn, &failover),
        as_deployed(preflight, peer, &machines.failback_state_machine_arn, &failback),
    );
    let wrong = [("failover", there?), ("failback", back?)];
    let wrong = wrong.into_iter().filter_map(|(which, wrong)| Some(format!("the {which}: {}", wrong?)));
    let wrong: Vec<String> = wrong.collect();
    judge(
        wrong.is_empty(),
        format!("digests {failover} and {failback}, the same in both regions"),
        wrong.join("; "),
    )
}

/// What is wrong with one state machine, if anything.
async fn as_deployed(
    preflight: &Preflight,
    peer: &SdkConfig,
    arn: &str,
    digest: &str,
) -> Result<Option<String>, Gap> {
    let (own_region, peer_region) = (preflight.regions.own.as_str(), preflight.regions.peer.as_str());
    let peer_arn = arn.replace(own_region, peer_region);
    let (own, theirs) = tokio::join!(definition(&preflight.aws, arn), definition(peer, &peer_arn));
    let (own, theirs) = (own?, theirs?);
    let found: String = Sha256::digest(&own).iter().map(|byte| format!("{byte:02x}")).collect();
    if found != digest {
        return Ok(Some(format!("its definition has the digest {found}, deployed was {digest}")));
    }
    let same = own.replace(own_region, peer_region) == theirs;
    Ok((!same).then(|| format!("{peer_region} has another definition")))
}

async fn definition(aws: &SdkConfig, arn: &str) -> Result<String, Gap> {
    const CALL: &str = "states:DescribeStateMachine";
    let client = aws_sdk_sfn::Client::new(aws);
    let answer = client.describe_state_machine().state_machine_arn(arn).send().await;
    let machine = answer.map_err(|error| CallFailed::new(CALL, error))?;
    match machine.status() {
        Some(StateMachineStatus::Active) | None => Ok(machine.definition),
        Some(status) => Err(Gap::Failed(format!("{arn} is {status}"))),
    }
}

/// Of the failover and of the failback.
async fn deployed_digests(preflight: &Preflight) -> Result<[String; 2], Gap> {
    let client = aws_sdk_ssm::Client::new(&preflight.aws);
    let answer = client.get_parameter().name(&preflight.settings.workflow_digests).send().await;
    let answer = answer.map_err(|error| CallFailed::new("ssm:GetParameter", error))?;
    let value = answer.parameter.and_then(|parameter| parameter.value).unwrap_or_default();
    let digests = value.split_once(',').map(|(failover, failback)| [failover, failback].map(str::to_owned));
    digests.ok_or_else(|| Gap::Failed("the parameter of the digests does not hold two".to_owned()))
}
