//! Retries for as long as the patience lasts.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Timeout of one request; a part that is slower counts as down.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// Retries until success or until `patience` is over; then returns the last failure.
pub(crate) async fn patiently<T, E, F>(
    patience: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let end = Instant::now() + patience;
    loop {
        match attempt().await {
            Err(_) if Instant::now() + PAUSE < end => sleep(PAUSE).await,
            result => return result,
        }
    }
}
