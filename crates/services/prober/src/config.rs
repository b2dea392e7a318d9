//! The configuration of a deployment.

use std::time::Duration;

use dice::BatchSize;
use telemetry::client::http_url;
use telemetry::http::Limits;
use url::Url;

/// The configuration of a deployment.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// URL of the service that users call: the frontend, or dice-roller if there is no frontend
    #[arg(long, env = "PROBE_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://127.0.0.1:8000")]
    pub probe_url: Url,

    /// Rolls of each die that one probe requests at most, 1 to 20; 1 requests no batches
    #[arg(
        long,
        env = "PROBE_MAX_BATCH",
        value_name = "ROLLS",
        default_value = "20"
    )]
    pub max_batch: BatchSize,

    /// Successful rolls of each die per minute that are aimed at, 1 to 60000
    #[arg(
        long,
        env = "PROBE_ROLLS_PER_MINUTE",
        value_name = "ROLLS",
        default_value_t = crate::pace::ROLLS_PER_MINUTE
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub rolls_per_minute: u32,

    /// Shortest pause between the starts of two probes of a die, 1ms to 1h
    #[arg(
        long,
        env = "PROBE_MIN_INTERVAL",
        value_name = "DURATION",
        default_value = "1500ms"
    )]
    #[arg(value_parser = pause)]
    pub min_interval: Duration,

    /// Timeout of a probe; an answer that takes longer is a failure
    #[arg(
        long,
        env = "PROBE_TIMEOUT",
        value_name = "DURATION",
        default_value = "4s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub probe_timeout: Duration,

    /// Limits for concurrent requests.
    #[command(flatten)]
    pub limits: Limits,
}

fn pause(text: &str) -> Result<Duration, String> {
    let pause = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match (Duration::from_millis(1)..=Duration::from_secs(3600)).contains(&pause) {
        true => Ok(pause),
        false => Err("must be from 1ms to 1h".to_owned()),
    }
}
