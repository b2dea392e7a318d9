//! `cargo xtask ...`: development tasks that need more than cargo itself.
//!
//! * [`mod@test`]: everything that must hold, in one command; what CI runs.
//! * [`side_by_side`]: its tests, several programs at a time.
//! * [`check_stack`]: the stack's files, by the programs that will read them.
//! * [`mod@bench`]: what telemetry costs, as ratios measured side by side.
//! * [`tools`]: the programs that tests need, and how to get them.

mod bench;
mod check_stack;
mod command;
mod side_by_side;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check and test everything; installs what is missing
    Test(test::Options),
    /// Write dashboards/*.json from their sources
    Dashboards,
    /// Check the files of `docker compose up` with the code of the programs that read them
    CheckStack {
        /// A checker that is missing fails instead of skipping
        #[arg(long, env = "CI")]
        ci: bool,
    },
    /// Measure what metrics, logs and traces cost
    Bench(bench::Options),
    /// A server without any telemetry, for `bench` to compare with
    #[command(hide = true)]
    Bare,
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Test(options) => test::run(&options),
        Task::Dashboards => {
            command::cargo(&["run", "--quiet", "--package", "dashboards", "--", "write"])
        }
        Task::CheckStack { ci } => check_stack::run_with_tests(ci),
        Task::Bench(options) => bench::run(&options),
        Task::Bare => bench::bare::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}
