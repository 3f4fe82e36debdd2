//! Keeps the functions that a region may not need for weeks from becoming inactive.

use aws_sdk_lambda::primitives::Blob;
use recovery::preflight::NUDGE_QUALIFIER;
use tokio::task::JoinSet;

use super::Preflight;
use super::ask::Gap;
use crate::aws::CallFailed;
use crate::nudge;

/// Nudges each of them. One that does not start is a gap: a recovery would meet it so.
pub(super) async fn nudge(preflight: &Preflight) -> Result<(), Gap> {
    let names = preflight.settings.idle_functions.split(',').filter(|name| !name.is_empty());
    let mut nudges: JoinSet<_> = names.map(|name| one(preflight.aws.clone(), name.to_owned())).collect();
    let mut gaps = Vec::new();
    while let Some(nudged) = nudges.join_next().await {
        if let Err(gap) = nudged.unwrap_or_else(|error| Err(format!("a nudge broke off: {error}"))) {
            gaps.push(gap);
        }
    }
    gaps.sort();
    if gaps.is_empty() { Ok(()) } else { Err(Gap::Failed(gaps.join("; "))) }
}

async fn one(aws: aws_config::SdkConfig, name: String) -> Result<(), String> {
    let client = aws_sdk_lambda::Client::new(&aws);
    let event = Blob::new(nudge::event().to_string());
    let call = client.invoke().function_name(&name).qualifier(NUDGE_QUALIFIER);
    let answer = call.payload(event).send().await;
    let failed = |reason: &str| format!("{name} does not start: {reason}");
    let answer = answer.map_err(|error| failed(&CallFailed::new("lambda:InvokeFunction", error).reason))?;
    answer.function_error().map_or(Ok(()), |error| Err(failed(error)))
}
