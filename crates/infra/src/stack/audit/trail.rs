//! The trail: every call to AWS in the account, in every region, kept where nobody can change it unseen.
//!
//! One trail of all regions, managed from the standby region, so that managing it never needs the primary.
//! The first record of a call costs nothing, a second trail's would. CloudTrail delivers it into the standby's
//! audit bucket, whose replication takes it home as well, and to a log group that alarms are made from. The
//! files are signed hour by hour, so that a change or a gap shows (`aws cloudtrail validate-logs`).

use cdk::{Handle, Scope};
use cfn::cloudtrail::Trail;

use super::delivery::PREFIX;
use super::selectors;
use crate::place::{Place, parameter as key_of};
use crate::policy::{Statement, role};
use crate::stack::log_group;
use crate::stack::storage::AUDIT;

/// Name of the log group.
fn log_group_name(place: &Place<'_>) -> String {
    format!("/aws/cloudtrail/{}", place.trail())
}

/// Adds the trail; gives the log group.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    let logs = scope.add("Logs", log_group(place, log_group_name(place)));
    let role = logs_role(scope, place);
    let trail = Trail::new(true, place.bucket(AUDIT))
        .trail_name(place.trail())
        .s3_key_prefix(PREFIX)
        .kms_key_id(place.parameter(key_of::AUDIT_KEY))
        .is_multi_region_trail(true)
        .include_global_service_events(true)
        .enable_log_file_validation(true)
        .cloud_watch_logs_log_group_arn(logs.attribute("Arn"))
        .cloud_watch_logs_role_arn(role.attribute("Arn"))
        .advanced_event_selectors(selectors::all(place));
    scope.add("Trail", trail);
    logs
}

/// Streams of this account and this trail's region, as CloudTrail names them.
///
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html>
fn logs_role(scope: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    let streams = format!(
        "log-group:{}:log-stream:{}_CloudTrail_{}*",
        log_group_name(place),
        place.account,
        place.region
    );
    let allowed =
        Statement::allow(&["logs:CreateLogStream", "logs:PutLogEvents"], [place.arn("logs", &streams)])
            .because("CloudTrail numbers its streams");
    let name = place.names().function_role("trail", place.region);
    role(scope, "LogsRole", &name, "cloudtrail.amazonaws.com", &[allowed])
}
