//! Whether IAM would let a recovery and a failback do what they need, asked of IAM's own simulator.
//!
//! IAM's control plane is in us-east-1. A preflight may need it, for nothing depends on its answer
//! coming during an outage; a recovery never calls it.

use recovery::Region;
use recovery::lease::LEASE_KEY;
use recovery::preflight::{Check, Finding};

use super::ask::{Answer, Gap, ask, judge};
use super::clusters::cluster;
use super::{Preflight, Seen};
use crate::fleet::Fleet;
use crate::signed::Call;

/// What a role does to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Deed<'r> {
    role: &'r str,
    actions: &'static [&'static str],
    resource: String,
    /// Key of the only items that it may touch.
    leading_key: Option<&'static str>,
}

pub(super) async fn check(preflight: &Preflight, seen: &Seen) -> Finding {
    ask(Check::Permissions, permissions(preflight, seen)).await
}

/// What no recovery and no failback can do without: the sentinel starts a workflow, which calls its step,
/// which acts. `databases` are the resource ids of the own cluster and, if it is known, of the peer's.
fn deeds<'r>(preflight: &'r Preflight, databases: [Option<String>; 2]) -> Vec<Deed<'r>> {
    const LEASE: &[&str] = &["dynamodb:GetItem", "dynamodb:PutItem"];
    const MOVES: &[&str] = &["rds:FailoverGlobalCluster", "rds:SwitchoverGlobalCluster"];
    const START: &[&str] = &["states:StartExecution"];
    const CALL: &[&str] = &["lambda:InvokeFunction"];
    const RAISE: &[&str] = &["ecs:DescribeServices", "ecs:UpdateService"];
    let (own, peer, account) = (&preflight.regions.own, &preflight.regions.peer, preflight.account());
    let (settings, machines) = (&preflight.settings, &preflight.trigger);
    let arn = |service: &str, what: String| format!("arn:aws:{service}:{own}:{account}:{what}");
    let table = arn("dynamodb", format!("table/{}", preflight.journal.table));
    let global = format!("arn:aws:rds::{account}:global-cluster:{}", preflight.clusters.global);
    let theirs = format!("arn:aws:rds:{peer}:{account}:cluster:{}", settings.peer_cluster);
    let deed = |role, actions, resource| Deed { role, actions, resource, leading_key: None };
    let on_lease = |role| Deed { leading_key: Some(LEASE_KEY), ..deed(role, LEASE, table.clone()) };
    let [step, sentinel] = [settings.recovery_role.as_str(), settings.sentinel_role.as_str()];
    let mut deeds = vec![
        on_lease(sentinel),
        deed(sentinel, START, machines.state_machine_arn.clone()),
        deed(sentinel, START, machines.failback_state_machine_arn.clone()),
        deed(&settings.failover_role, CALL, settings.step_function.clone()),
        deed(&settings.failback_role, CALL, settings.step_function.clone()),
        on_lease(step),
        deed(step, &["dynamodb:Query"], table.clone()),
        deed(step, &["rds:DescribeGlobalClusters"], global.clone()),
        deed(step, MOVES, global),
        deed(step, MOVES, arn("rds", format!("cluster:{}", preflight.clusters.own))),
        deed(step, MOVES, theirs),
        deed(
            step,
            &["events:PutEvents"],
            arn("events", format!("event-bus/{}", preflight.announcements.event_bus)),
        ),
    ];
    let services = preflight.fleet.iter().flat_map(Fleet::resources);
    deeds.extend(services.map(|service| deed(step, RAISE, arn("ecs", service))));
    let [own_database, peer_database] = databases;
    let logins = [
        (sentinel, crate::sentinel::SERVICE, own, own_database.clone()),
        (step, crate::steps::SERVICE, own, own_database),
        (step, crate::steps::SERVICE, peer, peer_database),
    ];
    deeds.extend(logins.into_iter().filter_map(|(role, service, region, database)| {
        let user = recovery::names::database_user(service);
        let resource = format!("arn:aws:rds-db:{region}:{account}:dbuser:{}/{user}", database?);
        Some(deed(role, &["rds-db:connect"], resource))
    }));
    deeds
}

/// By their ids as RDS has them now: a cluster that was restored has another one than before.
async fn databases(preflight: &Preflight, seen: &Seen) -> Result<[Option<String>; 2], Gap> {
    let own = cluster(&preflight.aws, &preflight.clusters.own).await?;
    let own =
        own.db_cluster_resource_id.ok_or_else(|| Gap::Unknown("RDS names no resource id".to_owned()))?;
    // The observer has its own check.
    let peer = match &seen.peer {
        Some(peer) => cluster(peer, &preflight.settings.peer_cluster).await?.db_cluster_resource_id,
        None => None,
    };
    Ok([Some(own), peer])
}

