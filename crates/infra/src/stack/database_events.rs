//! What RDS says of the region's database reaches people: failovers, failures, maintenance.
//!
//! Over EventBridge and not over an RDS event subscription, which cannot publish to an encrypted topic
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateEventSubscription.html>).

use cdk::Scope;
use cfn::events;
use serde_json::json;

use super::disaster_recovery::undelivered_events;
use super::retry;
use crate::place::Place;

/// Name of the rule.
pub(super) fn rule_name(place: &Place<'_>) -> String {
    place.names().resource("rule", "database-events")
}

/// ARN of the rule, which is on the account's own bus, where AWS puts its events.
pub(super) fn rule_arn(place: &Place<'_>) -> String {
    place.arn("events", &format!("rule/{}", rule_name(place)))
}

/// Adds the rule.
pub(super) fn add(root: &mut Scope<'_>, place: &Place<'_>) {
    use events::rule::{DeadLetterConfig, Target};
    let names = place.names();
    let instances =
        (1..=place.deployment.database.instances_per_region).map(|number| names.database_instance(number));
    let sources: Vec<String> = instances.chain([names.database_cluster(place.region)]).collect();
    let pattern = json!({
        "source": ["aws.rds"],
        "detail-type": ["RDS DB Cluster Event", "RDS DB Instance Event"],
        "detail": {
            "EventCategories": ["failover", "failure", "global failover", "availability", "maintenance"],
            "SourceIdentifier": sources,
        },
    });
    let target = Target::new(place.arn("sns", &names.alert_topic()), "alerts")
        .retry_policy(retry::longest())
        .dead_letter_config(DeadLetterConfig::new().arn(place.queue_arn(&undelivered_events(place))));
    root.add(
        "DatabaseEvents",
        events::Rule::new()
            .name(rule_name(place))
            .description("what RDS says of the database")
            .event_pattern(pattern)
            .targets([target]),
    );
}
