//! What tasks may do, what starting them may do, and what functions may do to them.

use crate::packages::{CONTAINERS, PREFLIGHT, RECOVERY_STEP, function_of};
use crate::place::Place;
use crate::policy::Statement;
use crate::stack::permissions;

/// What a container may do: what the function whose work it does calls, and nothing else. Its log is
/// written for it.
pub(super) fn task(place: &Place<'_>, name: &str) -> Vec<Statement> {
    permissions::calls(function_of(name), place)
}

/// What ECS may do to start one container: fetch its image, write its log.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html>
pub(super) fn start(place: &Place<'_>, name: &str) -> Vec<Statement> {
    vec![
        Statement::anywhere(
            &["ecr:GetAuthorizationToken"],
            "a login to ECR is for no repository (service authorization reference)",
        ),
        Statement::allow(
            &["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [place.repository_arn()],
        ),
        Statement::allow(
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            [place.log_group_arn(&place.task_log_group(name))],
        ),
    ]
}

/// What ECS does from within the network to start any of the containers; none where there are none.
pub(in crate::stack) fn execution(place: &Place<'_>) -> Vec<Statement> {
    let names: &[&str] = if place.containers().is_some() { &CONTAINERS } else { &[] };
    names.iter().flat_map(|name| start(place, name)).collect()
}

/// What a function may do to the services, beside what it may do anyway.
pub(in crate::stack) fn of_function(function: &str, place: &Place<'_>) -> Vec<Statement> {
    let services = || CONTAINERS.map(|name| place.service_arn(name));
    match function {
        // Desired tasks only: another task definition would need a role to be passed, which it may not.
        RECOVERY_STEP => vec![Statement::allow(&["ecs:DescribeServices", "ecs:UpdateService"], services())],
        PREFLIGHT => vec![
            Statement::allow(&["ecs:DescribeServices"], services()),
            Statement::anywhere(
                &["elasticloadbalancing:DescribeTargetHealth"],
                "Elastic Load Balancing has no resource for what it describes (service authorization reference)",
            ),
        ],
        _ => Vec::new(),
    }
}
