//! The flags of the no-Docker run.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{FalseyValueParser, RangedI64ValueParser};
use clap::{Args, Parser, Subcommand};

/// Runs the whole dice system without Docker: three services, light traffic, and a stand-in for
/// Tempo that keeps their traces in memory.
///
/// Ctrl-C stops everything. There is no Grafana here: for that, `docker compose up`.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) options: Options,
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
    /// Leave the dice alone: no traffic but yours
    #[arg(long, env = "DEMO_NO_TRAFFIC", value_parser = FalseyValueParser::new())]
    pub(crate) no_traffic: bool,

    /// Pass the services' log lines through to standard output
    #[arg(long, env = "DEMO_LOGS", value_parser = FalseyValueParser::new())]
    pub(crate) logs: bool,

    /// Write each service's log lines to DIR/SERVICE.log
    #[arg(long, env = "DEMO_LOG_DIR", value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,

    /// Port of die-service
    #[arg(
        long,
        env = "DIE_SERVICE_PORT",
        value_name = "PORT",
        default_value_t = 8106
    )]
    pub(crate) die_service_port: u16,

    /// Port of dice-roller
    #[arg(
        long,
        env = "DICE_ROLLER_PORT",
        value_name = "PORT",
        default_value_t = 8107
    )]
    pub(crate) dice_roller_port: u16,

    /// Port of the frontend, where the page is
    #[arg(
        long,
        env = "FRONTEND_PORT",
        value_name = "PORT",
        default_value_t = 8108
    )]
    pub(crate) frontend_port: u16,

    /// Port on which traces are received: OTLP, http/protobuf
    #[arg(long, env = "OTLP_PORT", value_name = "PORT", default_value_t = 4318, value_parser = port())]
    pub(crate) otlp_port: u16,

    /// Port of the trace store's HTTP API, Tempo's
    #[arg(long, env = "TEMPO_PORT", value_name = "PORT", default_value_t = 3200, value_parser = port())]
    pub(crate) tempo_port: u16,

    /// Start KTRDR too, the fleet of workers: a backend, four workers and a driver
    #[arg(long, env = "DEMO_KTRDR", value_parser = FalseyValueParser::new())]
    pub(crate) ktrdr: bool,

    /// Port of KTRDR's backend
    #[arg(long, env = "KTRDR_PORT", value_name = "PORT", default_value_t = 8120, value_parser = port())]
    pub(crate) ktrdr_port: u16,

    /// Ports of KTRDR's workers, one each: the first half does backtests, the others trainings
    #[arg(
        long,
        env = "KTRDR_WORKER_PORTS",
        value_name = "PORT,...",
        value_delimiter = ','
    )]
    #[arg(default_value = "5003,5004,5005,5006")]
    pub(crate) ktrdr_worker_ports: Vec<u16>,

    /// Spans kept in memory; the oldest traces go first
    #[arg(
        long,
        env = "DEMO_MAX_SPANS",
        value_name = "SPANS",
        default_value_t = 50_000
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1_000..))]
    pub(crate) max_spans: usize,
}

/// From Ctrl-C to the end of the last process.
pub(crate) const STOP_BOUND: Duration = Duration::from_millis(1_900);

/// A port that can be named: not 0, which means any.
fn port() -> RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..)
}
