//! The trail, what it may do to the audit bucket, and what people are told of it.

use infra::stack::audit::watch::WATCHED;
use serde_json::{Value, json};

use super::{HOME, REGIONS, STANDBY, TRAIL, only, stack, statements, texts};
use crate::{audited, one, synthesise};

const KIND: &str = "AWS::CloudTrail::Trail";

#[test]
fn one_trail_of_all_regions_is_managed_from_the_standby() {
    let templates = synthesise(&audited());
    assert!(
        stack(&templates, HOME).all(KIND).is_empty(),
        "a second one would record the same calls for money"
    );
    let trail = only(&templates, STANDBY, KIND);
    for on in ["IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation"] {
        assert_eq!(trail[on], true, "{on}");
    }
    assert_eq!(trail["S3BucketName"], "bucket-audit-us-east-2-111122223333-production");
    assert_eq!(trail["KMSKeyId"], "{{resolve:ssm:/standfast/production/storage/audit-key-arn}}");
    let key = one(
        &templates,
        STANDBY,
        "AWS::SSM::Parameter",
        "Name",
        "/standfast/production/storage/audit-key-arn",
    );
    assert!(key["Value"]["Fn::GetAtt"].is_array(), "{key}");
    assert!(trail["CloudWatchLogsLogGroupArn"]["Fn::GetAtt"].is_array());
    let logs = only(&templates, STANDBY, "AWS::Logs::LogGroup");
    assert!(logs["KmsKeyId"].is_string() && logs["RetentionInDays"].is_number(), "{logs}");
}

#[test]
fn cloudtrail_writes_for_our_trail_under_its_prefix_and_nothing_else() {
    let templates = synthesise(&audited());
    let bucket = "arn:aws:s3:::bucket-audit-us-east-2-111122223333-production";
    let storage = templates.iter().filter(|template| template.name.contains("-Storage-"));
    let mut allowed = Vec::new();
    for template in storage {
        for policy in template.all("AWS::S3::BucketPolicy") {
            let open = statements(&policy["PolicyDocument"]).iter();
            allowed.extend(open.filter(|one| one["Effect"] == "Allow").map(|one| (&template.region, one)));
        }
    }
    let found: Vec<(&str, &str)> = allowed
        .iter()
        .map(|(_, one)| (one["Action"].as_str().expect("one"), one["Resource"].as_str().expect("one")))
        .collect();
    let files = format!("{bucket}/trail/AWSLogs/111122223333/*");
    assert_eq!(found, [("s3:GetBucketAcl", bucket), ("s3:PutObject", files.as_str())]);
    for (region, one) in allowed {
        assert_eq!(region, STANDBY);
        assert_eq!(one["Principal"], json!({ "Service": "cloudtrail.amazonaws.com" }));
        assert_eq!(one["Condition"]["StringEquals"]["aws:SourceArn"], TRAIL);
    }
    let keys = templates.iter().flat_map(|template| template.all("AWS::KMS::Key"));
    let uses: Vec<&Value> = keys
        .flat_map(|key| statements(&key["KeyPolicy"]))
        .filter(|one| one["Principal"]["Service"] == "cloudtrail.amazonaws.com")
        .collect();
    let [using] = uses[..] else { panic!("one key lets a trail in: {uses:?}") };
    assert_eq!(texts(&using["Action"]), ["kms:DescribeKey", "kms:GenerateDataKey"].into());
    assert_eq!(using["Condition"], json!({ "StringEquals": { "aws:SourceArn": TRAIL } }));
}

#[test]
fn of_the_calls_on_data_the_trail_records_those_that_nobody_expects() {
    let templates = synthesise(&audited());
    let selectors = only(&templates, STANDBY, KIND)["AdvancedEventSelectors"].as_array().expect("selectors");
    let field = |selector: &Value, name: &str| {
        let fields = selector["FieldSelectors"].as_array().expect("fields");
        fields.iter().find(|field| field["Field"] == name).cloned().unwrap_or_default()
    };
    let [management, journal, records, trails] = &selectors[..] else { panic!("four: {selectors:?}") };
    assert_eq!(field(management, "eventCategory")["Equals"], json!(["Management"]));
    assert_eq!(management["FieldSelectors"].as_array().map(Vec::len), Some(1), "all of them, read or write");
    let tables = field(journal, "resources.ARN")["Equals"].clone();
    let table = |region| format!("arn:aws:dynamodb:{region}:111122223333:table/table-journal-production");
    assert_eq!(tables, json!(REGIONS.map(table)));
    let strangers = field(journal, "userIdentity.arn")["NotStartsWith"].clone();
    for region in REGIONS {
        for function in infra::packages::FUNCTIONS {
            let own = format!("arn:aws:sts::111122223333:assumed-role/role-{function}-{region}-production/");
            // These two have no business with the journal, and whoever makes a role for a container has none here.
            let stranger = ["database-keeper", "stack-hook"].contains(&function);
            assert_eq!(!texts(&strangers).contains(own.as_str()), stranger, "{own}");
        }
        assert!(!strangers.to_string().contains("orders-service"), "there are no containers here");
    }
    assert_eq!(field(records, "readOnly")["Equals"], json!(["false"]));
    let of = |suffix: &str| {
        json!(
            REGIONS
                .map(|region| format!("arn:aws:s3:::bucket-audit-{region}-111122223333-production/{suffix}"))
        )
    };
    let arn = field(records, "resources.ARN");
    assert_eq!(
        (&arn["StartsWith"], &arn["NotStartsWith"]),
        (&of(""), &of("trail/")),
        "no file is in the next one"
    );
    let (call, arn) = (field(trails, "eventName"), field(trails, "resources.ARN"));
    assert_eq!((&call["StartsWith"], &arn["StartsWith"]), (&json!(["DeleteObject"]), &of("trail/")));
    assert_eq!(trails["FieldSelectors"].as_array().map(Vec::len), Some(4), "whoever removes one");
}

