//! Journal = database, page by page: the same three states in both workflows.

use asl::{Catch, Choice, Pass, Path, Rule, StateMachine, Task};
use serde_json::json;

use super::task::paged_task;
use crate::step::Action;

/// The first of these states.
pub(super) const BEGIN: &str = "BeginComparison";
const CURSOR_PATH: &str = "$.comparison";

/// Adds begin → compare → all?, which goes on with `next` when everything is compared, and with what `catch` names
/// when something is not equal for good.
pub(super) fn compared(machine: StateMachine, function_arn: &str, next: &str, catch: Catch) -> StateMachine {
    let begin = Pass {
        comment: Some("The first page has no cursor.".to_owned()),
        result: Some(json!({"done": false, "cursor": null})),
        result_path: Some(Path::at(CURSOR_PATH)),
        ..Pass::default()
    };
    let compare =
        Task { catch: vec![catch], ..paged_task(Action::CompareJournal, function_arn, CURSOR_PATH) };
    let done = Choice {
        comment: Some("Goes on with the next page until there is none.".to_owned()),
        ..Choice::new(vec![Rule::boolean("$.comparison.done", true).then(next)], "CompareJournal")
    };
    machine
        .with(BEGIN, begin.then("CompareJournal"))
        .with("CompareJournal", compare.then("ComparedAll"))
        .with("ComparedAll", done)
}
