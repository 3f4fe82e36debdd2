//! A server that hangs: its processes are stopped, and the kernel goes on accepting connections for it.

use recovery::Region;

use super::{Aurora, AuroraError};

impl Aurora {
    /// The region's server stays where it is: it accepts connections and answers nothing, until
    /// [`Aurora::thaw`]. Nothing brings it back before, not even on a new volume.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub async fn freeze(&self, region: &Region) -> Result<(), AuroraError> {
        let index = self.pair.index(region)?;
        self.pair.change(|standing| standing.members[index].held = true);
        self.pair.end_work().await;
        self.pair.servers[index].lock().await.freeze();
        Ok(())
    }

    /// The region's server goes on where it was, whoever is the writer now.
    ///
    /// # Errors
    /// When the region is not one of the pair.
    pub async fn thaw(&self, region: &Region) -> Result<(), AuroraError> {
        let index = self.pair.index(region)?;
        self.pair.servers[index].lock().await.thaw();
        self.pair.change(|standing| standing.members[index].held = false);
        Ok(())
    }
}
