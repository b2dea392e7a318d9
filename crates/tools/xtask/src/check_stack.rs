//! Every file of the stack, read by the code of the program that will read it, without Docker.
//!
//! What the files say to each other is in `tests/stack`; here they go to
//!
//! * [`promtool`]: Prometheus' configuration and its targets;
//! * [`upstream`]: Compose's loader and Alloy's parser, in a small Go program;
//! * [`hadolint`]: the Dockerfile;
//! * [`grammar`]: Grafana's grammar of LogQL, for the queries of the datasources;
//! * [`programs`]: Alloy, Loki, Tempo and Docker Compose themselves, where they are installed.
//!
//! The queries of the dashboards are checked in `crates/tools/dashboards`.

mod grammar;
mod hadolint;
mod programs;
mod promtool;
mod upstream;

use std::path::PathBuf;

use crate::command::{cargo, root};

/// How a check ended that found nothing wrong.
enum Verdict {
    /// What was checked.
    Good(String),
    /// Why it could not be checked.
    Missing(String),
}

type Check = fn() -> Result<Verdict, String>;

const CHECKS: [(&str, Check); 4] = [
    ("promtool", promtool::check),
    ("compose and alloy", upstream::check),
    ("hadolint", hadolint::check),
    ("logql", grammar::check),
];

/// Runs every check and goes on after one that fails. A checker that is not there and cannot be
/// installed skips with a line, or fails when it `must` be there.
///
/// # Errors
/// Names the checks that failed; what each found is printed.
pub(crate) fn run(must: bool) -> Result<(), String> {
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        if !report(name, check(), must) {
            failed.push(name);
        }
    }
    // Nobody has to have these; what is there is asked.
    for (name, verdict) in programs::check() {
        if !report(name, verdict, false) {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("check-stack: failed: {}", failed.join(", ")))
}

/// [`run`], and what the files say to each other.
///
/// # Errors
/// As [`run`], or when a test fails.
pub(crate) fn run_with_tests(must: bool) -> Result<(), String> {
    run(must)?;
    cargo(&["test", "--quiet", "--package", "xtask", "--test", "stack"])
}

fn report(name: &str, verdict: Result<Verdict, String>, must: bool) -> bool {
    match verdict {
        Ok(Verdict::Good(what)) => println!("good: {name}: {what}"),
        Ok(Verdict::Missing(why)) if must => {
            println!("FAILED: {name}: {why}");
            return false;
        }
        Ok(Verdict::Missing(why)) => println!("skipped: {name}: {why}"),
        Err(problem) => {
            println!("FAILED: {name}: {problem}");
            return false;
        }
    }
    true
}

/// A folder for what checks write and install.
fn workshop() -> Result<PathBuf, String> {
    let folder = root().join("target/check-stack");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}
