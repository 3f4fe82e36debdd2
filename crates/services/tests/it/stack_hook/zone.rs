//! Goal: a zone loses the records that certificates left, and no other. Method: one record of each
//! kind in a zone of the emulator, and a stack that is removed.

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use serde_json::json;

use super::stage::{Stage, gone};
use crate::support::home;

fn record(name: &str, kind: RrType, value: &str) -> Change {
    let value = ResourceRecord::builder().value(value).build().expect("a value");
    let record = ResourceRecordSet::builder().name(name).r#type(kind).ttl(300).resource_records(value);
    let record = record.build().expect("name and type are set");
    Change::builder().action(ChangeAction::Create).resource_record_set(record).build().expect("both are set")
}

#[tokio::test]
async fn only_what_certificates_left_is_removed() {
    let stage = Stage::new(&home()).await;
    let route53 = aws_sdk_route53::Client::new(&stage.aws);
    let zone = format!("{}.example", stage.unique);
    let created = route53.create_hosted_zone().name(&zone).caller_reference(&stage.unique).send().await;
    let created = created.expect("the zone is new");
    let id = created.hosted_zone().expect("a zone").id().trim_start_matches("/hostedzone/").to_owned();
    let changes = [
        record(&format!("_1.orders.{zone}."), RrType::Cname, "_2.abc.acm-validations.aws."),
        record(&format!("_3.us-east-1.orders.{zone}."), RrType::Cname, "_4.abc.acm-validations.aws."),
        record(&format!("_5.orders.{zone}."), RrType::Cname, "somewhere.example."),
        record(&format!("www.{zone}."), RrType::Cname, "_6.abc.acm-validations.aws."),
        record(&format!("orders.{zone}."), RrType::A, "192.0.2.1"),
    ];
    let batch = ChangeBatch::builder().set_changes(Some(changes.into())).build().expect("changes");
    let changed = route53.change_resource_record_sets().hosted_zone_id(&id).change_batch(batch).send().await;
    changed.expect("the records are new");

    let empty = stage.resource(json!({ "Action": "EmptyZone", "Zone": id }));
    stage.create("dns", json!({ "Empty": empty })).await;
    let outcome = stage.delete("dns").await;
    assert!(gone(&outcome), "{outcome:?}");
    let left =
        route53.list_resource_record_sets().hosted_zone_id(&id).send().await.expect("the zone is there");
    let mut left: Vec<String> = left
        .resource_record_sets()
        .iter()
        .map(|record| format!("{} {}", record.name().trim_end_matches(&format!("{zone}.")), record.r#type()))
        .collect();
    left.sort();
    assert_eq!(left, [" NS", " SOA", "_5.orders. CNAME", "orders. A", "www. CNAME"]);
}
