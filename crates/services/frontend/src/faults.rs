//! The faults of this service on purpose, see the table in `crates/lib/faults`.

use std::time::Duration;

use faults::Fault;
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
    flood(url);
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

/// Logs many lines about the connection to `url` while [`Fault::LogFlood`] is on: a debug line that
/// somebody left in the path of each request.
fn flood(url: &Url) {
    let Some(lines) = faults::strength(Fault::LogFlood) else {
        return;
    };
    let backend_url = redacted(url).to_string();
    // At most 200.
    for _ in 0..lines as u32 {
        tracing::info!(backend_url, idle = true, "Connection checked");
    }
}
