//! The off switch: an SSM parameter of each region.

use recovery::Region;
use serde_json::json;

use super::control::Call;
use super::{LeverError, Levers};

impl Levers {
    /// Turns the switch of a region on or off, as an operator would. Sentinels and steps read it anew within
    /// ten seconds.
    ///
    /// # Errors
    /// When the emulator refuses.
    pub async fn turn_switch(&self, region: &Region, on: bool) -> Result<String, LeverError> {
        let (name, value) = (self.names.switch_parameter(), if on { "on" } else { "off" });
        let body = json!({"Name": name, "Value": value, "Type": "String", "Overwrite": true});
        let call = Call::targeted("turn the switch", "ssm", "AmazonSSM.PutParameter", body);
        self.control.call(region, call).await?;
        Ok(format!("the switch {name} is {value}"))
    }
}
