//! The flags of `reconcile`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use database::postgres_url;
use telemetry::client::http_url;
use url::Url;

use crate::batches::Batches;
use crate::error::Error;
use crate::flags::{Frontend, RequestTimeout, duration};
use crate::random::Seed;
use crate::reach::Needed;

/// Send a run with known content and check that every roll was counted, traced and logged
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Where the users' requests go.
    #[command(flatten)]
    pub(crate) frontend: Frontend,

    /// dice-roller, which is read for its counters; several replicas, separated by commas, add up
    #[arg(long, env = "DICE_ROLLER_URL", value_name = "URL", value_parser = http_url)]
    #[arg(value_delimiter = ',', default_value = "http://localhost:8107")]
    pub(crate) dice_roller_url: Vec<Url>,

    /// die-service; several replicas as above
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    #[arg(value_delimiter = ',', default_value = "http://localhost:8106")]
    pub(crate) die_service_url: Vec<Url>,

    /// Tempo or mini-tempo
    #[arg(long, env = "TEMPO_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3200")]
    pub(crate) tempo: Url,

    /// Read counters from this Prometheus instead of the services' /metrics
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) prometheus: Option<Url>,

    /// Regular expression for what follows the service name in Prometheus' job label
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

    /// Read log lines from this file, to which dice-roller appends JSON; repeatable
    #[arg(long, env = "LOG_FILE", value_name = "FILE", value_delimiter = ',')]
    pub(crate) log_file: Vec<PathBuf>,

    /// Check the run's usage events in this database, for example postgres://user@host:5432/usage
    // A URL may contain a password, which --help would show.
    #[arg(
        long,
        env = "USAGE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    #[arg(value_parser = postgres_url)]
    pub(crate) usage_database_url: Option<Url>,

    /// The share of the traces of all traffic that is kept, decided where they begin. With less than 1,
    /// counters may have increments of others without a span. This run's own traces are kept
    #[arg(
        long,
        env = "HEAD_SAMPLING",
        value_name = "RATIO",
        default_value_t = 1.0
    )]
    #[arg(value_parser = telemetry::ratio)]
    pub(crate) head_sampling: f64,

    /// The collector keeps only some traces: one that is missing as a whole is not lost
    #[arg(long, env = "TAIL_SAMPLING", value_parser = FalseyValueParser::new())]
    pub(crate) tail_sampling: bool,

    /// Number of requests, 1 to 5000
    #[arg(
        long,
        env = "RECONCILE_REQUESTS",
        value_name = "NUMBER",
        default_value_t = 50
    )]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=5000))]
    pub(crate) requests: u64,

    /// Requests in flight at once, 1 to 100
    #[arg(
        long,
        env = "RECONCILE_CONNECTIONS",
        value_name = "NUMBER",
        default_value_t = 10
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100))]
    pub(crate) connections: usize,

    /// The share and size of batches.
    #[command(flatten)]
    pub(crate) batches: Batches,

    /// How long to wait for spans, lines and scrapes to arrive
    #[arg(
        long,
        env = "RECONCILE_WAIT",
        value_name = "DURATION",
        default_value = "30s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) wait: Duration,

    /// How long spans take to arrive; counter values are used only when they are at least this old
    #[arg(
        long,
        env = "RECONCILE_SETTLE",
        value_name = "DURATION",
        default_value = "3s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) settle: Duration,

    /// The seed.
    #[command(flatten)]
    pub(crate) seed: Seed,

    /// When a request times out.
    #[command(flatten)]
    pub(crate) request_timeout: RequestTimeout,
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

    /// Whether not every trace is kept.
    pub(super) fn is_sampled(&self) -> bool {
        self.tail_sampling || self.head_sampling < 1.0
    }

    pub(super) fn has_lines(&self) -> bool {
        self.loki.is_some() || !self.log_file.is_empty()
    }

    /// Every service and store that is required.
    pub(super) fn needed(&self) -> Vec<Needed<'_>> {
        let needed = |service, url, flag| Needed { service, url, flag };
        let mut all = vec![
            needed("the frontend", &self.frontend.url, "--frontend-url"),
            needed("Tempo", &self.tempo, "--tempo"),
        ];
        match &self.prometheus {
            Some(url) => all.push(needed("Prometheus", url, "--prometheus")),
            None => {
                let rollers = self.dice_roller_url.iter();
                all.extend(rollers.map(|url| needed("dice-roller", url, "--dice-roller-url")));
                let dice = self.die_service_url.iter();
                all.extend(dice.map(|url| needed("die-service", url, "--die-service-url")));
            }
        }
        all.extend(self.loki.iter().map(|url| needed("Loki", url, "--loki")));
        all
    }
}
