//! Asking again for as long as patience lasts.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long one answer may take; a part that is slower than this is as good as down.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Tries until it works or `patience` is over; then the last failure.
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
