//! Every PromQL and SQL query of every dashboard, asked of a real Prometheus and a real PostgreSQL
//! behind the real services under traffic, each stage with its own topology, and with the stack's
//! own rules of jobs and labels.
//!
//! It takes about a minute and prints a table of what each panel would show. Services are this
//! program itself, started again: `live be SERVICE FLAGS`. Needs `prometheus`, and for stages 5 and
//! 6 `postgres` and `prometheus-postgres-exporter`.

#[path = "../support/support.rs"]
mod support;

mod alloy;
mod broken;
mod buckets;
mod cost;
mod expected;
mod ktrdr;
mod looks;
mod outage;
mod plausible;
mod postgres;
mod prometheus;
mod role;
mod running_stage;
mod speed_up;
mod sql;
mod system;
mod table;

use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use cost::{Cost, Took};
use prometheus::{Prometheus, Series};
use stages::Stage;
use support::board::{Board, Query, boards};
use system::System;
use testkit::skip_without;

/// The stack's files.
const STACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../stack");

/// Scrapes before anything is asked: a graph's, and those in the windows of its first point.
const SCRAPES: u32 = 16;

/// How often a dashboard that was slow is asked again, before it counts as slow.
const REPEATED: u32 = 3;

/// Tempo and Alloy write these, which do not run here; what services expose stands beside them.
const ELSEWHERE: [&str; 3] = ["traces_spanmetrics_", "loki_", "otelcol_"];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|word| word == "be") {
        return role::main(arguments[2..].to_vec());
    }
    if !prometheus::is_there() {
        skip_without("the program prometheus");
        return ExitCode::SUCCESS;
    }
    let last_stage = match postgres::missing() {
        None => Stage::Six,
        Some(program) => {
            skip_without(format_args!("the program {program} for stages 5 and 6"));
            Stage::Four
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("threads to run on");
    let problems = runtime.block_on(run(last_stage));
    for problem in &problems {
        eprintln!("{problem}");
    }
    match problems.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// What is wrong with the panels.
async fn run(last_stage: Stage) -> Vec<String> {
    let mut system = System::start(last_stage).await;
    let traffic = system.drive();
    let prometheus = Prometheus::start(&system).await;
    prometheus.scraped(SCRAPES - 3).await;
    outage::make_mistakes(&system).await;
    prometheus.scraped(SCRAPES).await;
    let mut problems = ask_everything(&system, &prometheus, last_stage).await;
    system.break_some();
    let onslaught = system.ktrdr.drive("300");
    let (broken, outage) = tokio::join!(
        broken::check(&prometheus),
        outage::check(&prometheus, system.stage(Stage::Five)),
    );
    problems.extend(broken);
    problems.extend(outage);
    drop((traffic, onslaught));
    problems
}

async fn ask_everything(
    system: &System,
    prometheus: &Prometheus,
    last_stage: Stage,
) -> Vec<String> {
    // One moment for all: asking takes a while on a busy machine.
    let now = SystemTime::now();
    let mut table = table::Table::new();
    let (mut problems, mut costs) = (Vec::new(), Vec::new());
    for board in boards() {
        if board.stage().is_some_and(|stage| stage > last_stage) {
            continue;
        }
        let speed_up = speed_up::theory(prometheus, &board, now).await;
        let mut cost = Cost::of(&board);
        let mut looks = looks::Looks::default();
        for query in board.promql().into_iter().chain(board.sql()) {
            let place = format!("{}: {} [{}]", board.file, query.place, query.legend);
            let (answer, took) = measure(system, prometheus, &board, &query, now).await;
            cost.add(&board, &query, took);
            match answer {
                Err(problem) => problems.push(format!("{place}: {problem}")),
                Ok(series) => {
                    table.row(&board.file, &query, &series);
                    looks.add(&query, &series);
                    let found = plausible::check(&query, &series, speed_up);
                    problems.extend(found.map(|problem| format!("{place}: {problem}")));
                }
            }
        }
        problems.extend(looks.check(&board));
        for _ in 0..REPEATED {
            if cost.is_long() {
                cost = measure_again(system, prometheus, &board, now).await;
            }
        }
        if cost.is_long() {
            problems.push(format!("{cost}: too long"));
        }
        costs.push(cost);
    }
    println!("{table}");
    for cost in costs {
        println!("{cost}");
    }
    problems.extend(buckets::check(prometheus, now).await);
    problems
}

/// The time that a dashboard's queries take. What they answer was looked at before.
async fn measure_again(
    system: &System,
    prometheus: &Prometheus,
    board: &Board,
    at: SystemTime,
) -> Cost {
    let mut cost = Cost::of(board);
    for query in board.promql().into_iter().chain(board.sql()) {
        let (_, took) = measure(system, prometheus, board, &query, at).await;
        cost.add(board, &query, took);
    }
    cost
}

/// What a panel shows at that moment, and how long it and the cheapest query take.
async fn measure(
    system: &System,
    prometheus: &Prometheus,
    board: &Board,
    query: &Query,
    at: SystemTime,
) -> (Result<Vec<Series>, String>, Took) {
    let cheapest = Query {
        expr: if query.is_sql() {
            "SELECT 1"
        } else {
            "vector(1)"
        }
        .to_owned(),
        ..query.clone()
    };
    let start = Instant::now();
    let answer = ask(system, prometheus, board, query, at).await;
    let query = start.elapsed();
    // Only how long it takes is of interest: it was answered.
    let _ = ask(system, prometheus, board, &cheapest, at).await;
    let cheapest = start.elapsed() - query;
    (answer, Took { query, cheapest })
}

/// What a panel shows at that moment.
async fn ask(
    system: &System,
    prometheus: &Prometheus,
    board: &Board,
    query: &Query,
    at: SystemTime,
) -> Result<Vec<Series>, String> {
    if !query.is_sql() {
        return prometheus.ask(board, query, at).await;
    }
    let stage = board.stage().and_then(|stage| system.stage(stage));
    let postgres = stage.and_then(|stage| stage.postgres.as_ref());
    sql::ask(postgres.ok_or("its stage has no database")?, query, at).await
}
