//! A region is lost, frozen, or apart from the other one.

use recovery::Region;

use super::super::DrillError;
use super::super::stage::Stage;
use crate::gateway::Fault;

/// It refuses everything, its database dies, and its containers are nobody's business any more.
pub(super) async fn lose(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    stage.gateway.faults().inject(&Fault::Refuse { region: region.clone() });
    if let Some(fleet) = stage.fleets.of(region) {
        fleet.leave_alone();
    }
    stage.aurora.kill(region).await?;
    Ok("refuses every call; its database is killed".to_owned())
}

/// It answers again, and its database comes back as Aurora brings it back.
pub(super) fn give_back(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    stage.gateway.faults().lift(&Fault::Refuse { region: region.clone() });
    stage.aurora.release(region)?;
    if let Some(fleet) = stage.fleets.of(region) {
        fleet.look_after();
    }
    Ok("is there again".to_owned())
}

/// Nothing answers; requests, transactions and what the database was about to send are held.
pub(super) async fn freeze(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    stage.gateway.faults().inject(&Fault::Freeze { region: region.clone() });
    stage.aurora.freeze(region).await?;
    Ok("accepts connections and answers nothing; work in hand is held".to_owned())
}

/// What was held goes on, whoever owns the lease by now.
pub(super) async fn thaw(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    stage.aurora.thaw(region).await?;
    stage.gateway.faults().lift(&Fault::Freeze { region: region.clone() });
    Ok("wakes with the work that it had in hand".to_owned())
}

/// One of the two that are apart: it does not reach the other. Both reach the witness and their clients.
pub(super) fn part(stage: &Stage, region: &Region) -> String {
    if let Some(cut) = way_out(stage, region) {
        stage.gateway.faults().inject(&cut);
    }
    "the regions do not reach each other; each reaches the witness and its clients".to_owned()
}

/// It reaches the other again.
pub(super) fn join(stage: &Stage, region: &Region) -> String {
    if let Some(cut) = way_out(stage, region) {
        stage.gateway.faults().lift(&cut);
    }
    "the regions reach each other again".to_owned()
}

fn way_out(stage: &Stage, region: &Region) -> Option<Fault> {
    let other = stage.topology.regions.iter().find(|at| at.region != *region)?;
    Some(Fault::Cut { from: region.clone(), to: other.region.clone() })
}
