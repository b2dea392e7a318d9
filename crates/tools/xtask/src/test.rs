//! Everything that must hold, in one command.

use std::process::Command;
use std::time::Instant;

use clap::Args;
use clap::builder::FalseyValueParser;

use crate::command::{self, cargo, is_there};
use crate::{check_stack, side_by_side, tools};

/// How strict to be.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A test whose program is missing fails instead of skipping
    #[arg(long, env = "CI", value_parser = FalseyValueParser::new())]
    ci: bool,
}

/// Runs every step and stops at the first that fails.
///
/// # Errors
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
    step("stack", || check_stack::run(options.ci))?;
    step("tests, with every program compiled once", side_by_side::run)?;
    step("examples", || {
        cargo(&["test", "--workspace", "--doc", "--quiet"])
    })?;
    println!("all good after {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn step(name: &str, run: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    println!("== {name} ...");
    let start = Instant::now();
    run()?;
    println!(
        "== {name}: good after {:.0} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn documentation() -> Result<(), String> {
    let mut doc = Command::new(env!("CARGO"));
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
        println!("skipped: cargo-deny is not here; cargo install cargo-deny");
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
