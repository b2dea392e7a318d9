//! Measures the cost of telemetry within one run: absolute numbers differ between machines and over
//! time, ratios of interleaved runs hardly do.
//!
//! * [`throughput`]: `GET /dice?identifier=fair` with more and more telemetry.
//! * [`footprint`]: memory, and the time from exec to ready.
//! * [`batches`]: how much longer a batch takes than its slowest roll.
//! * [`mod@per_roll`]: what a roll costs each service, in CPU time, spans, lines and bytes.
//! * [`losses`]: whether every span arrives at a steady 1,000 requests per second.

mod bare;
mod batches;
mod footprint;
mod losses;
mod measure;
mod per_roll;
mod programs;
mod throughput;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use serde::Serialize;
use tooling::command::{cargo, root};

use crate::measure::Goal;

/// Measure what metrics, logs and traces cost
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench")]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,

    /// Number of interleaved rounds over all variants; the median ratio counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Seconds of load per variant and round
    #[arg(long, default_value_t = 3)]
    seconds: u64,

    /// Seconds of steady load for counting spans
    #[arg(long, default_value_t = 60)]
    steady_seconds: u64,

    /// Output file for the numbers
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    json: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the baseline server without telemetry
    #[command(hide = true)]
    Bare,
    /// Measure what one roll costs each service: CPU, spans, lines, samples
    PerRoll,
}

/// All measurements.
#[derive(Debug, Serialize)]
struct Results {
    throughput: Vec<throughput::Row>,
    footprint: footprint::Footprint,
    batches: batches::Overhead,
    losses: losses::SpanCounts,
    goals: Vec<Goal>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match options.command {
        Some(Command::Bare) => bare::run(),
        Some(Command::PerRoll) => per_roll(&options),
        None => run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Builds, measures, prints the tables and writes the JSON.
///
/// # Errors
/// When a build or a run fails, or a goal is missed.
fn run(options: &Options) -> Result<(), String> {
    build()?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let results = runtime.block_on(measure(options));
    write(&results, &options.json)?;
    let missed = results.goals.iter().filter(|goal| !goal.reached).count();
    if missed > 0 {
        return Err(format!("{missed} goals missed"));
    }
    Ok(())
}

/// Builds, measures what a roll costs, prints the table and writes the JSON.
///
/// # Errors
/// When a build or a run fails.
fn per_roll(options: &Options) -> Result<(), String> {
    build()?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let measured = runtime.block_on(per_roll::measure(options.seconds));
    write(&measured, &options.json)
}

fn build() -> Result<(), String> {
    let packages = [
        "--package",
        "demo",
        "--package",
        "traffic-gen",
        "--package",
        "bench",
    ];
    cargo(&[&["build", "--release", "--quiet"], &packages[..]].concat())
}

fn write(results: &impl Serialize, file: &Path) -> Result<(), String> {
    let path = root().join(file);
    let json = serde_json::to_string_pretty(results).map_err(|error| error.to_string())?;
    std::fs::write(&path, json).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("\nwritten to {}", path.display());
    Ok(())
}

async fn measure(options: &Options) -> Results {
    let throughput = throughput::measure(options.rounds, options.seconds).await;
    let footprint = footprint::measure(options.seconds).await;
    let batches = batches::measure().await;
    let losses = losses::measure(Duration::from_secs(options.steady_seconds)).await;
    let goals = [
        throughput::goals(&throughput),
        footprint.goals(),
        batches.goals(),
        losses.goals(),
    ]
    .concat();
    measure::print_goals(&goals);
    Results {
        throughput,
        footprint,
        batches,
        losses,
        goals,
    }
}
