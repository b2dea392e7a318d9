//! The flags, mainly URLs. The defaults are the ports that `docker compose up` and the no-Docker
//! run of the same stage publish.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::builder::{FalseyValueParser, Resettable, TypedValueParser};
use clap::{Arg, CommandFactory, Parser, ValueEnum};
use stages::{Component, Stage};
use telemetry::client::http_url;
use telemetry::environment::ignore_if_empty;
use url::Url;

/// Follow one roll through the whole stack, hop by hop
///
/// Exit code 0 only when every hop works.
#[derive(Debug, Parser)]
#[command(name = "doctor", version)]
#[command(
    after_help = "Every flag can be given as the variable shown beside it. The URL of a service that\n\
    the stage does not have is ignored."
)]
pub(crate) struct Cli {
    /// The running stage, 1 to 6: it defines the services, their ports, and the number in the names
    /// of jobs and dashboards
    #[arg(long, env = "STAGE", value_name = "NUMBER", default_value_t = Stage::DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=6).try_map(Stage::try_from))]
    pub(crate) stage: Stage,

    /// Parts that this run does not have; their hops are skipped
    #[arg(long, env = "DOCTOR_WITHOUT", value_name = "PART,...")]
    #[arg(value_enum, value_delimiter = ',')]
    pub(crate) without: Vec<Part>,

    /// How the system was started, which determines the suggested commands
    #[arg(long, env = "DOCTOR_RUNNER", value_enum, default_value_t = Runner::Docker)]
    pub(crate) runner: Runner,

    /// How long to wait for delayed data: a scrape, a batch of spans, a log line
    #[arg(
        long,
        env = "DOCTOR_PATIENCE",
        value_name = "DURATION",
        default_value = "30s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) patience: Duration,

    /// The share of traces that are kept, decided where they begin: with less than 1, a missing trace is
    /// reported as not kept
    #[arg(
        long,
        env = "HEAD_SAMPLING",
        value_name = "RATIO",
        default_value_t = 1.0
    )]
    #[arg(value_parser = telemetry::ratio)]
    pub(crate) head_sampling: f64,

    /// The collector keeps only some traces: a missing one is reported as not kept
    #[arg(long, env = "TAIL_SAMPLING", value_parser = FalseyValueParser::new())]
    pub(crate) tail_sampling: bool,

    /// Levels of log lines that the collector drops, separated by |: those of a roll have INFO
    #[arg(
        long,
        env = "DROPPED_LOG_LEVELS",
        value_name = "LEVELS",
        default_value = ""
    )]
    pub(crate) dropped_log_levels: String,

    /// Print JSON instead of a table
    #[arg(long, env = "DOCTOR_JSON")]
    pub(crate) json: bool,

    /// URL of the frontend [default: its port of the stage on localhost]
    #[arg(long, env = "FRONTEND_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) frontend_url: Option<Url>,

    /// URL of dice-roller [default: its port of the stage on localhost]
    #[arg(long, env = "DICE_ROLLER_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) dice_roller_url: Option<Url>,

    /// URL of die-service [default: its port of the stage on localhost]
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) die_service_url: Option<Url>,

    /// URL of usage-sink [default: its port of the stage on localhost]
    #[arg(long, env = "USAGE_SINK_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) usage_sink_url: Option<Url>,

    /// URL of Alloy
    #[arg(long, env = "ALLOY_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:12345")]
    pub(crate) alloy_url: Url,

    /// URL of Tempo, or of the no-Docker run's stand-in for it
    #[arg(long, env = "TEMPO_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3200")]
    pub(crate) tempo_url: Url,

    /// URL of Prometheus
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:9090")]
    pub(crate) prometheus_url: Url,

    /// URL of Alertmanager
    #[arg(long, env = "ALERTMANAGER_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:9093")]
    pub(crate) alertmanager_url: Url,

    /// URL of Loki
    #[arg(long, env = "LOKI_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3100")]
    pub(crate) loki_url: Url,

    /// URL of Grafana
    #[arg(long, env = "GRAFANA_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3000")]
    pub(crate) grafana_url: Url,
}

