//! `cargo xtask ...`: development tasks that need more than cargo. Most are separate crates, which
//! this program compiles and runs; its own task is the test command:
//!
//! * [`mod@test`]: all checks and tests in one command, as in CI.
//! * [`test_programs`]: the tests of the workspace, several programs at a time.
//! * [`tools`]: the programs that tests need, and their installation.

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
    /// Run all checks and tests; installs missing programs
    Test(test::Options),
    /// Switch every fault on in the real services, and check that its alert fires; for a quiet machine
    Alerts,
    /// Generate dashboards/*.json from their sources
    Dashboards,
    /// Generate stack/prometheus/rules/*.yml from the objectives and alerts
    Slo,
    /// Check the files of `docker compose up` with the code of the programs that read them
    #[command(disable_help_flag = true)]
    CheckStack(Arguments),
    /// Measure the cost of metrics, logs and traces
    #[command(disable_help_flag = true)]
    Bench(Arguments),
}

/// Arguments of the tool
#[derive(Debug, clap::Args)]
struct Arguments {
    /// See --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test(options) => test::run(&options),
        Command::Alerts => alerts(),
        Command::Dashboards => package("dashboards", &[], &["write".into()]),
        Command::Slo => package("slo", &[], &["write".into()]),
        Command::CheckStack(Arguments { arguments }) => check_stack(&arguments),
        Command::Bench(Arguments { arguments }) => package("bench", &[], &arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Not part of the tests: a busy machine fails rolls without a fault.
fn alerts() -> Result<(), String> {
    tools::install(true)?;
    let test = ["test", "--quiet", "--package", "demo", "--test", "alerts"];
    cargo(&[&test[..], &["--", "--ignored", "--nocapture"]].concat())
}

/// Compiles and runs the program of a package.
fn package(name: &str, flags: &[&str], arguments: &[OsString]) -> Result<(), String> {
    let mut command = process::Command::new(CARGO);
    command.args(["run", "--quiet", "--package", name]);
    run(command.args(flags).arg("--").args(arguments))
}

/// Checks each file with the program that reads it, then the files against each other.
fn check_stack(arguments: &[OsString]) -> Result<(), String> {
    package("stack-check", &[], arguments)?;
    let asks_for_help = |argument: &OsString| argument == "--help" || argument == "-h";
    if arguments.iter().any(asks_for_help) {
        return Ok(());
    }
    cargo(&["test", "--quiet", "--package", "stack-check"])
}
