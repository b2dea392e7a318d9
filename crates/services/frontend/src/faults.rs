//! The faults of this service on purpose, see the table in `crates/lib/faults`.

use std::time::Duration;

use faults::{Fault, Pace};
use telemetry::client::{CallError, Client, Reply, redacted};
use url::Url;

/// How long the attempts of [`Fault::RetryStorm`] wait, except for the last one.
const IMPATIENCE: Duration = Duration::from_millis(100);

/// Calls dice-roller: once, within `timeout` and in the current trace, unless a fault is on.
///
/// # Errors
/// If there is no answer.
pub(crate) async fn call(
    client: &Client,
    url: &Url,
    timeout: Duration,
) -> Result<Reply, CallError> {
    let detached = faults::strikes(Fault::LostContext).then(|| client.without_context());
    let client = detached.as_ref().unwrap_or(client);
    // At most 20.
    let retries = faults::strength(Fault::RetryStorm).map_or(0, |retries| retries as u32);
    for attempt in 1..=retries {
        match client.get(url.clone(), IMPATIENCE).await {
            Err(CallError::Timeout(_)) => {
                let backend_url = redacted(url).to_string();
                tracing::warn!(
                    backend_url,
                    attempt,
                    "Dice roller did not answer in time; trying again"
                );
            }
            other => return other,
        }
    }
    client.get(url.clone(), timeout).await
}

/// Prepares what happens on its own while a fault is on: many log lines about `backend`.
pub(crate) fn start(backend: &Url) {
    let backend_url = redacted(backend).to_string();
    let mut pace = Pace::default();
    faults::while_on(Fault::LogFlood, move |lines| {
        for _ in 0..pace.due(lines.unwrap_or(0.0)) {
            tracing::info!(backend_url, idle = true, "Connection checked");
        }
    });
}
