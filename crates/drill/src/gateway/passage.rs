//! How a request gets through a region that is frozen, slow or losing requests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use recovery::Region;

use crate::seeded::Seeded;

use super::fault::Faults;

/// The connection ends in a reset.
#[derive(Debug, thiserror::Error)]
#[error("the connection was reset by an injected fault")]
pub(super) struct Broken;

/// The way through one region.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    pub(super) region: Region,
    pub(super) faults: Faults,
    chance: Arc<Mutex<Seeded>>,
}

impl Passage {
    pub(super) fn new(region: Region, faults: Faults, seeded: Seeded) -> Self {
        Self { region, faults, chance: Arc::new(Mutex::new(seeded)) }
    }

    /// Before a request is read further: waits while frozen, then delays, then perhaps drops.
    pub(super) async fn enter(&self) -> Result<(), Broken> {
        self.thawed().await;
        let condition = self.faults.now().condition(&self.region);
        if condition.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(condition.delay_ms)).await;
        }
        if self.draw() < condition.drop_share { Err(Broken) } else { Ok(()) }
    }

    /// The next number of this way, from 0 to 1.
    pub(super) fn draw(&self) -> f64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).unit()
    }

    /// Before an answer leaves: holds it while frozen.
    pub(super) async fn thawed(&self) {
        self.faults.until(|state| !state.condition(&self.region).freeze).await;
    }

    /// Returns when the region dies.
    pub(super) async fn died(&self) {
        self.faults.until(|state| state.is_dead(&self.region)).await;
    }
}
