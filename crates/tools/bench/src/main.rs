//! Measures the cost of telemetry. Requests a second on a small machine measure the load generator as
//! much as the server; this counts what the server itself needs:
//!
//! * [`cost`], [`table`]: instructions, CPU time, memory and lost spans of a bare server, of die-service as
//!   built here and as in the image, and of the crates that most axum services use.
//! * [`footprint`]: memory at rest, and the time from exec to ready.
//! * [`batches`]: how much longer a batch takes than its slowest roll, and its CPU time.
//! * [`losses`]: whether every span arrives under steady load.
//! * [`client`]: the load generator's own CPU time, beside wrk's.
//! * [`in_flight`]: memory of a roll in flight, and what is kept afterwards.
//! * [`mod@per_roll`]: what a roll costs each service, in CPU time, spans, lines and bytes.
//! * [`gate`]: instructions against those of the last release; CI runs it.
//!
//! Instructions are repeatable. CPU times are not: only their ratios within one run are compared.

mod batches;
mod builds;
mod client;
mod cost;
mod footprint;
mod gate;
mod in_flight;
mod instructions;
mod losses;
mod measure;
mod options;
mod per_roll;
mod programs;
mod sink;
mod table;
mod usage;
mod variants;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde::Serialize;
use tooling::command::root;
use tooling::skip::skipped;

use crate::builds::Build;
use crate::measure::Goal;
use crate::options::{Command, Options, Part};
use crate::programs::Programs;
use crate::variants::Variant;

/// All measurements.
#[derive(Debug, Default, Serialize)]
struct Results {
    cost: Vec<table::Row>,
    footprint: Option<footprint::Footprint>,
    batches: Option<batches::Batches>,
    losses: Vec<losses::SpanCounts>,
    clients: Option<client::Clients>,
    goals: Vec<Goal>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string());
    let result = runtime.and_then(|runtime| runtime.block_on(run(&options)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), String> {
    match &options.command {
        Some(Command::Gate(gate)) => gate::run(gate, &options.json).await,
        Some(Command::Count(count)) => instructions::run(count).await,
        Some(Command::PerRoll) => {
            let programs = options.programs()?;
            write(
                &per_roll::measure(&programs, options.seconds).await,
                &options.json,
            )
        }
        Some(Command::InFlight) => {
            let programs = options.image_programs()?;
            write(
                &in_flight::measure(&programs, options.seconds).await,
                &options.json,
            )
        }
        None => all(options).await,
    }
}

/// Builds, measures, prints the tables and writes the JSON.
///
/// # Errors
/// When a build fails or a goal is missed.
async fn all(options: &Options) -> Result<(), String> {
    let programs = options.programs()?;
    let peers = Build::Host.peers(None)?;
    let variants = variants(options, &programs.0, &peers)?;
    let results = measure(options, &programs, &variants).await;
    write(&results, &options.json)?;
    let missed = results.goals.iter().filter(|goal| !goal.reached).count();
    if missed > 0 {
        return Err(format!("{missed} goals missed"));
    }
    Ok(())
}

/// The rows of the table; the first is the baseline.
fn variants(options: &Options, programs: &Path, peers: &Path) -> Result<Vec<Variant>, String> {
    let mut variants = vec![Variant::bare(peers)];
    variants.extend(Variant::of(table::OURS, &programs.join("die-service")));
    match Build::Image.check() {
        Ok(()) => {
            let image = Build::Image.programs(&["die-service"])?.join("die-service");
            variants.extend(Variant::of("die-service in the image", &image));
        }
        Err(why) => skipped(format!("the image's programs: {why}")),
    }
    for other in &options.others {
        variants.extend(Variant::of(&other.name, &other.program));
    }
    variants.extend(Variant::of("popular crates", &peers.join("popular")));
    Ok(variants)
}

async fn measure(options: &Options, programs: &Programs, variants: &[Variant]) -> Results {
    let mut results = Results::default();
    if options.wants(Part::Instructions) || options.wants(Part::Cpu) {
        results.cost = costs(options, programs, variants).await;
        results.goals.extend(table::goals(&results.cost));
    }
    if options.wants(Part::Footprint) {
        let footprint = footprint::measure(programs).await;
        results.goals.extend(footprint.goals());
        results.footprint = Some(footprint);
    }
    if options.wants(Part::Batches) {
        let batches = batches::measure(programs, options.seconds).await;
        results.goals.extend(batches.goals());
        results.batches = Some(batches);
    }
    if options.wants(Part::Losses) {
        let duration = Duration::from_secs(options.steady_seconds);
        results.losses = losses::measure(programs, duration).await;
        let goals = results.losses.iter().flat_map(losses::SpanCounts::goals);
        results.goals.extend(goals);
    }
    if options.wants(Part::Clients) {
        let (rounds, seconds) = (options.rounds, options.seconds);
        results.clients = client::measure(&variants[0], programs, rounds, seconds).await;
        let goals = results.clients.iter().flat_map(client::Clients::goals);
        results.goals.extend(goals);
    }
    measure::print_goals(&results.goals);
    results
}

async fn costs(options: &Options, programs: &Programs, variants: &[Variant]) -> Vec<table::Row> {
    let instructions = match options.wants(Part::Instructions) {
        true => cost::count(variants, instructions::REQUESTS).await,
        false => Vec::new(),
    };
    let loaded = match options.wants(Part::Cpu) {
        true => cost::load(variants, programs, options.load()).await,
        false => Vec::new(),
    };
    let rows = table::rows(variants, &instructions, loaded);
    table::print(&rows);
    rows
}

fn write(results: &impl Serialize, file: &Path) -> Result<(), String> {
    let path = root().join(file);
    let json = serde_json::to_string_pretty(results).map_err(|error| error.to_string())?;
    std::fs::write(&path, json).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("\nwritten to {}", path.display());
    Ok(())
}
