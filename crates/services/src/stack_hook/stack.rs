//! Whether a stack is being removed.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackStatus;

use super::HookError;
use crate::aws::CallFailed;

/// So while the stack is deleted, and while a creation that failed is taken back.
pub(super) async fn is_being_removed(cloudformation: &Client, stack_id: &str) -> Result<bool, HookError> {
    const CALL: &str = "cloudformation:DescribeStacks";
    let answer = cloudformation.describe_stacks().stack_name(stack_id).send().await;
    let answer = answer.map_err(|error| CallFailed::new(CALL, error))?;
    let status = answer.stacks().first().and_then(|stack| stack.stack_status());
    let status = status.ok_or_else(|| CallFailed::unreadable(CALL, "the stack is not in it"))?;
    Ok(matches!(status, StackStatus::DeleteInProgress | StackStatus::RollbackInProgress))
}
