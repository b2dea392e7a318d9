//! The command line: a mode and its flags, and what all modes have in common.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use service::ignore_if_empty;
use telemetry::{Service, Settings, without_secrets};

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

/// The whole `main`, with given arguments, the first being the program's name. Ends early at SIGINT
/// or SIGTERM.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    main_until(arguments, service::terminated)
}

/// [`main_from`] that ends early when what `shutdown` returns is ready; it is called in the runtime.
pub fn main_until<S: Future<Output = ()> + Send + 'static>(
    arguments: impl IntoIterator<Item = OsString>,
    shutdown: impl FnOnce() -> S,
) -> ExitCode {
    let cli = match parse(arguments.into_iter().collect()) {
        Ok(cli) => cli,
        Err(error) => {
            // To standard output and 0 for --help, to standard error and 2 otherwise.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let json = cli.output.json;
    match start(cli, shutdown) {
        Ok(finished) => {
            // Whoever started it may be gone, and is not told.
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

/// The flags of all modes may stand before or after the mode. Lines on standard error are for
/// people, unless told otherwise.
fn parse(mut arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command()
        .mut_subcommands(|mode| mode.mut_args(ignore_if_empty))
        .mut_args(|argument| ignore_if_empty(argument.global(true)))
        .mut_arg("log_format", |argument| argument.default_value("pretty"));
    if is_without_mode(&command, &arguments) {
        let first = arguments.len().min(1);
        arguments.insert(first, "users".into());
    }
    let matches = command
        .try_get_matches_from_mut(arguments)
        .map_err(without_secrets)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Whether the arguments begin with a flag, other than for help, or with nothing, and name no mode
/// later either. A word that is no mode is left for clap to explain.
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

/// Telemetry, the run, the flush: in this order, the last on every path.
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
        Err(error) => Err(Error::Local(format!("no threads to run on: {error}"))),
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
