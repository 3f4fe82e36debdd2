//! Who talked to whom: the flow logs of a VPC, as a record for whoever investigates.
//!
//! All of it and not only what was refused, for what leaves in peace is what is looked for afterwards.
//! No network ACL refuses anything beside the security groups: an ACL knows addresses and no groups, and
//! keeps no state, so that it would have to open every ephemeral port to let an answer in.

use cdk::{Handle, Scope};
use cfn::ec2;

use super::log_group;
use crate::place::Place;
use crate::policy::{Statement, role};

/// Seconds of traffic in one record: the shortest that there is.
const AGGREGATION_S: i64 = 60;

/// Adds the log group, the role that writes to it, and the flow log.
///
/// The role may what the VPC guide lists, on its own group alone, and not make groups of its own:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html>
pub(super) fn add(root: &mut Scope<'_>, place: &Place<'_>, vpc: &Handle) {
    let mut scope = root.scope("FlowLogs");
    let name = format!("/aws/vpc/{}", place.names().resource("flow-logs", "main"));
    let group = scope.add("Logs", log_group(place, name.clone()));
    let role = role(
        &mut scope,
        "Role",
        &place.names().function_role("flow-logs", place.region),
        "vpc-flow-logs.amazonaws.com",
        &[
            Statement::allow(
                &["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                [place.log_group_arn(&name)],
            ),
            // Asked of the account, whatever group it is for.
            Statement::allow(&["logs:DescribeLogGroups"], [place.arn("logs", "log-group:*")]).because(
                "CloudWatch Logs lists the groups of an account, not one (service authorization reference)",
            ),
        ],
    );
    scope.add(
        "FlowLog",
        ec2::FlowLog::new(vpc.reference(), "VPC")
            .traffic_type("ALL")
            .log_destination_type("cloud-watch-logs")
            .log_group_name(group.reference())
            .deliver_logs_permission_arn(role.attribute("Arn"))
            .max_aggregation_interval(AGGREGATION_S)
            .tags(place.name_tag("flow-log", "main")),
    );
}
