//! Checks every file of the stack, without Docker, with the code of the program that reads it.
//!
//! Consistency between the files is checked in `tests/stack`; this program runs
//!
//! * [`promtool`]: Prometheus' configuration, its targets and its rules;
//! * [`amtool`]: Alertmanager's configuration;
//! * [`loaders`]: Compose's loader and Alloy's parser, in a small Go program;
//! * [`kubernetes`]: deploy/kubernetes, by the schemas of Kubernetes and the types of its operator;
//! * [`hadolint`]: the Dockerfile;
//! * [`grammar`]: Grafana's grammar of LogQL, for the queries of the datasources;
//! * [`programs`]: Alloy, Loki, Tempo and Docker Compose themselves, where they are installed.
//!
//! The queries of the dashboards are checked in `crates/tools/dashboards`.

mod amtool;
mod grammar;
mod hadolint;
mod kubernetes;
mod loaders;
mod programs;
mod promtool;
mod pypi;

use std::process::ExitCode;

use clap::Parser;
use clap::builder::FalseyValueParser;
use stack_check::Unavailable;
use tooling::skip::skipped;

/// Check the files of `docker compose up` with the code of the programs that read them
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask check-stack")]
struct Options {
    /// Fail instead of skipping if a checker is missing
    #[arg(long, env = "CI", value_parser = FalseyValueParser::new())]
    ci: bool,

    /// Run this check only
    #[arg(long, value_name = "NAME", value_parser = CHECKS.map(|(name, _)| name))]
    only: Option<String>,
}

/// The outcome of a check without findings.
enum Verdict {
    /// What was checked.
    Good(String),
    /// Why the check was skipped.
    Missing(String),
}

type Check = fn() -> Result<Verdict, String>;

impl Verdict {
    /// The verdict of a check whose program could not answer.
    fn without(program: Unavailable) -> Result<Self, String> {
        match program {
            Unavailable::Missing(why) => Ok(Self::Missing(why)),
            Unavailable::Failed(problem) => Err(problem),
        }
    }
}

const CHECKS: [(&str, Check); 6] = [
    ("promtool", promtool::check),
    ("amtool", amtool::check),
    ("upstream", loaders::check),
    ("kubernetes", kubernetes::check),
    ("hadolint", hadolint::check),
    ("logql", grammar::check),
];

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("stack-check: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Runs every check, continuing after failures. A checker that is missing and cannot be installed
/// is skipped with a line, or fails on CI.
///
/// # Errors
/// Names the failed checks; their findings are printed.
fn run(Options { ci, only }: &Options) -> Result<(), String> {
    let mut failed = Vec::new();
    let is_wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    for (name, check) in CHECKS.into_iter().filter(|(name, _)| is_wanted(name)) {
        if !report(name, check(), *ci) {
            failed.push(name);
        }
    }
    // These are optional, even on CI.
    let programs = only.is_none().then(programs::check);
    for (name, verdict) in programs.into_iter().flatten() {
        if !report(name, verdict, false) {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("failed: {}", failed.join(", ")))
}

fn report(name: &str, verdict: Result<Verdict, String>, must: bool) -> bool {
    match verdict {
        Ok(Verdict::Good(what)) => println!("good: {name}: {what}"),
        Ok(Verdict::Missing(why)) if must => {
            println!("FAILED: {name}: {why}");
            return false;
        }
        Ok(Verdict::Missing(why)) => skipped(format!("{name}: {why}")),
        Err(problem) => {
            println!("FAILED: {name}: {problem}");
            return false;
        }
    }
    true
}
