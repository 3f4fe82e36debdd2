//! The lists that AWS keeps of the addresses of services with a gateway endpoint.
//!
//! CloudFormation has no way to ask for their ids, which differ by region and do not change. They are what
//! `aws ec2 describe-managed-prefix-lists --region REGION` prints; AWS documents that there are such lists and how
//! they are named, and not their ids, so these are compiled from what others published. A wrong one is found while
//! `Networking` is deployed: EC2 refuses a list that it does not know.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html>

use recovery::Region;

/// Region, DynamoDB's list, S3's list: of the regions that can have a strongly consistent table.
const LISTS: [(&str, &str, &str); 9] = [
    ("us-east-1", "pl-02cd2c6b", "pl-63a5400a"),
    ("us-east-2", "pl-4ca54025", "pl-7ba54012"),
    ("us-west-2", "pl-00a54069", "pl-68a54001"),
    ("eu-west-1", "pl-6fa54006", "pl-6da54004"),
    ("eu-west-2", "pl-b3a742da", "pl-7ca54015"),
    ("eu-west-3", "pl-abb451c2", "pl-23ad484a"),
    ("eu-central-1", "pl-66a5400f", "pl-6ea54007"),
    ("ap-northeast-1", "pl-78a54011", "pl-61a54008"),
    ("ap-northeast-2", "pl-48a54021", "pl-78a54011"),
];

/// Id of the list of a service's addresses in a region: of `dynamodb` or `s3`. `None` where it is not known.
pub fn of(region: &Region, service: &str) -> Option<&'static str> {
    let (_, dynamodb, s3) = LISTS.iter().find(|(of, ..)| *of == region.as_str())?;
    match service {
        "dynamodb" => Some(dynamodb),
        "s3" => Some(s3),
        _ => None,
    }
}
