//! The flags of `reconcile`.

use std::path::PathBuf;
use std::time::Duration;

use database::postgres_url;
use telemetry::client::http_url;
use url::Url;

use crate::batches::Batches;
use crate::error::Error;
use crate::flags::{DieServiceUrl, Frontend, Patience, duration};
use crate::random::Seed;
use crate::reach::Needed;

/// A run with known content, and whether every roll of it was counted, traced and logged.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Where users go.
    #[command(flatten)]
    pub(crate) frontend: Frontend,

    /// dice-roller, for its counters
    #[arg(long, env = "DICE_ROLLER_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:8107")]
    pub(crate) dice_roller_url: Url,

    /// Where dice are.
    #[command(flatten)]
    pub(crate) die_service: DieServiceUrl,

    /// Tempo, or the demo's stand-in for it
    #[arg(long, env = "TEMPO_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3200")]
    pub(crate) tempo: Url,

    /// Read counters from this Prometheus in place of the services' /metrics
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) prometheus: Option<Url>,

    /// What follows the service's name in Prometheus' job label, as a regular expression
    #[arg(
        long,
        env = "PROMETHEUS_JOB_SUFFIX",
        value_name = "REGEX",
        default_value = "(-stage[0-9])?"
    )]
    #[arg(allow_hyphen_values = true)]
    pub(crate) job_suffix: String,

    /// Read log lines from this Loki
    #[arg(long, env = "LOKI_URL", value_name = "URL", value_parser = http_url)]
    #[arg(conflicts_with = "log_file")]
    pub(crate) loki: Option<Url>,

    /// Read log lines from this file, to which dice-roller appends them as JSON; can be given again
    #[arg(long, env = "LOG_FILE", value_name = "FILE", value_delimiter = ',')]
    pub(crate) log_file: Vec<PathBuf>,

    /// Look for the run's usage events in this database, as in postgres://user@host:5432/usage
    // A URL may hold a password, which --help would show.
    #[arg(
        long,
        env = "USAGE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    #[arg(value_parser = postgres_url)]
    pub(crate) usage_database_url: Option<Url>,

    /// Requests to send, 1 to 5000
    #[arg(
        long,
        env = "RECONCILE_REQUESTS",
        value_name = "NUMBER",
        default_value_t = 50
    )]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=5000))]
    pub(crate) requests: u64,

    /// Requests under way at once, 1 to 100
    #[arg(
        long,
        env = "RECONCILE_CONNECTIONS",
        value_name = "NUMBER",
        default_value_t = 10
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100))]
    pub(crate) connections: usize,

    /// Which of the requests for rolls are for a batch.
    #[command(flatten)]
    pub(crate) batches: Batches,

    /// How long to wait for spans, lines and scrapes that are still on their way
    #[arg(
        long,
        env = "RECONCILE_WAIT",
        value_name = "DURATION",
        default_value = "30s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) wait: Duration,

    /// How long spans take to arrive: counters are used as they were that long ago
    #[arg(
        long,
        env = "RECONCILE_SETTLE",
        value_name = "DURATION",
        default_value = "3s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) settle: Duration,

    /// What is drawn.
    #[command(flatten)]
    pub(crate) seed: Seed,

    /// When an answer is given up.
    #[command(flatten)]
    pub(crate) patience: Patience,
}

impl Options {
    pub(super) fn check(&self) -> Result<(), Error> {
        let (settle, wait) = (self.settle, self.wait);
        if settle > wait {
            return Err(Error::Usage(format!(
                "--settle {settle:?} is longer than --wait {wait:?}"
            )));
        }
        Ok(())
    }

    pub(super) fn has_lines(&self) -> bool {
        self.loki.is_some() || !self.log_file.is_empty()
    }

    /// Everything that must be there.
    pub(super) fn needed(&self) -> Vec<Needed<'_>> {
        let needed = |service, url, flag| Needed { service, url, flag };
        let mut all = vec![
            needed("the frontend", &self.frontend.url, "--frontend-url"),
            needed("Tempo", &self.tempo, "--tempo"),
        ];
        match &self.prometheus {
            Some(url) => all.push(needed("Prometheus", url, "--prometheus")),
            None => all.extend([
                needed("dice-roller", &self.dice_roller_url, "--dice-roller-url"),
                needed("die-service", &self.die_service.url, "--die-service-url"),
            ]),
        }
        all.extend(self.loki.iter().map(|url| needed("Loki", url, "--loki")));
        all
    }
}
