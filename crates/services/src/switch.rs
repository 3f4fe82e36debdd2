//! The off switch: an SSM parameter that people turn, and that the sentinel and the steps obey.

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_ssm::Client;
use tokio::time::{Instant, timeout};

/// How long a value counts before it is read again.
const FRESH: Duration = Duration::from_secs(10);
/// How long a failed read keeps the next one away.
const RETRY: Duration = Duration::from_secs(3);
/// Longest time of one read.
const LIMIT: Duration = Duration::from_millis(1500);

/// Reads the switch now and then, and remembers.
#[derive(Debug)]
pub(crate) struct Switch {
    client: Client,
    parameter: String,
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    on: Option<bool>,
    next_read: Option<Instant>,
}

impl Switch {
    pub(crate) fn new(client: Client, parameter: String) -> Self {
        Self { client, parameter, known: Mutex::default() }
    }

    /// Whether the last value that could be read was `on`; anything else is off. `None` when it was
    /// never read: what that means is the caller's to say.
    pub(crate) async fn is_on(&self) -> Option<bool> {
        let known = *self.known();
        if known.next_read.is_some_and(|at| Instant::now() < at) {
            return known.on;
        }
        let read = self.client.get_parameter().name(&self.parameter).send();
        let (on, again_in) = match timeout(LIMIT, read).await {
            Ok(Ok(answer)) => {
                let value = answer.parameter.and_then(|parameter| parameter.value);
                (Some(value.as_deref().map(str::trim) == Some("on")), FRESH)
            }
            Ok(Err(error)) => {
                let code = aws_sdk_ssm::error::ProvideErrorMetadata::code(&error).unwrap_or("no answer");
                tracing::info!(code, last = ?known.on, "the switch cannot be read; its last value counts");
                (known.on, RETRY)
            }
            Err(_) => {
                tracing::info!(last = ?known.on, "the switch was not read in time; its last value counts");
                (known.on, RETRY)
            }
        };
        *self.known() = Known { on, next_read: Some(Instant::now() + again_in) };
        on
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
