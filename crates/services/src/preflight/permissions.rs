//! Whether IAM would let a recovery do what it needs, asked of IAM's own simulator.
//!
//! IAM's control plane is in us-east-1. A preflight may need it, for nothing depends on its answer
//! coming during an outage; a recovery never calls it.

use recovery::Region;
use recovery::lease::LEASE_KEY;
use recovery::preflight::{Check, Finding};

use super::Preflight;
use super::ask::{Answer, Gap, ask, judge};
use crate::signed::Call;

/// One thing that a recovery step does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Deed {
    action: &'static str,
    resource: String,
    /// Key of the only items that it may touch.
    leading_key: Option<&'static str>,
}

pub(super) async fn check(preflight: &Preflight) -> Finding {
    ask(Check::Permissions, permissions(preflight)).await
}

/// What no recovery can do without.
fn deeds(preflight: &Preflight) -> Vec<Deed> {
    let (own, peer, account) = (&preflight.regions.own, &preflight.regions.peer, preflight.account());
    let arn = |service: &str, what: String| format!("arn:aws:{service}:{own}:{account}:{what}");
    let table = arn("dynamodb", format!("table/{}", preflight.journal.table));
    let global = format!("arn:aws:rds::{account}:global-cluster:{}", preflight.clusters.global);
    let theirs = format!("arn:aws:rds:{peer}:{account}:cluster:{}", preflight.settings.peer_cluster);
    let deed = |action, resource| Deed { action, resource, leading_key: None };
    let on_lease = |action| Deed { action, resource: table.clone(), leading_key: Some(LEASE_KEY) };
    vec![
        on_lease("dynamodb:GetItem"),
        on_lease("dynamodb:PutItem"),
        deed("dynamodb:Query", table.clone()),
        deed("rds:DescribeGlobalClusters", global.clone()),
        deed("rds:FailoverGlobalCluster", global),
        deed("rds:FailoverGlobalCluster", arn("rds", format!("cluster:{}", preflight.clusters.own))),
        deed("rds:FailoverGlobalCluster", theirs),
        deed("events:PutEvents", arn("events", format!("event-bus/{}", preflight.announcements.event_bus))),
    ]
}

async fn permissions(preflight: &Preflight) -> Answer {
    let deeds = deeds(preflight);
    let count = deeds.len();
    let mut refused = Vec::new();
    // One after another: IAM's simulator lets few calls in at once.
    for deed in deeds {
        let call = simulation(&preflight.settings.recovery_role, &deed);
        let body = preflight.caller.send(&call).await;
        let body = body.map_err(|error| Gap::Unknown(crate::aws::cause(&error)))?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let decision = decision(&text)
            .ok_or_else(|| Gap::Unknown(format!("IAM's answer says nothing of {}", deed.action)))?;
        if decision != "allowed" {
            refused.push(format!("{} on {}: {decision}", deed.action, deed.resource));
        }
    }
    refused.sort_unstable();
    judge(refused.is_empty(), format!("{count} actions are allowed"), refused.join("; "))
}

/// The decision about the one action and the one resource that were asked for.
fn decision(xml: &str) -> Option<&str> {
    let (_, rest) = xml.split_once("<EvalDecision>")?;
    Some(rest.split_once("</EvalDecision>")?.0)
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
fn simulation(role: &str, deed: &Deed) -> Call {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "SimulatePrincipalPolicy")
        .append_pair("Version", "2010-05-08")
        .append_pair("PolicySourceArn", role)
        .append_pair("ActionNames.member.1", deed.action)
        .append_pair("ResourceArns.member.1", &deed.resource);
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
        let answer = "<member><EvalDecision>implicitDeny</EvalDecision></member>";
        assert_eq!(decision(answer), Some("implicitDeny"));
        for text in ["", "allowed", "<EvalDecision>allowed"] {
            assert_eq!(decision(text), None, "{text}");
        }
    }

    #[test]
    fn the_lease_is_asked_for_with_its_key() {
        let deed =
            Deed { action: "dynamodb:PutItem", resource: "arn".to_owned(), leading_key: Some("lease") };
        let form = simulation("role", &deed).form.expect("a form");
        assert!(form.contains("ContextKeyName=dynamodb%3ALeadingKeys"), "{form}");
        assert!(form.ends_with("ContextKeyValues.member.1=lease"), "{form}");
    }
}
