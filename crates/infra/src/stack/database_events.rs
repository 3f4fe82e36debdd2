//! What RDS says of the region's database reaches people: failovers, failures, maintenance.
//!
//! Over EventBridge and not over an RDS event subscription, which cannot publish to an encrypted topic
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateEventSubscription.html>).

use cdk::Scope;
use serde_json::json;

use super::aws_events::{self, News};
use crate::place::Place;

/// Purpose of the rule.
pub(super) const PURPOSE: &str = "database-events";

/// Adds the rule.
pub(super) fn add(root: &mut Scope<'_>, place: &Place<'_>) {
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
    let what = "what RDS says of the database";
    aws_events::add(root, place, "DatabaseEvents", News { purpose: PURPOSE, what, pattern });
}
