//! How the copying of a bucket into the other region is set, which a template does for one direction and
//! the hook for the other.

/// Id of the one rule of a bucket.
pub const RULE: &str = "everything";
/// Minutes after which a copy counts as late: the only value S3 takes.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationTimeValue.html>
pub const LATE_MIN: u16 = 15;
