//! Runs every PromQL and SQL query of every dashboard against a real Prometheus and a real
//! PostgreSQL with the real services under traffic, each stage with its own topology, and with the
//! job and label rules of the stack.
//!
//! It takes about a minute and prints a table of the values of every panel. The services are this
//! program itself, started as `live be SERVICE FLAGS`. It needs `prometheus`, and for stages 5 and
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
mod rules;
mod running_stage;
mod speed_up;
mod sql;
mod system;
mod table;
mod tempo;

use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use cost::{Cost, Took};
use prometheus::{Prometheus, Series};
use stages::Stage;
use support::board::{Board, Query, boards};
use system::System;
use testkit::{is_there, skip_without};

/// The stack's files.
const STACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../stack");

/// Scrapes before the first query: those of a graph, and those in the window of its first point.
const SCRAPES: u32 = 16;

/// How often a slow dashboard is measured again before it counts as slow.
const REPEATED: u32 = 3;

/// Series of Loki and Alloy, which do not run here, those that Tempo and Alloy make of spans, and of faults, of which
/// none is on.
const ELSEWHERE: [&str; 5] = [
    "traces_spanmetrics_",
    "spans_before_sampling_",
    "loki_",
    "otelcol_",
    "fault_active",
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|word| word == "be") {
        return role::main(arguments[2..].to_vec());
    }
    if !is_there("prometheus") {
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

/// Problems of the panels.
async fn run(last_stage: Stage) -> Vec<String> {
    let mut system = System::start(last_stage).await;
    let traffic = system.drive();
    let prometheus = Prometheus::start(&system).await;
    prometheus.scraped(SCRAPES - 3).await;
    outage::make_mistakes(&system).await;
    prometheus.scraped(SCRAPES).await;
    let mut problems = query_everything(&system, &prometheus, last_stage).await;
    problems.extend(rules::check(&prometheus).await);
    system.break_some();
    let onslaught = system.ktrdr.drive("300");
    let (broken, outage) = tokio::join!(
        broken::check(&prometheus),
        outage::check(&prometheus, system.stage(Stage::Five)),
    );
    rules::check_broken(&prometheus).await;
    problems.extend(broken);
    problems.extend(outage);
    drop((traffic, onslaught));
    problems
}

async fn query_everything(
    system: &System,
    prometheus: &Prometheus,
    last_stage: Stage,
) -> Vec<String> {
    // All queries use the same time, because running them takes a while on a busy machine.
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

/// Measures the queries of a dashboard again, without checking their results.
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

/// Runs a query, and measures it and the cheapest query.
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
    // Only the duration matters here.
    let _ = ask(system, prometheus, board, &cheapest, at).await;
    let cheapest = start.elapsed() - query;
    (answer, Took { query, cheapest })
}

/// The series that a panel shows at this time.
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
