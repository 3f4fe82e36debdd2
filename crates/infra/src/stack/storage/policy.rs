//! What a bucket refuses, whoever asks.

use cdk::Handle;
use cfn::{Json, Value};
use serde_json::json;

/// Nothing without TLS 1.2, and nothing written under another key than the bucket's. Whoever names no
/// key gets the bucket's by default, hence the conditions on the key's being named at all.
pub(super) fn of(arn: &str, key: &Handle) -> Json {
    let everything = json!([arn, format!("{arn}/*")]);
    let objects = json!([format!("{arn}/*")]);
    let key = Value::<String>::from(key.attribute("Arn"));
    let deny = |id: &str, action: &str, resource: &Json, condition: Json| {
        json!({
            "Sid": id, "Effect": "Deny", "Principal": "*",
            "Action": action, "Resource": resource, "Condition": condition,
        })
    };
    const ENCRYPTION: &str = "s3:x-amz-server-side-encryption";
    const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    json!({ "Version": "2012-10-17", "Statement": [
        deny("TlsOnly", "s3:*", &everything, json!({ "Bool": { "aws:SecureTransport": "false" } })),
        deny("ModernTlsOnly", "s3:*", &everything, json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } })),
        deny("NoOtherEncryption", "s3:PutObject", &objects, json!({
            "Null": { ENCRYPTION: "false" }, "StringNotEquals": { ENCRYPTION: "aws:kms" },
        })),
        deny("NoOtherKey", "s3:PutObject", &objects, json!({
            "Null": { KEY: "false" }, "StringNotEquals": { KEY: key },
        })),
    ] })
}
