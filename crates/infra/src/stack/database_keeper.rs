//! What calls the database's keeper: CloudFormation with every deployment, Secrets Manager for a rotation.

use cdk::{Handle, Scope};
use cfn::{CustomResource, lambda, secretsmanager};

use crate::packages::{DATABASE_KEEPER, Packages};
use crate::place::Place;

/// Seconds an invocation may take: `services::database_keeper::INVOCATION_LIMIT` and a start.
pub(super) const TIMEOUT_S: u64 = 120;
/// Seconds CloudFormation waits for an answer. Lambda tries an invocation that ended without one again
/// after a minute.
const ANSWER_S: i64 = 300;

/// Adds the schema and the users, which every other function waits for; in home also the rotation.
pub(super) fn add(
    root: &mut Scope<'_>,
    place: &Place<'_>,
    packages: &Packages,
    keeper: &Handle,
    others: &[&Handle],
) {
    // A deployment of home must reach the writer, wherever it is. One of the standby may come before the
    // way to home's database does, and leaves it to home then.
    let writer = if place.is_home() { "required" } else { "if-found" };
    let roles = root.add(
        "DatabaseRoles",
        CustomResource::new(keeper.attribute("Arn"))
            .service_timeout(ANSWER_S)
            // Another package may know other users or another schema.
            .tell("Package", packages.of(DATABASE_KEEPER).object_key())
            .tell("Shards", place.deployment.journal.shards.to_string())
            .tell("Writer", writer),
    );
    for other in others {
        root.node(other).depend_on(&roles);
    }
    if place.is_home() {
        rotation(root, place, keeper);
    }
}

/// Every thirty days, in the four hours after midnight UTC, when the markets of the home region are closed.
fn rotation(root: &mut Scope<'_>, place: &Place<'_>, keeper: &Handle) {
    let permission = root.add(
        "RotationMayInvoke",
        lambda::Permission::new(
            "lambda:InvokeFunction",
            keeper.attribute("Arn"),
            "secretsmanager.amazonaws.com",
        )
        .source_account(place.account)
        .source_arn(place.database_secret_arn()),
    );
    let rules = secretsmanager::rotation_schedule::RotationRules::new()
        .schedule_expression("rate(30 days)")
        .duration("4h");
    let rotation = root.add(
        "Rotation",
        secretsmanager::RotationSchedule::new(place.names().database_secret())
            .rotation_lambda_arn(keeper.attribute("Arn"))
            .rotate_immediately_on_update(false)
            .rotation_rules(rules),
    );
    root.node(&rotation).depend_on(&permission);
}
