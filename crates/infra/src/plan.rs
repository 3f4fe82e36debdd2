//! The failover workflow of a deployment, in each of its readings.
//!
//! They show the workflow of the standby region, which runs when home is lost.

use recovery::deployment::Deployment;

use crate::packages::RECOVERY_STEP;

fn workflow(deployment: &Deployment) -> asl::StateMachine {
    let (region, function) = (&deployment.regions.standby, deployment.names().function(RECOVERY_STEP));
    let arn = format!("arn:aws:lambda:{region}:${{AWS::AccountId}}:function:{function}");
    recovery::workflow::workflow(deployment, &arn)
}

/// In Amazon States Language; the account is left open.
pub fn failover_definition(deployment: &Deployment) -> String {
    workflow(deployment).to_json()
}

/// As a Mermaid diagram.
pub fn failover_diagram(deployment: &Deployment) -> String {
    workflow(deployment).to_mermaid()
}

/// As a runbook for people, in Markdown.
pub fn failover_runbook(deployment: &Deployment) -> String {
    recovery::workflow::runbook(deployment)
}
