//! Flags that several modes have, and durations as flags: bounded, so that every sum of them is a
//! time the clock has.

use std::time::Duration;

use clap::Args;
use telemetry::client::http_url;
use url::Url;

/// The service that users see.
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

/// The service that has the dice.
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

/// How long answers are waited for.
#[derive(Debug, Clone, Args)]
pub(crate) struct Patience {
    /// How long one request may take
    #[arg(
        long,
        env = "REQUEST_TIMEOUT",
        value_name = "DURATION",
        default_value = "15s"
    )]
    #[arg(value_parser = timeout)]
    pub(crate) timeout: Duration,
}

/// The longest duration of any flag.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest time a request can be given.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

/// A duration as a flag, up to 24 h.
///
/// # Errors
/// Says what is allowed.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        Ok(_) => Err("longer than 24h".to_owned()),
        Err(_) => Err("not a duration up to 24h, as in 1m 30s or 500ms".to_owned()),
    }
}

/// A [`duration`] that leaves time for an answer, 1 ms or longer.
///
/// # Errors
/// Says what is allowed.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
    let timeout = duration(text)?;
    if timeout < SHORTEST_TIMEOUT {
        return Err("a timeout is 1ms or longer".to_owned());
    }
    Ok(timeout)
}
