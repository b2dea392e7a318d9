//! The gate: instructions a request of the image's die-service against those of the last release, which are
//! committed. A figure that grew by more than [`SLACK`] fails; one that shrank by as much is a hint to
//! record it.
//!
//! It counts the image's program, which is static: the C library and the allocator are in it, so that
//! another machine's do not count. `docs/performance.md` says what the figures depend on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::builder::FalseyValueParser;
use serde::{Deserialize, Serialize};
use tooling::command::{output, root};
use tooling::skip::skipped;

use crate::builds::Build;
use crate::cost;
use crate::instructions::{self, REQUESTS};
use crate::measure::thousands;
use crate::variants::Variant;

/// By how many percent a figure may differ. Counts of the same program differ by less than 1 %.
const SLACK: u64 = 5;

/// Counts and compares.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Replace the committed figures by those counted now
    #[arg(long)]
    record: bool,

    /// The committed figures
    #[arg(
        long,
        value_name = "FILE",
        default_value = "crates/tools/bench/figures.json"
    )]
    figures: PathBuf,

    /// Use the figures in this file, which an earlier run wrote, instead of counting
    #[arg(long, value_name = "FILE")]
    counted: Option<PathBuf>,

    /// Fail instead of skipping if valgrind or the image's target is not installed
    #[arg(long, env = "CI", value_parser = FalseyValueParser::new())]
    ci: bool,
}

/// Instructions a request, and what they were counted with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figures {
    counted_with: String,
    /// By row of the table.
    instructions: BTreeMap<String, u64>,
}

/// Runs it, and writes what was counted to `json`.
///
/// # Errors
/// Each figure beyond its bound; or why there is nothing to compare.
pub(crate) async fn run(options: &Options, json: &Path) -> Result<(), String> {
    let counted = match &options.counted {
        Some(file) => read(file)?,
        None => match check() {
            Ok(()) => count(json).await?,
            Err(why) if options.ci => return Err(why),
            Err(why) => {
                skipped(why);
                return Ok(());
            }
        },
    };
    if options.record {
        return write(&counted, &options.figures);
    }
    let released = read(&options.figures)?;
    released.print(&counted);
    released.compare(&counted)
}

fn check() -> Result<(), String> {
    instructions::check().and_then(|()| Build::Image.check())
}

async fn count(json: &Path) -> Result<Figures, String> {
    let peers = Build::Image.peers(Some("bare"))?;
    let programs = Build::Image.programs(&["die-service"])?;
    let ours = Variant::of("die-service", &programs.join("die-service"));
    let variants = [vec![Variant::bare(&peers)], ours].concat();
    let counts = cost::count(&variants, REQUESTS).await;
    let rows = variants.iter().map(ToString::to_string);
    let counts = counts
        .into_iter()
        .flatten()
        .map(|count| count.round() as u64);
    let figures = Figures {
        counted_with: tools()?,
        instructions: rows.zip(counts).collect(),
    };
    write(&figures, json)?;
    Ok(figures)
}

/// The versions that figures depend on.
fn tools() -> Result<String, String> {
    let rustc = output(Command::new("rustc").arg("--version"))?;
    let valgrind = output(Command::new("valgrind").arg("--version"))?;
    Ok(format!("{rustc}, {valgrind}"))
}

fn read(file: &Path) -> Result<Figures, String> {
    let path = root().join(file);
    let failed = |error: &dyn std::fmt::Display| {
        format!(
            "{}: {error}; cargo xtask bench gate --record writes it",
            path.display()
        )
    };
    let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}

fn write(figures: &Figures, file: &Path) -> Result<(), String> {
    let path = root().join(file);
    let json = serde_json::to_string_pretty(figures).map_err(|error| error.to_string())?;
    let written = fs::write(&path, json + "\n");
    written.map_err(|error| format!("{}: {error}", path.display()))?;
    println!("written to {}", path.display());
    Ok(())
}

impl Figures {
    fn print(&self, counted: &Self) {
        println!(
            "\n{:<26} {:>12} {:>12} {:>8}",
            "instructions a request", "released", "now", "change"
        );
        for (row, released) in &self.instructions {
            let now = counted.instructions.get(row).copied();
            println!(
                "{row:<26} {:>12} {:>12} {:>8}",
                thousands(*released),
                now.map(thousands).unwrap_or_default(),
                now.map(|now| percent(*released, now)).unwrap_or_default(),
            );
        }
    }

    /// Compares figures of now with these of the release, and prints the hints.
    ///
    /// # Errors
    /// Each row that costs too much or has no figure.
    fn compare(&self, counted: &Self) -> Result<(), String> {
        let mut failures = Vec::new();
        for (row, released) in &self.instructions {
            match counted.instructions.get(row) {
                None => failures.push(format!("{row}: it was not counted")),
                Some(now) => failures.extend(judge(row, *released, *now)),
            }
        }
        let new = counted.instructions.keys();
        let new = new.filter(|row| !self.instructions.contains_key(*row));
        failures.extend(new.map(|row| format!("{row}: the release has no figure; {RECORD}")));
        if failures.is_empty() {
            return Ok(());
        }
        let (then, now) = (&self.counted_with, &counted.counted_with);
        if then != now {
            failures.push(format!(
                "the release was counted with {then}, this with {now}"
            ));
        }
        Err(failures.join("\n"))
    }
}

/// How much a figure changed.
fn percent(released: u64, now: u64) -> String {
    let change = now as f64 / released as f64 - 1.0;
    format!("{:+.1} %", change * 100.0)
}

const RECORD: &str =
    "if that is intended, run cargo xtask bench gate --record and commit the figures";

/// What is wrong with a row; prints a hint if it became cheaper.
fn judge(row: &str, released: u64, now: u64) -> Option<String> {
    let bound = released * (100 + SLACK) / 100;
    let text = format!(
        "{row}: {} instructions a request, {} against the {} of the last release",
        thousands(now),
        percent(released, now),
        thousands(released),
    );
    if now * 100 < released * (100 - SLACK) {
        println!(
            "hint: {text}; run cargo xtask bench gate --record and commit the figures, so that it stays so"
        );
    }
    let bounded = format!("{text}; at most {} are allowed; {RECORD}", thousands(bound));
    (now > bound).then_some(bounded)
}
