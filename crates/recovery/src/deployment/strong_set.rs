//! Which regions can share one strongly consistent table.

use crate::Region;

/// Region sets of DynamoDB multi-region strong consistency: the replicas and the
/// witness of one table must lie in one set.
///
/// Source: AWS CloudFormation Template Reference,
/// "AWS::DynamoDB::GlobalTable GlobalTableWitness".
pub const STRONG_SETS: [&[&str]; 3] = [
    &["us-east-1", "us-east-2", "us-west-2"],
    &["eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"],
    &["ap-northeast-1", "ap-northeast-2", "ap-northeast-3"],
];

/// The set a region belongs to, if any.
pub fn strong_set_of(region: &Region) -> Option<&'static [&'static str]> {
    STRONG_SETS.into_iter().find(|set| set.contains(&region.as_str()))
}
