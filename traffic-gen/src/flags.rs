//! Flags that several modes share. Durations are bounded, so that adding them to the clock cannot
//! overflow.

use std::time::Duration;

use clap::Args;
use telemetry::client::http_url;
use url::Url;

/// The frontend's URL.
#[derive(Debug, Clone, Args)]
pub(crate) struct Frontend {
    /// The frontend
    #[arg(
        id = "frontend_url",
        long = "frontend-url",
        env = "FRONTEND_URL",
        value_name = "URL",
        value_parser = http_url
    )]
    #[arg(default_value = "http://localhost:8108")]
    pub(crate) url: Url,
}

/// die-service's URL.
#[derive(Debug, Clone, Args)]
pub(crate) struct DieServiceUrl {
    /// die-service
    #[arg(
        id = "die_service_url",
        long = "die-service-url",
        env = "DIE_SERVICE_URL",
        value_name = "URL",
        value_parser = http_url
    )]
    #[arg(default_value = "http://localhost:8106")]
    pub(crate) url: Url,
}

/// The timeout of a request, with its default in seconds.
#[derive(Debug, Clone, Args)]
pub(crate) struct RequestTimeout<const SECONDS: u64 = 15> {
    /// Timeout of one request
    #[arg(
        long,
        env = "REQUEST_TIMEOUT",
        value_name = "DURATION",
        default_value = format!("{SECONDS}s")
    )]
    #[arg(value_parser = timeout)]
    pub(crate) timeout: Duration,
}

/// The longest duration that a flag accepts.
const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest timeout that a flag accepts.
const MIN_TIMEOUT: Duration = Duration::from_millis(1);

/// Parses the duration of a flag, up to 24 h.
///
/// # Errors
/// A text that says what is allowed.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration <= MAX_DURATION => Ok(duration),
        Ok(_) => Err("longer than 24h, the longest duration allowed".to_owned()),
        Err(_) => Err("expected a duration up to 24h, as in 1m 30s or 500ms".to_owned()),
    }
}

/// Parses the duration of a timeout, 1 ms to 24 h.
///
/// # Errors
/// A text that says what is allowed.
fn timeout(text: &str) -> Result<Duration, String> {
    let timeout = duration(text)?;
    if timeout < MIN_TIMEOUT {
        return Err("a timeout must be 1ms or longer".to_owned());
    }
    Ok(timeout)
}
