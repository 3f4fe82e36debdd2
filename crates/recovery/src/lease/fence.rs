//! The fence: the epoch below which a database takes no write.

use crate::Epoch;

/// The rule that the database keeps in its `fence` table and checks in every writing
/// transaction. This is its model, for simulation and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    epoch: Epoch,
}

/// Why a write was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The writer's epoch is over.
    #[error("epoch {mine} is below the fence at {fence}")]
    Below {
        /// Epoch of the writer.
        mine: Epoch,
        /// Epoch of the fence.
        fence: Epoch,
    },
    /// The writer's epoch has not begun here: the fence must be raised first.
    #[error("epoch {mine} is above the fence at {fence}, which was not raised yet")]
    Above {
        /// Epoch of the writer.
        mine: Epoch,
        /// Epoch of the fence.
        fence: Epoch,
    },
}

impl Default for Fence {
    fn default() -> Self {
        Self { epoch: Epoch::FIRST }
    }
}

impl Fence {
    /// Where it stands.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Raises the fence; it never comes down.
    ///
    /// # Errors
    /// [`Refused::Below`] when it stands higher already: whoever raises it owns nothing any more.
    pub fn raise(&mut self, epoch: Epoch) -> Result<(), Refused> {
        if epoch < self.epoch {
            return Err(Refused::Below { mine: epoch, fence: self.epoch });
        }
        self.epoch = epoch;
        Ok(())
    }

    /// Whether a write under `mine` is taken.
    ///
    /// # Errors
    /// Refuses any epoch but its own, and says on which side it lies.
    pub fn admit(&self, mine: Epoch) -> Result<(), Refused> {
        let fence = self.epoch;
        match mine.cmp(&fence) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(Refused::Below { mine, fence }),
            std::cmp::Ordering::Greater => Err(Refused::Above { mine, fence }),
        }
    }
}
