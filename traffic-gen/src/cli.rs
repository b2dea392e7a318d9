//! The command line: a mode, its flags, and the flags that all modes share.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Command, CommandFactory, Parser, Subcommand};
use telemetry::environment::ignore_if_empty;
use telemetry::{Service, Settings};

use crate::console::Console;
use crate::error::EXIT_CODES;
use crate::error::Error;
use crate::output::{Finished, Report};
use crate::{compare, load, queries, reconcile, resilience, users};

const SERVICE: Service = Service {
    name: "traffic-gen",
    version: env!("CARGO_PKG_VERSION"),
};

/// Traffic for the dice system: users, and runs that measure or check it
///
/// Without a mode it runs users; traffic-gen MODE --help lists the flags of a mode.
#[derive(Debug, Parser)]
#[command(name = "traffic-gen", version, after_help = EXIT_CODES)]
#[command(override_usage = "traffic-gen [OPTIONS] [MODE]")]
#[command(subcommand_help_heading = "Modes", subcommand_value_name = "MODE")]
struct Cli {
    #[command(subcommand)]
    mode: Mode,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    telemetry: Settings,
}

#[derive(Debug, Args)]
struct Output {
    /// Write the report as JSON
    #[arg(long, env = "TRAFFIC_JSON")]
    json: bool,

    /// Show no progress
    #[arg(long, short, env = "TRAFFIC_QUIET")]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Mode {
    Users(users::Options),
    Compare(compare::Options),
    Load(load::Options),
    Direct(queries::direct::Options),
    Database(queries::database::Options),
    Resilience(resilience::Options),
    Reconcile(Box<reconcile::Options>),
}

/// The whole `main` for the given arguments, of which the first is the program's name. SIGINT or
/// SIGTERM ends it early.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    main_until(arguments, service::terminated)
}

/// Like [`main_from`], but ends early when the future from `shutdown` is ready; it is called inside
/// the runtime.
pub fn main_until<S: Future<Output = ()> + Send + 'static>(
    arguments: impl IntoIterator<Item = OsString>,
    shutdown: impl FnOnce() -> S,
) -> ExitCode {
    let cli = match parse(arguments.into_iter().collect()) {
        Ok(cli) => cli,
        Err(error) => {
            // clap prints --help to stdout and exits with 0; errors go to stderr, with exit code 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let json = cli.output.json;
    match start(cli, shutdown) {
        Ok(finished) => {
            // The process that reads the report may be gone, which is not an error.
            let _ = if json {
                writeln!(io::stdout(), "{:#}", finished.json)
            } else {
                write!(io::stdout(), "{}", finished.text)
            };
            finished.exit_code()
        }
        Err(error) => {
            eprintln!("traffic-gen: {error}");
            error.exit_code()
        }
    }
}

/// Parses the arguments. The flags of all modes can stand before or after the mode. Logs go to
/// standard error and are pretty-printed by default.
fn parse(mut arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let command = Cli::command()
        .mut_subcommands(|mode| mode.mut_args(ignore_if_empty))
        .mut_args(|argument| ignore_if_empty(argument.global(true)))
        .mut_arg("log_format", |argument| argument.default_value("pretty"));
    if is_without_mode(&command, &arguments) {
        let first = arguments.len().min(1);
        arguments.insert(first, "users".into());
    }
    telemetry::parse(command, arguments)
}

/// Whether the arguments are empty or begin with a flag other than help or version, and contain no
/// mode. An unknown word is left to clap, which explains it.
fn is_without_mode(command: &Command, arguments: &[OsString]) -> bool {
    let Some(first) = arguments.get(1) else {
        return true;
    };
    let for_all = ["-h", "--help", "-V", "--version"];
    let is_mode = |argument: &OsString| {
        let mut modes = command.get_subcommands();
        argument == "help" || modes.any(|mode| argument == mode.get_name())
    };
    first.as_encoded_bytes().starts_with(b"-")
        && !for_all.iter().any(|word| first == word)
        && !arguments.iter().skip(1).any(is_mode)
}

/// Starts telemetry, runs the mode, and flushes telemetry on every path.
fn start<S: Future<Output = ()> + Send + 'static>(
    cli: Cli,
    shutdown: impl FnOnce() -> S,
) -> Result<Finished, Error> {
    let telemetry = telemetry::init_to(SERVICE, &cli.telemetry, &io::stderr())
        .map_err(|error| Error::Usage(error.to_string()))?;
    let console = if cli.output.quiet {
        Console::quiet()
    } else {
        Console::stderr()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let finished = match runtime {
        Ok(runtime) => runtime.block_on(async { cli.mode.run(&console, shutdown()).await }),
        Err(error) => Err(Error::Local(format!("cannot start the runtime: {error}"))),
    };
    telemetry.shutdown();
    finished
}

impl Mode {
    async fn run(
        self,
        console: &Console,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Finished, Error> {
        match self {
            Self::Users(options) => finished(users::run(&options, console, shutdown).await).await,
            Self::Compare(options) => {
                finished(compare::run(&options, console, shutdown).await).await
            }
            Self::Load(options) => finished(load::run(&options, console, shutdown).await).await,
            Self::Direct(options) => {
                finished(queries::direct::run(&options, console, shutdown).await).await
            }
            Self::Database(options) => {
                finished(queries::database::run(&options, console, shutdown).await).await
            }
            Self::Resilience(options) => {
                finished(resilience::run(&options, console, shutdown).await).await
            }
            Self::Reconcile(options) => {
                finished(reconcile::run(&options, console, shutdown).await).await
            }
        }
    }
}

async fn finished(report: Result<impl Report, Error>) -> Result<Finished, Error> {
    Ok(Finished::of(&report?).await)
}
