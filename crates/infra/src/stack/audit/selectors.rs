//! What the trail records: every management call, and of the calls on data only those that nobody expects.
//!
//! A record of every order's put would cost as much as the put, and the journal says it better. So the trail
//! has the calls on the journal that come from none of our roles: usually none at all, and each one is news.
//! Of the audit buckets it has what is written or removed. Of the trail's own files it has what is removed: each
//! that is written would be recorded in the next one.

use cfn::cloudtrail::trail::{AdvancedEventSelector, AdvancedFieldSelector as Field};

use crate::packages::{self, function_of};
use crate::place::Place;
use crate::stack::permissions;
use crate::stack::storage::AUDIT;

/// Every selector of the trail.
///
/// <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html>
pub(super) fn all(place: &Place<'_>) -> [AdvancedEventSelector; 4] {
    let places = [place.home(), place.standby()];
    let journals: Vec<String> =
        places.iter().map(|place| place.table_arn(&place.names().journal_table())).collect();
    let buckets: Vec<String> = places.iter().map(|place| format!("{}/", place.bucket_arn(AUDIT))).collect();
    let trails: Vec<String> = places
        .iter()
        .map(|place| format!("{}/{}/", place.bucket_arn(AUDIT), super::delivery::PREFIX))
        .collect();
    [
        selector("every management call", [category("Management")]),
        selector(
            "calls on the journal from elsewhere than the application",
            [
                category("Data"),
                kind("AWS::DynamoDB::Table"),
                Field::new("resources.ARN").equals(journals),
                Field::new("userIdentity.arn").not_starts_with(own_sessions(place)),
            ],
        ),
        selector(
            "what is written to or removed from the audit log",
            [
                category("Data"),
                kind("AWS::S3::Object"),
                Field::new("readOnly").equals(["false"]),
                Field::new("resources.ARN").starts_with(buckets).not_starts_with(trails.clone()),
            ],
        ),
        selector(
            "what is removed of the trail's own files",
            [
                category("Data"),
                kind("AWS::S3::Object"),
                Field::new("eventName").starts_with(["DeleteObject"]),
                Field::new("resources.ARN").starts_with(trails),
            ],
        ),
    ]
}

fn selector<const N: usize>(name: &str, fields: [Field; N]) -> AdvancedEventSelector {
    AdvancedEventSelector::new(fields).name(name)
}

fn category(category: &str) -> Field {
    Field::new("eventCategory").equals([category])
}

fn kind(kind: &str) -> Field {
    Field::new("resources.type").equals([kind])
}

/// What the sessions of those roles begin with, in both regions, that have something to do with the journal. A role
/// of another name is a stranger's, whoever made it.
fn own_sessions(place: &Place<'_>) -> Vec<String> {
    let names = place.names();
    let containers = packages::containers(place.deployment).iter().copied();
    let binaries = packages::functions(place.deployment).into_iter().chain(containers);
    let acquainted = binaries.filter(|binary| permissions::names_the_journal(function_of(binary), place));
    let roles = acquainted
        .flat_map(|binary| place.deployment.pair().map(|region| names.function_role(binary, region)));
    roles.map(|role| format!("arn:aws:sts::{}:assumed-role/{role}/", place.account)).collect()
}
