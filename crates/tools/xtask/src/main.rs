//! `cargo xtask ...`: development tasks that need more than cargo itself. Most are crates of their own,
//! which this compiles and runs; what it does itself is the test command:
//!
//! * [`mod@test`]: everything that must hold, in one command; what CI runs.
//! * [`test_programs`]: the tests of the workspace, several programs at a time.
//! * [`tools`]: the programs that tests need, and how to get them.

mod test;
mod test_programs;
mod tools;

use std::ffi::OsString;
use std::process::{self, ExitCode};

use clap::{Parser, Subcommand};
use tooling::command::{CARGO, cargo, run};

/// Development tasks
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check and test everything; installs what is missing
    Test(test::Options),
    /// Write dashboards/*.json from their sources
    Dashboards,
    /// Check the files of `docker compose up` with the code of the programs that read them
    #[command(disable_help_flag = true)]
    CheckStack(Arguments),
    /// Measure what metrics, logs and traces cost
    #[command(disable_help_flag = true)]
    Bench(Arguments),
}

/// For the tool that is run.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// See --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test(options) => test::run(&options),
        Command::Dashboards => package("dashboards", &[], &["write".into()]),
        Command::CheckStack(Arguments { arguments }) => check_stack(&arguments),
        // Its bare server is compared with programs of a release build.
        Command::Bench(Arguments { arguments }) => package("bench", &["--release"], &arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Compiles and runs the program of a package.
fn package(name: &str, flags: &[&str], arguments: &[OsString]) -> Result<(), String> {
    let mut command = process::Command::new(CARGO);
    command.args(["run", "--quiet", "--package", name]);
    run(command.args(flags).arg("--").args(arguments))
}

/// The files by the programs that read them, then what the files say to each other.
fn check_stack(arguments: &[OsString]) -> Result<(), String> {
    package("stack-check", &[], arguments)?;
    let asks_for_help = |argument: &OsString| argument == "--help" || argument == "-h";
    if arguments.iter().any(asks_for_help) {
        return Ok(());
    }
    cargo(&["test", "--quiet", "--package", "stack-check"])
}
