//! The flags of the no-Docker run.

mod log_lines;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{FalseyValueParser, RangedI64ValueParser, Resettable, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Args, CommandFactory, Parser, Subcommand};
use database::postgres_url;
use stages::{Component, Stage};
use url::Url;

use self::log_lines::filter;
pub(crate) use self::log_lines::{LogFormat, LogRoutes};
use crate::plan;

/// The default port of an OTLP/HTTP receiver.
pub(crate) const DEFAULT_OTLP_PORT: u16 = 4318;

/// Tempo's default port.
pub(crate) const DEFAULT_TEMPO_PORT: u16 = 3200;

/// The environment variables of this program.
const ENVIRONMENT: &str = "\
Variables: each flag can be given as the variable shown beside it. The services get no other variables of \
this shell than PATH, HOME, USER, LOGNAME, TMPDIR, TZ, LANG, LANGUAGE, LC_*, NO_COLOR, RUST_BACKTRACE, \
RUST_LIB_BACKTRACE, LD_LIBRARY_PATH, LD_PRELOAD, LLVM_PROFILE_FILE and OTEL_RESOURCE_ATTRIBUTES: not RUST_LOG \
(use --log-filter), not LOG_FORMAT (--log-format), no other OTEL_*, no PG* and no proxy.";

/// Runs the whole dice system without Docker: the services of a stage, light traffic, and a
/// stand-in for Tempo that keeps their traces in memory.
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
    /// Parses the process's arguments and environment. Variables of databases count only in stages
    /// that use one, because `DATABASE_URL` is often set for another program.
    ///
    /// # Errors
    /// With the text of `--help`, if requested.
    pub(crate) fn from_process() -> Result<Self, clap::Error> {
        let command = Self::command().mut_args(telemetry::environment::ignore_if_empty);
        let without = command.clone().mut_args(without_database);
        let cli: Self = telemetry::parse(without, std::env::args_os())?;
        match cli.options.stage.runs(Component::Postgres) {
            true => telemetry::parse(command, std::env::args_os()),
            false => Ok(cli),
        }
    }

    /// The variable that holds the value that `error` is about, unless a flag gave the value.
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
    /// Follow one roll through the running demo and report what is broken
    #[command(disable_help_flag = true)]
    Doctor {
        /// See doctor --help
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Switch a fault of the running demo on or off, or list the faults
    Faults {
        /// Port of the page, or of dice-roller in stage 1, if several demos are running
        #[arg(long, value_name = "PORT", value_parser = port())]
        port: Option<u16>,
        #[command(subcommand)]
        command: faults::cli::Command,
    },
    /// Find a fault of the running demo, which is switched on without being named
    #[command(disable_help_flag = true)]
    Drill {
        /// Port of the page, or of dice-roller in stage 1, if several demos are running
        #[arg(long, value_name = "PORT", value_parser = port())]
        port: Option<u16>,
        /// See drill --help
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run one of the services. The demo starts its children with this command.
    #[command(hide = true, disable_help_flag = true)]
    Service {
        /// Stop when standard input ends
        #[arg(long)]
        stop_at_eof: bool,
        /// Name of the service, and its flags
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<OsString>,
    },
}

/// The options of the demo.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The stage to run, 1 to 6; each adds one idea
    #[arg(long, env = "STAGE", value_name = "NUMBER", default_value_t = Stage::DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=6).try_map(Stage::try_from))]
    pub(crate) stage: Stage,

    /// Generate no traffic: start neither the simulated users nor the prober
    #[arg(long, env = "DEMO_NO_TRAFFIC", value_parser = FalseyValueParser::new())]
    pub(crate) no_traffic: bool,

    /// Print the services' log lines on standard output
    #[arg(long, env = "DEMO_LOGS", value_parser = FalseyValueParser::new())]
    pub(crate) logs: bool,

    /// Write each service's log lines to DIR/SERVICE.log
    #[arg(long, env = "DEMO_LOG_DIR", value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,

    /// Filter for the services' log lines: LEVEL, or TARGET=LEVEL pairs with commas [default:
    /// info]. Usage events that go to usage-sink are always logged
    #[arg(hide_short_help = true)]
    #[arg(long, env = "DEMO_LOG_FILTER", value_name = "FILTER", value_parser = filter)]
    pub(crate) log_filter: Option<String>,

    /// Format of the services' log lines [default: json]. Lines for usage-sink must be JSON: in
    /// stage 6, pretty requires --log-routes loki
    #[arg(hide_short_help = true)]
    #[arg(long, env = "DEMO_LOG_FORMAT", value_name = "FORMAT", value_enum)]
    pub(crate) log_format: Option<LogFormat>,

    /// Maximum delay of a roll, as in dice-roller's --roll-delay [default: 1s]
    #[arg(hide_short_help = true)]
    #[arg(long, env = "DEMO_ROLL_DELAY", value_name = "DURATION")]
    pub(crate) roll_delay: Option<String>,

    /// Port of die-service [default: from the stage]
    #[arg(long, env = "DIE_SERVICE_PORT", value_name = "PORT", value_parser = port())]
    pub(crate) die_service_port: Option<u16>,

    /// Port of dice-roller [default: from the stage]
    #[arg(long, env = "DICE_ROLLER_PORT", value_name = "PORT", value_parser = port())]
    pub(crate) dice_roller_port: Option<u16>,

    /// Port of the frontend, which serves the page [default: from the stage]
    #[arg(long, env = "FRONTEND_PORT", value_name = "PORT", value_parser = port())]
    pub(crate) frontend_port: Option<u16>,

    /// Port of usage-sink [default: from the stage]
    #[arg(hide_short_help = true)]
    #[arg(long, env = "USAGE_SINK_PORT", value_name = "PORT", value_parser = port())]
    pub(crate) usage_sink_port: Option<u16>,

    /// Port of the prober, which rolls every die and exports how that went
    #[arg(hide_short_help = true)]
    #[arg(long, env = "PROBER_PORT", value_name = "PORT", default_value_t = stages::PROBER_PORT, value_parser = port())]
    pub(crate) prober_port: u16,

    /// Stages 5 and 6: database of die-service [default: on a temporary PostgreSQL server, removed
    /// at exit]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, value_parser = postgres_url)]
    pub(crate) database_url: Option<Url>,

    /// Stage 6: database of usage-sink, which must not be that of die-service [default: as above]
    #[arg(hide_short_help = true)]
    #[arg(long, env = "USAGE_DATABASE_URL", value_name = "URL", hide_env_values = true, value_parser = postgres_url)]
    pub(crate) usage_database_url: Option<Url>,

    /// Destination of the services' usage lines: with the other lines (shown by --logs and
    /// --log-dir), usage-sink, or both [default: loki, in stage 6 usage]
    #[arg(hide_short_help = true)]
    #[arg(long, env = "LOG_ROUTES", value_name = "ROUTES", value_enum)]
    pub(crate) log_routes: Option<LogRoutes>,

    /// Keep only this share of the traces, 0 to 1, decided where they begin
    #[arg(hide_short_help = true)]
    #[arg(long, env = "HEAD_SAMPLING", value_name = "RATIO", default_value_t = 1.0, value_parser = telemetry::ratio)]
    pub(crate) head_sampling: f64,

    /// Keep all traces with an error, all that take 1.1 s or longer, and one in ten of the others,
    /// decided 5 s after their first span, as Alloy does in the stack
    #[arg(hide_short_help = true)]
    #[arg(long, env = "TAIL_SAMPLING", value_parser = FalseyValueParser::new())]
    pub(crate) tail_sampling: bool,

    /// Port that receives traces: OTLP/HTTP, protobuf or JSON, optionally with gzip
    #[arg(hide_short_help = true)]
    #[arg(long, env = "OTLP_PORT", value_name = "PORT", default_value_t = DEFAULT_OTLP_PORT, value_parser = port())]
    pub(crate) otlp_port: u16,

    /// Port of the trace store's HTTP API, which is compatible with Tempo
    #[arg(hide_short_help = true)]
    #[arg(long, env = "TEMPO_PORT", value_name = "PORT", default_value_t = DEFAULT_TEMPO_PORT, value_parser = port())]
    pub(crate) tempo_port: u16,

    /// Also start KTRDR, a fleet of workers: a backend, four workers and a driver
    #[arg(long, env = "DEMO_KTRDR", value_parser = FalseyValueParser::new())]
    pub(crate) ktrdr: bool,

    /// Port of KTRDR's backend
    #[arg(hide_short_help = true)]
    #[arg(long, env = "KTRDR_PORT", value_name = "PORT", default_value_t = 8120, value_parser = port())]
    pub(crate) ktrdr_port: u16,

    /// Ports of KTRDR's workers, one each: the first half runs backtests, the other half trainings
    #[arg(hide_short_help = true)]
    #[arg(
        long,
        env = "KTRDR_WORKER_PORTS",
        value_name = "PORT,...",
        value_delimiter = ','
    )]
    #[arg(default_value = "5003,5004,5005,5006", value_parser = port())]
    pub(crate) ktrdr_worker_ports: Vec<u16>,

    /// Maximum number of spans in memory; the oldest traces are removed first
    #[arg(hide_short_help = true)]
    #[arg(
        long,
        env = "DEMO_MAX_SPANS",
        value_name = "SPANS",
        default_value_t = 50_000
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1_000..))]
    pub(crate) max_spans: usize,

    /// Memory for these spans in MiB, 4 to 4096; the oldest traces are removed first
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
    /// The port from the flag of `component`.
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

/// The maximum time from Ctrl-C to the end of the last process.
pub(crate) const STOP_BOUND: Duration = Duration::from_millis(1_900);

/// A port other than 0, which means any port.
fn port() -> RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..)
}
