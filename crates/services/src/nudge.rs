//! A nudge: an invocation that asks a function for nothing but to start.
//!
//! Lambda takes the network interfaces of a function in a VPC back when nothing has called it for weeks, and
//! fails the call that comes then. The preflight nudges the functions that a region may not need for so long.
//!
//! Source: Lambda developer guide, "Understanding Hyperplane Elastic Network Interfaces (ENIs)" and "Lambda
//! function states".

use serde_json::{Value, json};

/// The event. For a function that is fed from a queue it is a batch without a message.
pub fn event() -> Value {
    json!({ "nudge": true, "Records": [] })
}

/// Whether an event is one.
pub fn is_nudge(event: &Value) -> bool {
    *event == self::event()
}

#[cfg(test)]
mod tests {
    //! Goal: a nudge is one to whoever gets it, and nothing else is. Method: the event, and others.

    use super::*;

    #[test]
    fn only_a_nudge_is_one() {
        assert!(is_nudge(&event()));
        let others =
            [json!({ "Records": [] }), json!({ "nudge": true, "Records": [{}] }), json!({}), Value::Null];
        assert!(others.iter().all(|other| !is_nudge(other)));
    }
}
