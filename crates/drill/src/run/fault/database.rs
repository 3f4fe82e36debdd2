//! A region's database fails while everything else in the region is well.

use recovery::Region;

use super::super::DrillError;
use super::super::stage::Stage;

/// It dies, and with it what was under way to the other region.
pub(super) async fn kill(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    stage.aurora.kill(region).await?;
    Ok("its database is killed; everything else lives".to_owned())
}

/// It comes back as Aurora brings it back.
pub(super) fn give_back(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    stage.aurora.release(region)?;
    Ok("its database may come back".to_owned())
}

/// It accepts connections and never answers.
pub(super) async fn hang(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    stage.aurora.freeze(region).await?;
    Ok("its database accepts connections and never answers".to_owned())
}

/// It goes on where it was.
pub(super) async fn wake(stage: &Stage, region: &Region) -> Result<String, DrillError> {
    stage.aurora.thaw(region).await?;
    Ok("its database answers again".to_owned())
}
