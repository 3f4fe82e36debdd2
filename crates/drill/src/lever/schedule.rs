//! The schedule that starts the sentinel.

use http::Method;
use recovery::Region;
use serde_json::{Value, json};

use super::control::Call;
use super::{LeverError, Levers};

impl Levers {
    /// From now on the sentinel of a region is started no more, or again. A watch that runs goes on to its
    /// end.
    ///
    /// # Errors
    /// When the emulator refuses, or the region has no such schedule.
    pub async fn keep_schedule(&self, region: &Region, enabled: bool) -> Result<String, LeverError> {
        let name = self.names.resource("schedule", "watch");
        let path = format!("/schedules/{name}");
        let read = Call::at("read the schedule", "scheduler", Method::GET, path.clone(), Value::Null);
        let found = self.control.ask(region, read).await?;
        let missing = |_| LeverError::Missing { what: format!("schedule {name}"), region: region.clone() };
        let mut schedule = found.map_err(missing)?;
        // What an update leaves out goes back to its default, so everything is sent again.
        let state = if enabled { "ENABLED" } else { "DISABLED" };
        schedule["State"] = json!(state);
        let write = Call::at("change the schedule", "scheduler", Method::PUT, path, schedule);
        self.control.call(region, write).await?;
        Ok(format!("the schedule {name} is {}", state.to_lowercase()))
    }
}
