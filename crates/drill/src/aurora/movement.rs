//! How the writer moves from one region to the other: with loss, or without.

use std::sync::Arc;
use std::time::Duration;

use recovery::Region;

use super::standing::Move;
use super::{Aurora, AuroraError, Pair, held};
use crate::postgres::PostgresError;

/// Beyond the lag, how long the old writer may take to hand everything over.
const HAND_OVER_LIMIT: Duration = Duration::from_secs(30);
/// How long the new writer may take to replay what it has.
const REPLAY_LIMIT: Duration = Duration::from_secs(30);

impl Aurora {
    /// Promotes the region's server to writer of the global cluster, whatever the other has; does nothing
    /// when it is the writer. The other one gets a new volume as soon as it can be reached.
    ///
    /// # Errors
    /// When the region has no server that runs, a writer is on its way, or the promotion fails.
    pub async fn fail_over_to(&self, region: &Region) -> Result<(), AuroraError> {
        let pair = &self.pair;
        let index = pair.index(region)?;
        {
            let standing = pair.standing();
            if let Some(moving) = standing.moving {
                return Err(AuroraError::Moving(pair.regions[moving.to].clone()));
            }
            if standing.writer == index {
                return Ok(());
            }
            if !standing.members[index].up {
                return Err(AuroraError::Down(region.clone()));
            }
        }
        pair.change(|standing| standing.moving = Some(Move { to: index, loses_data: true }));
        let moving = Arc::clone(pair);
        // What has begun goes on although whoever asked for it is cut off.
        let promoted = tokio::spawn(async move { moving.promote(index).await }).await;
        Ok(promoted.expect("nothing in it panics, and nobody ends it")?)
    }

    /// Begins to move the writer to the region without any loss. The move goes on by itself; if it does not
    /// succeed, the writer stays where it is.
    ///
    /// # Errors
    /// When the region is the writer, does not follow it, or the writer is on its way.
    pub fn begin_switchover_to(&self, region: &Region) -> Result<(), AuroraError> {
        let pair = &self.pair;
        let index = pair.index(region)?;
        {
            let mut standing = pair.standing();
            if let Some(moving) = standing.moving {
                return Err(AuroraError::Moving(pair.regions[moving.to].clone()));
            }
            let well = standing.members.iter().all(|member| member.up && !member.lost);
            if standing.writer == index || !standing.connected || !well {
                return Err(AuroraError::NotConnected(region.clone()));
            }
            standing.moving = Some(Move { to: index, loses_data: false });
        }
        let moving = Arc::clone(pair);
        pair.work(async move {
            if let Err(error) = moving.switch_over(index).await {
                tracing::info!(%error, "the switchover did not succeed; the writer stays where it is");
                moving.settle_move().await;
            }
        });
        Ok(())
    }
}

impl Pair {
    /// Promotes a member whatever the other has.
    async fn promote(&self, index: usize) -> Result<(), PostgresError> {
        self.cut_stream();
        self.end_work().await;
        let promoted = self.servers[index].lock().await.promote().await;
        self.change(|standing| {
            standing.moving = None;
            if promoted.is_ok() {
                standing.writer = index;
                standing.members[1 - index].diverged = true;
            }
        });
        promoted
    }

    /// Stops the writer in order, waits until `to` has everything, promotes it, and lets the old one follow.
    async fn switch_over(&self, to: usize) -> Result<(), AuroraError> {
        let from = 1 - to;
        let mut old = self.servers[from].lock().await;
        if !old.streams_to(self.servers[to].lock().await.name()).await? {
            return Err(AuroraError::NotConnected(self.regions[to].clone()));
        }
        self.change(|standing| standing.members[from].up = false);
        old.stop_in_order(HAND_OVER_LIMIT + self.lags[from]).await?;
        let end = old.last_checkpoint().await?;
        {
            let new = self.servers[to].lock().await;
            new.await_replayed(end, REPLAY_LIMIT).await?;
            new.promote().await?;
        }
        let line = self.line_from(to).await?;
        // From here on the new writer has what the old one has not; it can follow all the same, for the new
        // one has all that it had.
        self.change(|standing| standing.writer = to);
        old.follow(line.address()).await?;
        self.servers[to].lock().await.await_streaming_to(old.name()).await?;
        let address = old.address();
        self.connected_through(line, |standing| {
            let member = &mut standing.members[from];
            (member.address, member.up) = (address, true);
            standing.moving = None;
        });
        Ok(())
    }

    /// Ends a move that was broken off: whoever was promoted is the writer, and the other one gets a new
    /// volume. Whoever is not and was ended is started again by what looks after the pair.
    pub(super) async fn settle_move(&self) {
        let Some(Move { to, .. }) = self.standing().moving else { return };
        let moved = if self.standing().members[to].up {
            matches!(self.servers[to].lock().await.is_standby().await, Ok(false))
        } else {
            self.standing().writer == to
        };
        self.cut_stream();
        if !moved && !self.standing().members[1 - to].up {
            // It may still be on its way out.
            self.servers[1 - to].lock().await.kill_9();
        }
        self.change(|standing| {
            standing.moving = None;
            if moved {
                standing.writer = to;
            }
            // A server that is gone may have been promoted on its last breath.
            let other = standing.other();
            standing.members[other].diverged = moved || !standing.members[other].up;
        });
    }

    pub(super) fn is_working(&self) -> bool {
        held(&self.work).as_ref().is_some_and(|work| !work.is_finished())
    }

    /// Runs `work` beside everything else, unless something runs already.
    pub(super) fn work(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut current = held(&self.work);
        if current.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
            *current = Some(tokio::spawn(work));
        }
    }

    /// Ends what runs beside everything else, and returns when it has ended.
    pub(super) async fn end_work(&self) {
        let work = held(&self.work).take();
        if let Some(work) = work {
            work.abort();
            let _ = work.await;
        }
    }
}
