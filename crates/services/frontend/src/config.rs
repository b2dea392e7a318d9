//! What the deployment decides.

use std::time::Duration;

use telemetry::client::http_url;
use telemetry::http::Limits;
use url::Url;

/// What the deployment decides.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Who rolls the dice
    #[arg(long, env = "DICE_ROLLER_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:8107")]
    pub dice_roller_url: Url,

    /// Who knows the dice for the drop-down; without it, this program itself
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    pub die_service_url: Option<Url>,

    /// How long to wait for one roll
    #[arg(
        long,
        env = "ROLL_TIMEOUT",
        value_name = "DURATION",
        default_value = "5s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub roll_timeout: Duration,

    /// How long to wait for a batch
    #[arg(
        long,
        env = "ROLL_ASYNC_TIMEOUT",
        value_name = "DURATION",
        default_value = "10s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub roll_async_timeout: Duration,

    /// Tempo, for the waterfall; without it, the page says that tracing is off
    #[arg(long, env = "TRACE_QUERY_URL", value_name = "URL", value_parser = http_url)]
    pub trace_query_url: Option<Url>,

    /// Grafana as browsers reach it, for the links out; without it, there are none
    #[arg(long, env = "GRAFANA_URL", value_name = "URL", value_parser = browser_url)]
    pub grafana_url: Option<Url>,

    /// The uid of the dashboard to link to; without it, Grafana's home
    #[arg(long, env = "GRAFANA_DASHBOARD", value_name = "UID", value_parser = dashboard_uid)]
    pub grafana_dashboard: Option<String>,

    /// How much is taken on at once.
    #[command(flatten)]
    pub limits: Limits,
}

/// Unlike a service of the stack, what browsers reach may well have TLS in front of it.
fn browser_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err("not a URL for a browser, as in http://localhost:3000".to_owned()),
    }
}

fn dashboard_uid(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=40).contains(&text.len()) && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("a uid has 1 to 40 letters, digits, hyphens or underscores".to_owned())
}
