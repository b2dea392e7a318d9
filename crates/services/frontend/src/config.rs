//! The configuration, from flags and environment variables.

use std::time::Duration;

use telemetry::client::http_url;
use telemetry::http::Limits;
use url::Url;

/// The configuration of this service.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// URL of dice-roller
    #[arg(long, env = "DICE_ROLLER_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:8107")]
    pub dice_roller_url: Url,

    /// URL of die-service, for the dice on the page; without it, the page shows the built-in dice
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    pub die_service_url: Option<Url>,

    /// Timeout of one roll
    #[arg(
        long,
        env = "ROLL_TIMEOUT",
        value_name = "DURATION",
        default_value = "5s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub roll_timeout: Duration,

    /// Timeout of a batch
    #[arg(
        long,
        env = "ROLL_ASYNC_TIMEOUT",
        value_name = "DURATION",
        default_value = "10s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub roll_async_timeout: Duration,

    /// URL of Tempo, for the waterfall; without it, the page shows no traces
    #[arg(long, env = "TRACE_QUERY_URL", value_name = "URL", value_parser = http_url)]
    pub trace_query_url: Option<Url>,

    /// URL of Grafana as browsers reach it; without it, the page has no links to Grafana
    #[arg(long, env = "GRAFANA_URL", value_name = "URL", value_parser = browser_url)]
    pub grafana_url: Option<Url>,

    /// UID of the dashboard to link to; without it, the link leads to Grafana's home
    #[arg(long, env = "GRAFANA_DASHBOARD", value_name = "UID", value_parser = dashboard_uid)]
    pub grafana_dashboard: Option<String>,

    /// How many requests are accepted at once.
    #[command(flatten)]
    pub limits: Limits,
}

/// Unlike the services of the stack, a URL for browsers may use HTTPS.
fn browser_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err("expected an http or https URL, as in http://localhost:3000".to_owned()),
    }
}

fn dashboard_uid(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=40).contains(&text.len()) && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("expected 1 to 40 letters, digits, hyphens or underscores".to_owned())
}
