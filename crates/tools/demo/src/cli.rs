//! The flags of the no-Docker run.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{FalseyValueParser, RangedI64ValueParser, Resettable, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use database::postgres_url;
use stages::{Component, Stage};
use telemetry::without_secrets;
use tracing_subscriber::filter::Targets;
use url::Url;

use crate::plan;

/// Tempo's own.
pub(crate) const DEFAULT_TEMPO_PORT: u16 = 3200;

/// What becomes of variables.
const ENVIRONMENT: &str = "\
Variables: each flag can be given as the variable shown beside it. The services get no other variables of \
this shell than PATH, HOME, USER, LOGNAME, TMPDIR, TZ, LANG, LANGUAGE, LC_*, NO_COLOR, RUST_BACKTRACE, \
RUST_LIB_BACKTRACE, LD_LIBRARY_PATH, LD_PRELOAD, LLVM_PROFILE_FILE and OTEL_RESOURCE_ATTRIBUTES: not RUST_LOG \
(use --log-filter), not LOG_FORMAT (--log-format), no other OTEL_*, no PG* and no proxy.";

/// Runs the whole dice system without Docker: the services of a stage, light traffic, and a stand-in
/// for Tempo that keeps their traces in memory.
///
/// Ctrl-C stops everything. There is no Grafana here: for that, `docker compose up`.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
#[command(after_help = format!("{}\n\n--help lists more flags: log lines, KTRDR's ports, databases.", plan::table()))]
#[command(after_long_help = format!("{}\n\n{ENVIRONMENT}", plan::table()))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) options: Options,
}

impl Cli {
    /// The process's arguments, and the environment: the variables of databases in the stages that
    /// have some, for `DATABASE_URL` is often another program's.
    ///
    /// # Errors
    /// Also to show `--help`.
    pub(crate) fn from_process() -> Result<Self, clap::Error> {
        let command = Self::command().mut_args(service::ignore_if_empty);
        let without = command.clone().mut_args(without_database);
        let cli = Self::parse_with(without)?;
        match cli.options.stage.runs(Component::Postgres) {
            true => Self::parse_with(command),
            false => Ok(cli),
        }
    }

    fn parse_with(mut command: clap::Command) -> Result<Self, clap::Error> {
        let matches = command
            .try_get_matches_from_mut(std::env::args_os())
            .map_err(without_secrets)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }

    /// The variable that holds the value that `error` is about, if it is one that no flag gives.
    pub(crate) fn variable_in(error: &clap::Error) -> Option<String> {
        let ContextValue::String(said) = error.get(ContextKind::InvalidArg)? else {
            return None;
        };
        let flag = said.split([' ', '=']).next()?;
        let is_given = |argument: OsString| argument.to_string_lossy().starts_with(flag);
        if std::env::args_os().any(is_given) {
            return None;
        }
        let command = Self::command();
        let mut arguments = command.get_arguments();
        let argument = arguments.find(|it| it.get_long() == flag.strip_prefix("--"))?;
        let variable = argument.get_env()?;
        std::env::var_os(variable)?;
        Some(variable.to_string_lossy().into_owned())
    }
}

