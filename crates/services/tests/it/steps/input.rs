//! Goal: an input that is no request is refused clearly, under a name that is never retried, and
//! every error reaches Step Functions under its own name. Method: malformed inputs, and each error.

use lambda_runtime::Diagnostic;
use recovery::step::{Action, error};
use serde_json::json;
use services::steps::{StepError, parse};

use super::stage::Stage;

#[test]
fn malformed_inputs_are_refused_by_field() {
    let context = json!({
        "epoch": 2, "region": "us-east-2", "lost_region": "us-east-1", "evidence": "test", "taken_at_ms": 1,
    });
    assert!(parse(&json!({ "action": "own_lease", "context": context })).is_ok());
    for (input, named) in [
        (json!(null), "struct Request"),
        (json!([]), "struct Request"),
        (json!({}), "action"),
        (json!({ "action": "reboot", "context": context }), "unknown variant `reboot`"),
        (json!({ "action": "own_lease" }), "context"),
        (json!({ "action": "own_lease", "context": {} }), "epoch"),
        (json!({ "action": "own_lease", "context": context, "force": true }), "unknown field `force`"),
        (json!({ "action": "own_lease", "context": context, "cursor": 7 }), "string"),
    ] {
        let error = parse(&input).expect_err("it is no request");
        assert!(error.to_string().contains(named), "{input}: {error}");
        assert_eq!(Diagnostic::from(error).error_type, error::INVALID);
    }
    let nowhere = json!({
        "action": "own_lease",
        "context": { "epoch": 2, "region": "nowhere", "lost_region": "us-east-1", "evidence": "", "taken_at_ms": 1 },
    });
    let error = parse(&nowhere).expect_err("there is no such region");
    assert!(error.to_string().contains("`nowhere` is not an AWS region name"), "{error}");
}

#[test]
fn every_error_has_the_name_that_the_workflow_matches() {
    for (step_error, name) in [
        (StepError::NotYet("x".to_owned()), error::NOT_YET),
        (StepError::NotOwner("x".to_owned()), error::NOT_OWNER),
        (StepError::NotConfirmed("x".to_owned()), error::NOT_CONFIRMED),
        (StepError::Moved("x".to_owned()), error::MOVED),
        (StepError::transient("the lease", "x"), error::TRANSIENT),
    ] {
        assert_eq!(Diagnostic::from(step_error).error_type, name);
    }
}

#[tokio::test]
async fn a_context_for_another_region_and_a_damaged_cursor_are_refused() {
    let mut stage = Stage::new().await;
    let error = stage.go_on(Action::ReplayJournal, Some("{".to_owned())).await.expect_err("no cursor");
    assert!(matches!(&error, StepError::Invalid(why) if why.contains("cursor")), "{error}");
    std::mem::swap(&mut stage.context.region, &mut stage.context.lost_region);
    let error = stage.run(Action::OwnLease).await.expect_err("another region's context");
    assert!(matches!(&error, StepError::Invalid(_)), "{error}");
}
