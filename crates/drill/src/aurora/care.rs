//! Brings back what a fault has ended, as Aurora does by itself.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::delay::DelayLine;
use super::standing::{Care, Standing};
use super::{AuroraError, Pair, held, volume_name};
use crate::postgres::Server;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Pause after something that did not succeed.
const PAUSE: Duration = Duration::from_secs(2);

/// Looks at the pair until it is gone.
pub(super) async fn look_after(pair: Weak<Pair>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(pair) = pair.upgrade() else { return };
        let apart = pair.are_apart();
        let standing = pair.standing().clone();
        if apart && standing.connected && standing.moving.is_none() {
            // What was not sent yet is sent again when they reach each other, unless there is a new writer.
            pair.cut_stream();
        }
        let care = pair.standing().care(apart);
        if care == Care::Nothing || pair.is_working() {
            continue;
        }
        let caring = Arc::clone(&pair);
        pair.work(async move {
            if let Err(error) = caring.take_care(care).await {
                tracing::debug!(%error, ?care, "the pair is not whole yet");
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
}

impl Pair {
    async fn take_care(&self, care: Care) -> Result<(), AuroraError> {
        match care {
            Care::Nothing => Ok(()),
            Care::Start(index) => self.start(index).await,
            Care::Reconnect(index) => self.reconnect(index).await,
            Care::Rebuild(index) => self.rebuild(index).await,
        }
    }

    /// Starts a server with the role its volume has.
    pub(super) async fn start(&self, index: usize) -> Result<(), AuroraError> {
        let mut server = self.servers[index].lock().await;
        server.start().await?;
        let address = server.address();
        self.change(|standing| {
            standing.members[index].up = true;
            standing.members[index].address = address;
        });
        Ok(())
    }

    /// A new line from the writer, delayed as its direction is.
    pub(super) async fn line_from(&self, writer: usize) -> Result<DelayLine, AuroraError> {
        let source = self.standing().members[writer].address;
        DelayLine::start(source, self.lags[writer]).await.map_err(AuroraError::Delay)
    }

    /// From now on the member that is not the writer streams through `line`.
    pub(super) fn connected_through(&self, line: DelayLine, also: impl FnOnce(&mut Standing)) {
        *held(&self.stream) = Some(line);
        self.change(|standing| {
            standing.connected = true;
            also(standing);
        });
    }

    async fn reconnect(&self, index: usize) -> Result<(), AuroraError> {
        let line = self.line_from(1 - index).await?;
        let writer = self.servers[1 - index].lock().await;
        let mut server = self.servers[index].lock().await;
        server.follow(line.address()).await?;
        writer.await_streaming_to(server.name()).await?;
        self.connected_through(line, |_| {});
        Ok(())
    }

    /// The old volume is set aside, and a copy of the writer's takes its place.
    async fn rebuild(&self, index: usize) -> Result<(), AuroraError> {
        let line = self.line_from(1 - index).await?;
        self.change(|standing| standing.members[index].up = false);
        self.servers[index].lock().await.kill_9();
        let volume = self.next_volume(index).await;
        let copy = {
            let writer = self.servers[1 - index].lock().await;
            let name = volume_name(&self.regions[index], volume);
            let address = self.addresses[index];
            let through = line.address();
            let copy =
                Server::base_backup_from(&writer, &self.installation, &self.run, &name, address, through);
            let copy = copy.await?;
            writer.await_streaming_to(&name).await?;
            copy
        };
        let address = copy.address();
        let old = std::mem::replace(&mut *self.servers[index].lock().await, copy);
        self.wrecks.lock().await[index].push(old);
        self.connected_through(line, |standing| {
            let member = &mut standing.members[index];
            (member.address, member.up, member.diverged) = (address, true, false);
        });
        Ok(())
    }

    /// The first number whose directory is free: a copy that was broken off leaves its own behind.
    async fn next_volume(&self, index: usize) -> usize {
        let taken = |volume: usize| self.run.path().join(volume_name(&self.regions[index], volume)).exists();
        (1..).find(|volume| !taken(*volume)).expect("numbers do not end")
    }
}
