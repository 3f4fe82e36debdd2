//! Goal: CloudFormation is always answered, in its own form, and no answer is lost to one broken
//! connection. Method: a loopback server that plays the signed URL, and work that succeeds, fails, hangs,
//! panics.

#[path = "../../tests/it/cloudformation.rs"]
mod cloudformation;

use std::convert::Infallible;

use super::*;
use cloudformation::{request, url};

fn event(url: &str, request_type: &str) -> Value {
    request(url, request_type, json!({ "ServiceToken": "arn", "Shards": "4" }))
}

fn envelope(url: &str) -> Envelope {
    Envelope::read(&event(url, "Create")).expect("it says where to answer to")
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(200)
}

async fn answer_to(work: impl Future<Output = Result<Done, Failure>> + Send + 'static) -> Value {
    let (url, taken) = url(0).await;
    let prober = Prober::new(None).expect("a prober");
    serve(&prober, &envelope(&url), soon(), work).await.expect("it is delivered");
    let taken = taken.lock().expect("no test panics in here");
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].0, None, "the URL is signed without a content type");
    taken[0].1.clone()
}

fn done() -> Done {
    Done { physical_id: "users".to_owned(), detail: "4 users".to_owned() }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

#[tokio::test]
async fn what_was_done_is_answered_in_words() {
    let answer = answer_to(async { Ok(done()) }).await;
    assert_eq!(
        answer,
        json!({
            "Status": "SUCCESS",
            "Reason": "4 users",
            "PhysicalResourceId": "users",
            "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/s/1",
            "RequestId": "request-1",
            "LogicalResourceId": "DatabaseRoles",
        })
    );
}

#[tokio::test]
async fn what_failed_is_answered_with_its_reason() {
    let answer = answer_to(async { Err(Failure("no database".to_owned())) }).await;
    assert_eq!((&answer["Status"], &answer["Reason"]), (&json!("FAILED"), &json!("no database")));
    assert_eq!(answer["PhysicalResourceId"], NEVER_CREATED, "the roll-back names it");
}

#[tokio::test]
async fn what_hangs_or_breaks_is_answered_all_the_same() {
    let answer = answer_to(std::future::pending()).await;
    assert_eq!(answer["Status"], "FAILED");
    assert!(answer["Reason"].as_str().is_some_and(|why| why.starts_with("not finished")), "{answer}");
    let answer = answer_to(async { panic!("as it should not") }).await;
    assert_eq!(answer["Status"], "FAILED");
    assert_eq!(answer["Reason"], "the function broke; its log says where");
}

#[test]
fn a_failure_keeps_the_id_and_is_short_enough() {
    let long = |length| "l".repeat(length);
    let envelope = Envelope {
        response_url: String::new(),
        stack_id: long(200),
        request_id: long(36),
        logical_id: long(255),
        physical_id: Some(long(1024)),
    };
    let answer = envelope.answer(&Err("ä".repeat(10_000)));
    assert_eq!((&answer["Status"], &answer["PhysicalResourceId"]), (&json!("FAILED"), &json!(long(1024))));
    assert_eq!(answer["Reason"].as_str().map(str::len), Some(REASON_BYTES_MAX));
    assert!(answer.to_string().len() < 4096);
}

#[tokio::test]
async fn a_refused_answer_is_delivered_again_and_at_last_given_up() {
    let prober = Prober::new(None).expect("a prober");
    let nothing = || async { Ok::<_, Infallible>(done()) };
    let (patient, taken) = url(2).await;
    serve(&prober, &envelope(&patient), soon(), nothing()).await.expect("the third try");
    assert_eq!(taken.lock().expect("no test panics in here").len(), 1);

    let (closed, _) = url(usize::MAX).await;
    let error = serve(&prober, &envelope(&closed), soon(), nothing()).await;
    let error = error.expect_err("nobody takes it");
    assert!(matches!(error, Unanswered::Refused(503)), "{error}");
    let error = serve(&prober, &envelope("?signature=secret"), soon(), nothing()).await;
    let error = error.expect_err("nobody can be asked there");
    assert!(!cause(&error).contains("secret") && !format!("{error:?}").contains("secret"), "{error:?}");
}

#[test]
fn an_envelope_is_read_from_whatever_says_where_to_answer_to() {
    for kind in ["Create", "Update", "Delete"] {
        assert!(Request::read(&event("http://localhost/x", kind)).is_ok(), "{kind}");
    }
    let replace = event("http://localhost/x", "Replace");
    assert!(Request::read(&replace).is_err() && Envelope::read(&replace).is_some());
    assert!(Envelope::read(&json!({ "ResponseURL": "http://localhost/x", "StackId": 1 })).is_some());
    assert_eq!(Envelope::read(&json!({ "Step": "createSecret", "SecretId": "s" })), None);

    let mut update = event("http://localhost/x?signature=secret", "Update");
    assert_eq!(envelope("http://localhost/x").lasting_id(), "DatabaseRoles");
    update["PhysicalResourceId"] = json!("first-name");
    let envelope = Envelope::read(&update).expect("it says where to answer to");
    assert_eq!(envelope.lasting_id(), "first-name", "another one would mean a replacement");
    assert!(!format!("{envelope:?}").contains("secret"));
    let update = Request::read(&update).expect("it is a request");
    assert_eq!(update.text("Shards"), Some("4"));
    assert!(!format!("{update:?}").contains("secret"));
}
