//! The flags: where everything is. The defaults are the ports that `docker compose up` and the
//! no-Docker run publish.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use telemetry::client::http_url;
use url::Url;

/// Follow one roll through the whole stack, hop by hop
///
/// Exit code 0 only when every hop works.
#[derive(Debug, Parser)]
#[command(name = "doctor", version)]
#[command(after_help = "Every flag can be given as the variable shown beside it.")]
pub(crate) struct Cli {
    /// The stage that runs, 3 to 6: the number in the names of jobs and dashboards
    #[arg(long, env = "STAGE", value_name = "NUMBER", default_value_t = 4)]
    #[arg(value_parser = clap::value_parser!(u8).range(3..=6))]
    pub(crate) stage: u8,

    /// Parts that this run does not have; their hops are not examined
    #[arg(long, env = "DOCTOR_WITHOUT", value_name = "PART,...")]
    #[arg(value_enum, value_delimiter = ',')]
    pub(crate) without: Vec<Part>,

    /// How long to wait for what takes a moment: a scrape, a batch of spans, a log line
    #[arg(
        long,
        env = "DOCTOR_PATIENCE",
        value_name = "DURATION",
        default_value = "30s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) patience: Duration,

    /// Write JSON in place of the table
    #[arg(long, env = "DOCTOR_JSON")]
    pub(crate) json: bool,

    /// The frontend
    #[arg(long, env = "FRONTEND_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:8108")]
    pub(crate) frontend_url: Url,

    /// dice-roller
    #[arg(long, env = "DICE_ROLLER_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:8107")]
    pub(crate) dice_roller_url: Url,

    /// die-service
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:8106")]
    pub(crate) die_service_url: Url,

    /// Alloy
    #[arg(long, env = "ALLOY_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:12345")]
    pub(crate) alloy_url: Url,

    /// Tempo, or the no-Docker run's stand-in for it
    #[arg(long, env = "TEMPO_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3200")]
    pub(crate) tempo_url: Url,

    /// Prometheus
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:9090")]
    pub(crate) prometheus_url: Url,

    /// Loki
    #[arg(long, env = "LOKI_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3100")]
    pub(crate) loki_url: Url,

    /// Grafana
    #[arg(long, env = "GRAFANA_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3000")]
    pub(crate) grafana_url: Url,
}

/// What a run can be without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The collector of logs and traces
    Alloy,
    /// The store of metrics
    Prometheus,
    /// The store of logs
    Loki,
    /// The dashboards
    Grafana,
}

impl Cli {
    pub(crate) fn has(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }
}