fn without_database(argument: Arg) -> Arg {
    match argument.get_env().and_then(OsStr::to_str) {
        Some("DATABASE_URL" | "USAGE_DATABASE_URL") => argument.env(Resettable::Reset),
        _ => argument,
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Follow one roll through the running demo, hop by hop, and say what is wrong where
    #[command(disable_help_flag = true)]
    Doctor {
        /// See doctor --help
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Be one of the services; how the demo starts its children.
    #[command(hide = true, disable_help_flag = true)]
    Service {
        /// Stop when standard input ends
        #[arg(long)]
        stop_at_eof: bool,
        /// Its name and flags
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<OsString>,
    },
}

/// What can be chosen.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The stage to run, 1 to 6; each adds one idea
    #[arg(long, env = "STAGE", value_name = "NUMBER", default_value_t = Stage::DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=6).try_map(Stage::try_from))]
    pub(crate) stage: Stage,

    /// Leave the dice alone: no traffic but yours
    #[arg(long, env = "DEMO_NO_TRAFFIC", value_parser = FalseyValueParser::new())]
    pub(crate) no_traffic: bool,

    /// Pass the services' log lines through to standard output
    #[arg(long, env = "DEMO_LOGS", value_parser = FalseyValueParser::new())]
    pub(crate) logs: bool,

    /// Write each service's log lines to DIR/SERVICE.log
    #[arg(long, env = "DEMO_LOG_DIR", value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,

    /// Which log lines the services write: LEVEL, or TARGET=LEVEL pairs with commas [default: info].
    /// Usage events are written all the same where they go to usage-sink
    #[arg(hide_short_help = true)]
    #[arg(long, env = "DEMO_LOG_FILTER", value_name = "FILTER", value_parser = filter)]
    pub(crate) log_filter: Option<String>,

    /// How the services' log lines look [default: json]. Lines that go to usage-sink must be JSON, so
    /// in stage 6 pretty needs --log-routes loki
    #[arg(hide_short_help = true)]
    #[arg(long, env = "DEMO_LOG_FORMAT", value_name = "FORMAT", value_enum)]
    pub(crate) log_format: Option<LogFormat>,

    /// The longest delay of a roll, as dice-roller's --roll-delay [default: 1s]
    #[arg(hide_short_help = true)]
    #[arg(long, env = "DEMO_ROLL_DELAY", value_name = "DURATION")]
    pub(crate) roll_delay: Option<String>,

    /// Port of die-service [default: that of the stage]
    #[arg(long, env = "DIE_SERVICE_PORT", value_name = "PORT", value_parser = port())]
    pub(crate) die_service_port: Option<u16>,

    /// Port of dice-roller [default: that of the stage]
    #[arg(long, env = "DICE_ROLLER_PORT", value_name = "PORT", value_parser = port())]
    pub(crate) dice_roller_port: Option<u16>,

    /// Port of the frontend, where the page is [default: that of the stage]
    #[arg(long, env = "FRONTEND_PORT", value_name = "PORT", value_parser = port())]
    pub(crate) frontend_port: Option<u16>,

    /// Port of usage-sink [default: that of the stage]
    #[arg(hide_short_help = true)]
    #[arg(long, env = "USAGE_SINK_PORT", value_name = "PORT", value_parser = port())]
    pub(crate) usage_sink_port: Option<u16>,

    /// Stages 5 and 6: the database of die-service [default: one of a PostgreSQL that this starts,
    /// and removes at the end]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, value_parser = postgres_url)]
    pub(crate) database_url: Option<Url>,

    /// Stage 6: the database of usage-sink, another than that of die-service [default: as above]
    #[arg(hide_short_help = true)]
    #[arg(long, env = "USAGE_DATABASE_URL", value_name = "URL", hide_env_values = true, value_parser = postgres_url)]
    pub(crate) usage_database_url: Option<Url>,

    /// Where the services' usage lines go: with the other lines, which is what --logs and --log-dir
    /// show, to usage-sink, or to both [default: loki, in stage 6 usage]
    #[arg(hide_short_help = true)]
    #[arg(long, env = "LOG_ROUTES", value_name = "ROUTES", value_enum)]
    pub(crate) log_routes: Option<LogRoutes>,

    /// Port on which traces are received: OTLP/HTTP, protobuf or JSON, gzip or not
    #[arg(hide_short_help = true)]
    #[arg(long, env = "OTLP_PORT", value_name = "PORT", default_value_t = 4318, value_parser = port())]
    pub(crate) otlp_port: u16,

    /// Port of the trace store's HTTP API, Tempo's
    #[arg(hide_short_help = true)]
    #[arg(long, env = "TEMPO_PORT", value_name = "PORT", default_value_t = DEFAULT_TEMPO_PORT, value_parser = port())]
    pub(crate) tempo_port: u16,

    /// Start KTRDR too, the fleet of workers: a backend, four workers and a driver
    #[arg(long, env = "DEMO_KTRDR", value_parser = FalseyValueParser::new())]
    pub(crate) ktrdr: bool,

    /// Port of KTRDR's backend
    #[arg(hide_short_help = true)]
    #[arg(long, env = "KTRDR_PORT", value_name = "PORT", default_value_t = 8120, value_parser = port())]
    pub(crate) ktrdr_port: u16,

    /// Ports of KTRDR's workers, one each: the first half does backtests, the others trainings
    #[arg(hide_short_help = true)]
    #[arg(
        long,
        env = "KTRDR_WORKER_PORTS",
        value_name = "PORT,...",
        value_delimiter = ','
    )]
    #[arg(default_value = "5003,5004,5005,5006", value_parser = port())]
    pub(crate) ktrdr_worker_ports: Vec<u16>,

    /// Spans kept in memory; the oldest traces go first
    #[arg(hide_short_help = true)]
    #[arg(
        long,
        env = "DEMO_MAX_SPANS",
        value_name = "SPANS",
        default_value_t = 50_000
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1_000..))]
    pub(crate) max_spans: usize,

    /// Memory for these spans, in MiB, 4 to 4096; the oldest traces go first
    #[arg(
        hide_short_help = true,
        long,
        env = "DEMO_MAX_TRACE_MIB",
        value_name = "MIB",
        default_value_t = mini_tempo::DEFAULT_MAX_BYTES >> 20
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(4..=4096))]
    pub(crate) max_trace_mib: usize,
}

impl Options {
    /// The port that a flag gives to `component`.
    pub(crate) fn port(&self, component: Component) -> Option<u16> {
        match component {
            Component::DieService => self.die_service_port,
            Component::DiceRoller => self.dice_roller_port,
            Component::Frontend => self.frontend_port,
            Component::UsageSink => self.usage_sink_port,
            Component::Postgres => None,
        }
    }
}

/// Named as in the stack, where the other lines go to Loki.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogRoutes {
    /// All lines together
    Loki,
    /// Usage lines to usage-sink
    Usage,
    /// Usage lines to usage-sink, and all lines together
    UsageAndLoki,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object a line
    Json,
    /// Text for people
    Pretty,
}

/// From Ctrl-C to the end of the last process.
pub(crate) const STOP_BOUND: Duration = Duration::from_millis(1_900);

/// The programs read it themselves: this is to refuse what they would refuse.
fn filter(text: &str) -> Result<String, String> {
    let parsed = text.parse::<Targets>();
    parsed
        .map(|_| text.to_owned())
        .map_err(|error| format!("{error}: expected LEVEL or TARGET=LEVEL pairs with commas, as in info,dice_roller=debug"))
}

/// A port that can be named: not 0, which means any.
fn port() -> RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..)
}
