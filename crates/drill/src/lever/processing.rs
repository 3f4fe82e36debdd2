//! What hands messages of the order queue to the processor.

use http::Method;
use recovery::Region;
use serde_json::{Value, json};

use super::control::Call;
use super::{LeverError, Levers};

/// Function that settles from the queue.
const PROCESSOR: &str = "order-processor";
const MAPPINGS: &str = "/2015-03-31/event-source-mappings/";

impl Levers {
    /// From now on no message reaches the processor of a region, or messages do again. What it has in hand
    /// goes on. Where containers settle there is no mapping; see
    /// [`Fault::Deny`](crate::gateway::Fault::Deny).
    ///
    /// # Errors
    /// When the emulator refuses, or the function has no mapping.
    pub async fn feed_processor(&self, region: &Region, fed: bool) -> Result<String, LeverError> {
        let function = self.names.function(PROCESSOR);
        let path = format!("{MAPPINGS}?FunctionName={function}");
        let list = Call::at("list event source mappings", "lambda", Method::GET, path, Value::Null);
        let listed = self.control.call(region, list).await?;
        let ids: Vec<&str> = listed["EventSourceMappings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["UUID"].as_str())
            .collect();
        if ids.is_empty() {
            let what = format!("event source mapping of {function}");
            return Err(LeverError::Missing { what, region: region.clone() });
        }
        for id in ids {
            let body = json!({"Enabled": fed});
            let call = Call::at(
                "change an event source mapping",
                "lambda",
                Method::PUT,
                format!("{MAPPINGS}{id}"),
                body,
            );
            self.control.call(region, call).await?;
        }
        Ok(format!("{function} gets {} of the queue's messages", if fed { "all" } else { "none" }))
    }
}