async fn permissions(preflight: &Preflight, seen: &Seen) -> Answer {
    // Which cluster is not there is the finding of another check.
    let databases = databases(preflight, seen).await.map_err(|_| Gap::Blocked(Check::Clusters))?;
    let (mut count, mut refused) = (0, Vec::new());
    // One after another: IAM's simulator lets few calls in at once.
    for deed in deeds(preflight, databases) {
        let body = preflight.caller.send(&simulation(&deed)).await;
        let body = body.map_err(|error| Gap::Unknown(crate::aws::cause(&error)))?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let decisions: Vec<(&str, &str)> = decisions(&text).collect();
        for action in deed.actions {
            let decision = decisions.iter().find(|(of, _)| of == action).map(|(_, decision)| *decision);
            let decision =
                decision.ok_or_else(|| Gap::Unknown(format!("IAM's answer says nothing of {action}")))?;
            count += 1;
            if decision != "allowed" {
                let role = deed.role.rsplit('/').next().unwrap_or_default();
                refused.push(format!("{role}: {action} on {}: {decision}", deed.resource));
            }
        }
    }
    refused.sort_unstable();
    judge(refused.is_empty(), format!("{count} actions are allowed"), refused.join("; "))
}

/// Each action and the decision about it. Their order within a result is nowhere documented, but each
/// result has one of each.
fn decisions(xml: &str) -> impl Iterator<Item = (&str, &str)> {
    texts(xml, "EvalActionName").zip(texts(xml, "EvalDecision"))
}

/// What stands in the elements of this name.
fn texts<'x>(xml: &'x str, name: &str) -> impl Iterator<Item = &'x str> + use<'x> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, from) = rest.split_once(&open)?;
        let (text, after) = from.split_once(&close)?;
        rest = after;
        Some(text)
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
fn simulation(deed: &Deed<'_>) -> Call {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "SimulatePrincipalPolicy")
        .append_pair("Version", "2010-05-08")
        .append_pair("PolicySourceArn", deed.role);
    for (action, number) in deed.actions.iter().zip(1..) {
        form.append_pair(&format!("ActionNames.member.{number}"), action);
    }
    form.append_pair("ResourceArns.member.1", &deed.resource);
    if let Some(key) = deed.leading_key {
        let entry = "ContextEntries.member.1";
        form.append_pair(&format!("{entry}.ContextKeyName"), "dynamodb:LeadingKeys")
            .append_pair(&format!("{entry}.ContextKeyType"), "stringList")
            .append_pair(&format!("{entry}.ContextKeyValues.member.1"), key);
    }
    Call {
        name: "iam:SimulatePrincipalPolicy",
        endpoint: "https://iam.amazonaws.com".to_owned(),
        service: "iam",
        region: Region::new("us-east-1").expect("it is a region"),
        path: "/".to_owned(),
        form: Some(form.finish()),
    }
}

#[cfg(test)]
mod tests {
    //! Goal: an answer of IAM is read as what it says, and anything else is no permission. Method: texts.

    use super::*;

    #[test]
    fn only_a_decision_is_a_decision() {
        let both = "<member><EvalDecision>implicitDeny</EvalDecision><EvalActionName>a</EvalActionName></member>\
                    <member><EvalActionName>b</EvalActionName><EvalDecision>allowed</EvalDecision></member>";
        assert_eq!(decisions(both).collect::<Vec<_>>(), [("a", "implicitDeny"), ("b", "allowed")]);
        for text in ["", "allowed", "<EvalDecision>allowed", "<EvalDecision>allowed</EvalDecision>"] {
            assert_eq!(decisions(text).count(), 0, "{text}");
        }
    }

    #[test]
    fn the_lease_is_asked_for_with_its_key() {
        let actions: &[&str] = &["dynamodb:GetItem", "dynamodb:PutItem"];
        let deed = Deed { role: "role", actions, resource: "arn".to_owned(), leading_key: Some("lease") };
        let form = simulation(&deed).form.expect("a form");
        assert!(form.contains("ActionNames.member.2=dynamodb%3APutItem"), "{form}");
        assert!(form.contains("ContextKeyName=dynamodb%3ALeadingKeys"), "{form}");
        assert!(form.ends_with("ContextKeyValues.member.1=lease"), "{form}");
    }
}