#[test]
fn each_thing_to_tell_is_counted_and_alarmed_on_where_the_trail_is() {
    let templates = synthesise(&audited());
    let stack = stack(&templates, STANDBY);
    let topic = "arn:aws:sns:us-east-2:111122223333:topic-alerts-production";
    assert_eq!(stack.all("AWS::CloudWatch::Alarm").len(), WATCHED.len());
    for watched in &WATCHED {
        let name = |kind: &str| format!("{kind}-{}-production", watched.purpose);
        let filter = one(&templates, STANDBY, "AWS::Logs::MetricFilter", "FilterName", &name("filter"));
        let alarm = one(&templates, STANDBY, "AWS::CloudWatch::Alarm", "AlarmName", &name("alarm"));
        let [counted] = &filter["MetricTransformations"].as_array().expect("one")[..] else {
            panic!("{filter}")
        };
        assert_eq!(
            (&counted["MetricNamespace"], &counted["MetricName"]),
            (&alarm["Namespace"], &alarm["MetricName"])
        );
        assert_eq!(alarm["AlarmActions"], json!([topic]));
        let pattern = filter["FilterPattern"].as_str().expect("a pattern");
        assert!(
            (pattern.starts_with("{ ($.") || pattern.starts_with("{ (($."))
                && pattern.ends_with(") }")
                && pattern.len() <= 1024,
            "{pattern}"
        );
        assert_eq!(pattern.matches('(').count(), pattern.matches(')').count(), "{pattern}");
    }
    let of = |purpose: &str| {
        let name = format!("filter-{purpose}-production");
        one(&templates, STANDBY, "AWS::Logs::MetricFilter", "FilterName", &name)["FilterPattern"].to_string()
    };
    for (purpose, call) in [
        ("trail-changed", "StopLogging"),
        ("trail-changed", "DeleteTrail"),
        ("trail-changed", "UpdateTrail"),
        ("keys-at-risk", "DisableKey"),
        ("keys-at-risk", "ScheduleKeyDeletion"),
        ("backups-changed", "DeleteRecoveryPoint"),
        ("buckets-changed", "PutBucketLifecycle"),
        ("buckets-changed", "PutBucketPolicy"),
        ("watch-changed", "DeleteAlarms"),
        ("watch-changed", "RemoveTargets"),
        ("grants-changed", "PutRolePolicy"),
    ] {
        assert!(of(purpose).contains(call), "{purpose} tells of {call}");
    }
}

#[test]
fn each_region_tells_of_tampering_by_itself() {
    let templates = synthesise(&audited());
    for region in REGIONS {
        let name = "rule-audit-tampering-production";
        let rule = one(&templates, region, "AWS::Events::Rule", "Name", name);
        let calls = texts(&rule["EventPattern"]["detail"]["eventName"]);
        for call in [
            "StopLogging",
            "DeleteTrail",
            "DisableKey",
            "ScheduleKeyDeletion",
            "DeleteRecoveryPoint",
            "PutBucketLifecycle",
            "DisableRule",
        ] {
            assert!(calls.contains(call), "{call}");
        }
    }
}

#[test]
fn the_page_on_alarms_lists_those_of_the_audit() {
    let page = include_str!("../../../../../docs/alarms.md");
    let templates = synthesise(&audited());
    let name = "alarm-audit-events-undelivered-production";
    let undelivered = one(&templates, HOME, "AWS::CloudWatch::Alarm", "AlarmName", name);
    let of = |region| stack(&templates, region).all("AWS::CloudWatch::Alarm");
    for alarm in of(STANDBY).into_iter().chain(of(HOME)).chain([undelivered]) {
        let description = alarm["AlarmDescription"].as_str().expect("a description");
        let (meaning, rest) = description.split_once(" First: ").expect("what to do");
        let (first, _) = rest.split_once(" No data: ").expect("what silence means");
        let purpose = alarm["AlarmName"].as_str().and_then(|name| name.strip_prefix("alarm-"));
        let purpose = purpose.and_then(|name| name.strip_suffix("-production")).expect("a name of ours");
        let line = format!("| {purpose} | {meaning} | {first} |");
        assert!(page.contains(&line), "docs/alarms.md lacks:\n{line}");
    }
}
