//! A nudge: an invocation that asks a function for nothing but to start.
//!
//! Lambda takes the network interfaces of a function in a VPC back when nothing has called it for weeks, and
//! fails the call that comes then. The preflight nudges the functions that a region may not need for so long.
//!
//! Source: Lambda developer guide, "Understanding Hyperplane Elastic Network Interfaces (ENIs)" and "Lambda
//! function states".

use lambda_runtime::Diagnostic;
use recovery::preflight::NUDGE_QUALIFIER;
use serde_json::{Value, json};

/// Work came in the way that only nudges come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("who calls this function by the qualifier {NUDGE_QUALIFIER} may nudge it and nothing else")]
pub struct NudgesOnly;

impl From<NudgesOnly> for Diagnostic {
    fn from(refused: NudgesOnly) -> Self {
        Self { error_type: "NudgesOnly".to_owned(), error_message: refused.to_string() }
    }
}

/// The event. For a function that is fed from a queue it is a batch without a message.
pub fn event() -> Value {
    json!({ "nudge": true, "Records": [] })
}

/// Whether an event is one.
pub fn is_nudge(event: &Value) -> bool {
    *event == self::event()
}

/// What a function has to do for an event; nothing for a nudge. `invoked` is the ARN by which it was called, which
/// "indicates if the invoker specified a version number or alias".
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/python-context.html>
///
/// # Errors
/// When work comes by the qualifier by which the preflight may call, whoever sends it.
pub fn work(invoked: &str, event: Value) -> Result<Option<Value>, NudgesOnly> {
    if is_nudge(&event) {
        return Ok(None);
    }
    let qualifier = invoked.rsplit(':').next();
    if qualifier == Some(NUDGE_QUALIFIER) {
        tracing::error!(invoked, "work came in the way of nudges and is not done");
        return Err(NudgesOnly);
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    //! Goal: a nudge is one to whoever gets it, and nothing else is; who may only nudge can do nothing else.
    //! Method: the event, and others, by each way to call.

    use super::*;

    #[test]
    fn only_a_nudge_is_one() {
        assert!(is_nudge(&event()));
        let others =
            [json!({ "Records": [] }), json!({ "nudge": true, "Records": [{}] }), json!({}), Value::Null];
        assert!(others.iter().all(|other| !is_nudge(other)));
    }

    #[test]
    fn whoever_may_only_nudge_can_do_nothing_else() {
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:function-recovery-step-production";
        let [nudges, others] = [format!("{arn}:$LATEST"), arn.to_owned()];
        let order = json!({ "action": "promote" });
        assert_eq!(work(&nudges, event()), Ok(None));
        assert_eq!(work(&nudges, order.clone()), Err(NudgesOnly));
        assert_eq!(work(&others, event()), Ok(None));
        assert_eq!(work(&others, order.clone()), Ok(Some(order.clone())));
        assert_eq!(
            work(&format!("{arn}:7"), order.clone()),
            Ok(Some(order)),
            "a release's own version works"
        );
    }
}
