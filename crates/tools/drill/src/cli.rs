//! The flags.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{Resettable, TypedValueParser};
use clap::{Arg, CommandFactory, Parser};
use faults::Fault;
use stages::Stage;
use telemetry::client::http_url;
use url::Url;

use crate::answer::Answer;

/// Find a fault: it is switched on without being named, and you say which service, what kind, and
/// since when
///
/// Without a fault, the right answer is `none`. Leaving the drill switches its fault off.
#[derive(Debug, Parser)]
#[command(name = "drill", version)]
#[command(
    after_help = "Every flag with a variable beside it can be given as that variable.\n\
    docs/drills.md has a transcript and the rules of scoring."
)]
pub(crate) struct Cli {
    /// The fault, for presenters, or `none`; the arguments of a process are visible to others
    #[arg(long, value_name = "NAME", value_parser = chosen)]
    pub(crate) fault: Option<Chosen>,

    /// The number that decides which fault it is and when it begins [default: a random one]
    #[arg(long, value_name = "NUMBER", conflicts_with = "fault")]
    pub(crate) seed: Option<u64>,

    /// List what can be drawn in this stage, and the words of answers; hold no drill
    #[arg(long)]
    pub(crate) list: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Answer without a dialogue: service=NAME,kind=KIND,since=TIME
    #[arg(long, value_name = "ANSWERS")]
    pub(crate) answers: Option<Answer>,

    /// With --answers: how long after the beginning of the fault they are given
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "30s",
        requires = "answers"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) after: Duration,

    /// With --answers: how many hints to take before
    #[arg(long, value_name = "HINTS", default_value_t = 0, requires = "answers")]
    pub(crate) hints: usize,

    /// When the fault begins, from the start of the drill [default: decided by the seed, 20 to 90 s]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) delay: Option<Duration>,

    /// The drill ends after this time
    #[arg(long, value_name = "DURATION", default_value = "30min")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) limit: Duration,

    /// The running stage, 1 to 6
    #[arg(long, env = "STAGE", value_name = "NUMBER", default_value_t = Stage::DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=6).try_map(Stage::try_from))]
    pub(crate) stage: Stage,

    /// The file of flags that the services watch
    #[arg(long, env = "FAULTS_FILE", value_name = "FILE")]
    #[arg(default_value = "/faults/flags.json")]
    pub(crate) faults_file: PathBuf,

    /// URL of Tempo, or of the no-Docker run's stand-in for it
    #[arg(long, env = "TEMPO_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:3200")]
    pub(crate) tempo_url: Url,

    /// URL of Prometheus; without it, there are no queries of metrics
    #[arg(long, env = "PROMETHEUS_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) prometheus_url: Option<Url>,

    /// URL of Loki; without it, there are no log lines
    #[arg(long, env = "LOKI_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) loki_url: Option<Url>,

    /// URL of Grafana, as a browser reaches it; without it, there are no links into Grafana
    #[arg(long, env = "GRAFANA_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) grafana_url: Option<Url>,
}

/// The fault of a presenter; None for a drill without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chosen(pub(crate) Option<Fault>);

fn chosen(name: &str) -> Result<Chosen, String> {
    match name {
        "none" => Ok(Chosen(None)),
        name => {
            let fault: Fault = name.parse().map_err(|error| format!("{error}, none"))?;
            Ok(Chosen(Some(fault)))
        }
    }
}

/// Which environment variables are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    /// All that are shown beside a flag.
    All,
    /// None: the demo gives flags.
    OfTheDemo,
}

impl Variables {
    /// `flag` without its variable, if that is ignored or empty.
    fn of(self, flag: Arg) -> Arg {
        match self {
            Self::All => telemetry::environment::ignore_if_empty(flag),
            Self::OfTheDemo => flag.env(Resettable::Reset),
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
}
