//! Every PromQL query of every dashboard, asked of a real Prometheus that scrapes the real
//! services under traffic, with the stack's own rules of jobs and labels.
//!
//! It takes about two minutes and prints a table of what each panel would show. Services are
//! this program itself, started again: `live be SERVICE FLAGS`. Needs `prometheus`.

#[path = "../support/mod.rs"]
mod support;

mod broken;
mod plausible;
mod prometheus;
mod role;
mod system;
mod table;

use std::process::ExitCode;

use prometheus::Prometheus;
use support::board::{Board, PromQl, boards};
use support::interpolate::Values;
use system::System;

/// Scrapes before anything is asked: a graph's, and those in the windows of its first point.
const SCRAPES: u32 = 16;

/// Tempo writes these, and there is no Tempo here; the exposed metrics stand beside them.
const BY_TEMPO: &str = "traces_spanmetrics_";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|word| word == "be") {
        return role::main(arguments[2..].to_vec());
    }
    if !prometheus::is_there() {
        assert!(std::env::var_os("CI").is_none(), "prometheus is missing");
        println!("skipped: the live test of the dashboards needs the program prometheus");
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Runtime::new().expect("threads to run on");
    let problems = runtime.block_on(run());
    for problem in &problems {
        eprintln!("{problem}");
    }
    match problems.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// What is wrong with the panels.
async fn run() -> Vec<String> {
    let mut system = System::start().await;
    let prometheus = Prometheus::start(&system).await;
    let traffic = system.drive();
    prometheus.scraped(SCRAPES).await;
    let mut problems = ask_everything(&prometheus).await;
    let onslaught = system.break_some();
    problems.extend(broken::check(&prometheus).await);
    drop((traffic, onslaught));
    problems
}

async fn ask_everything(prometheus: &Prometheus) -> Vec<String> {
    let batch_size = prometheus.mean_batch_size().await;
    let mut table = table::Table::new();
    let mut problems = Vec::new();
    for board in boards() {
        let values = prometheus.values(board.variables());
        for query in board.promql() {
            let place = format!("{}: {} [{}]", board.file, query.place, query.legend);
            match ask(prometheus, &values, &query).await {
                Err(problem) => problems.push(format!("{place}: {problem}")),
                Ok(series) => {
                    table.row(&board.file, &query, &series);
                    let found = plausible::check(&board, &query, &series, batch_size);
                    problems.extend(found.map(|problem| format!("{place}: {problem}")));
                }
            }
        }
    }
    println!("{table}");
    problems
}

async fn ask(
    prometheus: &Prometheus,
    values: &Values,
    query: &PromQl,
) -> Result<Vec<prometheus::Series>, String> {
    prometheus
        .range(&values.fill(&query.expr), query.instant)
        .await
}

/// The first query of a panel, as it would be sent.
fn first_query(board: &Board, title: &str) -> PromQl {
    let queries = board.promql();
    let mut of_panel = queries.into_iter().filter(|query| query.place == title);
    of_panel
        .next()
        .unwrap_or_else(|| panic!("{} has no panel {title:?}", board.file))
}
