//! What AWS's services say of what is ours reaches people: rules on the account's own bus, where AWS puts its events.

use cdk::Scope;
use cfn::Json;
use cfn::events::Rule;
use cfn::events::rule::{DeadLetterConfig, Target};

use super::disaster_recovery::undelivered_events;
use super::retry;
use crate::place::Place;

/// One kind of news.
pub(super) struct News {
    /// Its rule's name is `rule-{purpose}-{suffix}`.
    pub(super) purpose: &'static str,
    /// What it is, in a few words.
    pub(super) what: &'static str,
    /// Which events it is.
    pub(super) pattern: Json,
}

/// Name of the rule.
pub(super) fn rule_name(place: &Place<'_>, purpose: &str) -> String {
    place.names().resource("rule", purpose)
}

/// Its ARN.
pub(super) fn rule_arn(place: &Place<'_>, purpose: &str) -> String {
    place.arn("events", &format!("rule/{}", rule_name(place, purpose)))
}

/// Adds the rule; what cannot be told is put aside.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, id: &str, news: News) {
    let target = Target::new(place.alert_topic_arn(), "alerts")
        .retry_policy(retry::longest())
        .dead_letter_config(DeadLetterConfig::new().arn(place.queue_arn(&undelivered_events(place))));
    let rule = Rule::new()
        .name(rule_name(place, news.purpose))
        .description(news.what)
        .event_pattern(news.pattern)
        .targets([target]);
    scope.add(id, rule);
}
