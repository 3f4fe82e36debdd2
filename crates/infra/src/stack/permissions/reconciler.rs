//! What the reconciler may do: read what it compares, queue orders again, remember how far it has come.

use recovery::lease::LEASE_KEY;

use super::{PARTITIONS, journal, keys_only, own_database, peer_database, queue_look, switch};
use crate::packages::RECONCILER;
use crate::place::Place;
use crate::policy::Statement;
use crate::stack::compute::failed_invocations;
use crate::stack::reconciler::JOURNAL_KEY;

/// The peer's sessions and queue it reads in the peer region, under its own role.
pub(super) fn reconciler(place: &Place<'_>) -> Vec<Statement> {
    let (names, peer) = (place.names(), place.peer());
    vec![
        journal(place, &["dynamodb:GetItem"]).when(keys_only("StringEquals", &[LEASE_KEY, JOURNAL_KEY])),
        journal(place, &["dynamodb:PutItem"]).when(keys_only("StringEquals", &[JOURNAL_KEY])),
        journal(place, &["dynamodb:Query"]).when(keys_only("StringLike", &[PARTITIONS])),
        Statement::allow(&["dynamodb:Scan"], [place.table_arn(&names.sessions_table())]),
        Statement::allow(&["dynamodb:BatchGetItem"], [peer.table_arn(&names.sessions_table())]),
        own_database(place, RECONCILER),
        peer_database(place, RECONCILER),
        queue_look(place),
        queue_look(&peer),
        Statement::allow(&["sqs:SendMessage"], [place.queue_arn(&names.order_queue())]),
        switch(place),
        Statement::allow(&["events:PutEvents"], [place.event_bus_arn()]),
        Statement::allow(&["sqs:SendMessage"], [place.queue_arn(&failed_invocations(place))]),
    ]
}