/// How a system was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runner {
    /// `docker compose up`
    Docker,
    /// `cargo run --release`
    Demo,
}

/// A part that a run may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The collector of logs and traces
    Alloy,
    /// The store of metrics
    Prometheus,
    /// The list of alerts
    Alertmanager,
    /// The store of logs
    Loki,
    /// The dashboards
    Grafana,
}

/// Which environment variables are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    /// All that are shown beside a flag.
    All,
    /// Only `STAGE` and `DOCTOR_*`.
    OfTheDemo,
}

impl Variables {
    /// `flag` without its variable, if that is ignored or empty.
    fn of(self, flag: Arg) -> Arg {
        let name = flag.get_env().and_then(OsStr::to_str).unwrap_or_default();
        let of_the_demo = name == "STAGE" || name.starts_with("DOCTOR_");
        match self {
            Self::OfTheDemo if !of_the_demo => flag.env(Resettable::Reset),
            _ => ignore_if_empty(flag),
        }
    }
}

impl Cli {
    /// Parses the given arguments, the first being the program's name, and `variables`.
    ///
    /// # Errors
    /// With the text of `--help`, if requested.
    pub(crate) fn parse_with(
        arguments: impl IntoIterator<Item = OsString>,
        variables: Variables,
    ) -> Result<Self, clap::Error> {
        telemetry::parse(
            Self::command().mut_args(|flag| variables.of(flag)),
            arguments,
        )
    }

    /// The URL of a component of the stage: the given one, or its port on this machine.
    fn url(&self, component: Component) -> Option<Url> {
        let port = self.stage.port(component)?;
        Some(
            self.given(component)
                .cloned()
                .unwrap_or_else(|| local(port)),
        )
    }

    /// The URL given by a flag.
    pub(crate) fn given(&self, component: Component) -> Option<&Url> {
        match component {
            Component::DieService => self.die_service_url.as_ref(),
            Component::DiceRoller => self.dice_roller_url.as_ref(),
            Component::Frontend => self.frontend_url.as_ref(),
            Component::UsageSink => self.usage_sink_url.as_ref(),
            Component::Postgres => None,
        }
    }

    /// The services that a roll passes through, by their OpenTelemetry names, from the one that
    /// receives the request to the one that stores the dice.
    pub(crate) fn services(&self) -> Vec<(&'static str, Url)> {
        let components = [
            Component::Frontend,
            Component::DiceRoller,
            Component::DieService,
        ];
        let there = components
            .into_iter()
            .filter_map(|component| Some((component.name(), self.url(component)?)));
        there.collect()
    }

    /// Their names.
    pub(crate) fn service_names(&self) -> Vec<&'static str> {
        self.services().into_iter().map(|(name, _)| name).collect()
    }

    /// dice-roller, which every stage has.
    pub(crate) fn dice_roller(&self) -> Url {
        let url = self.url(Component::DiceRoller);
        url.expect("every stage has dice-roller")
    }

    /// usage-sink, if the stage has it.
    pub(crate) fn usage_sink(&self) -> Option<Url> {
        self.url(Component::UsageSink)
    }

    /// Whether not every trace is kept.
    pub(crate) fn is_sampled(&self) -> bool {
        self.tail_sampling || self.head_sampling < 1.0
    }

    /// Whether the lines of a roll are dropped on purpose.
    pub(crate) fn drops_lines(&self) -> bool {
        let mut levels = self.dropped_log_levels.split('|');
        levels.any(|level| level == "INFO")
    }

    pub(crate) fn has(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }
}

fn local(port: u16) -> Url {
    let url = Url::parse(&format!("http://localhost:{port}"));
    url.expect("a URL built from a port is valid")
}
