//! All checks and tests, in one command.

use std::ffi::OsString;
use std::process::Command;
use std::time::Instant;

use clap::Args;
use clap::builder::FalseyValueParser;

use tooling::command::{self, CARGO, cargo, is_there};
use tooling::skip::skipped;

use crate::{package, test_programs, tools};

/// Options of the test command.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fail instead of skipping tests whose programs are missing
    #[arg(long, env = "CI", value_parser = FalseyValueParser::new())]
    ci: bool,
}

/// Runs every step and stops at the first that fails.
///
/// The error of the failed step, after its output.
/// The step's own, after its output.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let start = Instant::now();
    step("tools", || tools::install(options.ci))?;
    step("formatting", || cargo(&["fmt", "--all", "--check"]))?;
    step("lints, with all dependencies compiled once", || {
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ])
    })?;
    step("documentation", documentation)?;
    step("dependencies", dependencies)?;
    step("stack", || stack(options.ci))?;
    step(
        "tests, with every program compiled once",
        test_programs::run,
    )?;
    step("examples", || {
        cargo(&["test", "--workspace", "--doc", "--quiet"])
    })?;
    println!(
        "all checks passed after {:.0} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn step(name: &str, run: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    println!("== {name} ...");
    let start = Instant::now();
    run()?;
    println!(
        "== {name}: passed after {:.0} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Checks the files one by one; consistency between them is checked by tests.
fn stack(must: bool) -> Result<(), String> {
    let arguments: &[OsString] = if must { &["--ci".into()] } else { &[] };
    package("stack-check", &[], arguments)
}

fn documentation() -> Result<(), String> {
    let mut doc = Command::new(CARGO);
    doc.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--quiet",
    ]);
    command::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

fn dependencies() -> Result<(), String> {
    if !is_there("cargo-deny") {
        skipped("cargo-deny is not installed; run cargo install cargo-deny");
        return Ok(());
    }
    cargo(&[
        "deny",
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ])
}
