//! The dashboard of costs shows what `traffic-gen reconcile` counts of the same rolls, independently:
//! spans and their bytes in the trace store, lines in the files, samples and bytes of scrapes.

mod board;
mod observer;

use std::time::Duration;

use serde_json::Value;
use testkit::{is_there, skip_without};
use tokio::process::Command;

use self::board::Board;
use self::observer::Observer;
use crate::demo::Demo;
use crate::support::PROGRAM;

/// How far a figure of the dashboard may be from what is counted, as a share. `increase()` extrapolates
/// to the ends of the time range, by up to half a scrape interval at each.
const TOLERANCE: f64 = 0.05;

/// The services that a roll passes.
const SERVICES: [&str; 3] = ["frontend", "dice-roller", "die-service"];

/// The columns of *Cost by Service*, and what reconcile calls the same.
const COUNTED: [(&str, &str); 4] = [
    ("lines", "lines"),
    ("line bytes", "line_bytes"),
    ("spans", "spans"),
    ("span bytes", "span_bytes"),
];

/// Figures that are the sum of a count over the services, for each roll.
const SUMS: [(&str, &str); 3] = [
    ("Log Bytes a Roll", "line_bytes"),
    ("Spans a Roll", "spans"),
    ("Span Bytes a Roll", "span_bytes"),
];

#[tokio::test]
async fn the_dashboard_of_costs_agrees_with_reconcile() {
    if !is_there("prometheus") {
        return skip_without("the program prometheus");
    }
    let logs = format!("{}/cost", env!("CARGO_TARGET_TMPDIR"));
    let _ = std::fs::remove_dir_all(&logs);
    let demo = Demo::start(&["--no-traffic", "--log-dir", &logs]).await;
    // Tempo's usage tracker has no series of a service before its first span, and `increase()` would not
    // see that span.
    warm_up(&demo).await;
    let observer = Observer::start(&demo).await;
    let report = reconcile(&demo, &logs).await;
    // Everything that was counted is in the last of these scrapes. The longer the range, the less is
    // extrapolated.
    observer.scrapes(12).await;
    let board = Board::new("observability-cost.json", &observer);
    let rolls = report["rolls"].as_f64().expect("a number");
    let mut far = Vec::new();
    for service in SERVICES {
        for (column, counted) in COUNTED {
            let shown = board.of_service("Cost by Service", column, service).await;
            let counted = 1000.0 * cost(&report, service, counted) / rolls;
            compare(&mut far, &format!("{column} of {service}"), shown, counted);
        }
        for (column, counted) in [("series", "series"), ("scrape", "scrape_bytes")] {
            let shown = board.of_service("Cost by Service", column, service).await;
            let counted = cost(&report, service, counted);
            compare(&mut far, &format!("{column} of {service}"), shown, counted);
        }
    }
    for (panel, counted) in SUMS {
        let shown = board.value(panel).await;
        compare(&mut far, panel, shown, sum(&report, counted) / rolls);
    }
    let series = board.value("Active Series").await;
    compare(&mut far, "Active Series", series, sum(&report, "series"));
    let kept = board.value("Trace Bytes Kept").await;
    compare(&mut far, "Trace Bytes Kept", kept, 1.0);
    compare_money(&mut far, &board, &report, rolls).await;
    assert!(far.is_empty(), "{far:#?}");
}

/// One roll, until its spans are in the trace store.
async fn warm_up(demo: &Demo) {
    let roll = testkit::fetch(demo.url(2, "/roll?die=fair")).await;
    let roll: Value = roll.expect("an answer").json().await.expect("JSON");
    let id = roll["trace_id"].as_str().expect("a trace id");
    demo.trace(id, "a roll's spans", |spans| spans.len() == 7)
        .await;
}

/// Money is the volumes at the prices; samples are as many as a scrape has, in each scrape.
async fn compare_money(far: &mut Vec<String>, board: &Board<'_>, report: &Value, rolls: f64) {
    let [samples, logs, spans] =
        ["usd_samples", "usd_logs", "usd_spans"].map(|name| board.variable(name));
    let scrapes = board
        .observer
        .ask(&format!(
            "count_over_time(up{{service=\"frontend\"}}[{}])",
            board.observer.range()
        ))
        .await;
    let volumes = [
        (sum(report, "series") * scrapes, samples / 1e7),
        (sum(report, "line_bytes"), logs / 1e9),
        (sum(report, "span_bytes"), spans / 1e9),
    ];
    let usd: f64 = volumes.iter().map(|(volume, price)| volume * price).sum();
    let shown = board.value("Cost of 1,000 Rolls").await;
    compare(far, "Cost of 1,000 Rolls", shown, 100_000.0 * usd / rolls);
    let mut cents = 0.0;
    for service in SERVICES {
        cents += board.of_service("Cost by Service", "cents", service).await;
    }
    compare(far, "Cents of all services", cents, shown);
}

fn compare(far: &mut Vec<String>, what: &str, shown: f64, counted: f64) {
    let apart = shown / counted - 1.0;
    println!(
        "{what:28} {shown:>14.4} {counted:>14.4} {:>7.2} %",
        100.0 * apart
    );
    // NaN is far, too.
    let is_near = apart.abs() <= TOLERANCE;
    if !is_near {
        far.push(format!("{what}: {shown} is shown, {counted} was counted"));
    }
}

fn cost(report: &Value, service: &str, of: &str) -> f64 {
    let costs = report["costs"].as_array().expect("a list").iter();
    let mut own = costs.filter(|cost| cost["service"] == service);
    let found = own.next().and_then(|cost| cost[of].as_f64());
    found.unwrap_or_else(|| panic!("no {of} of {service} in {report:#}"))
}

fn sum(report: &Value, of: &str) -> f64 {
    SERVICES
        .iter()
        .map(|service| cost(report, service, of))
        .sum()
}

/// The report of `traffic-gen reconcile`, of which everything is balanced.
async fn reconcile(demo: &Demo, logs: &str) -> Value {
    let mut command = Command::new(PROGRAM);
    command.args(["service", "traffic-gen", "reconcile", "--json", "--quiet"]);
    command.args(["--seed=7", "--requests=200", "--connections=20"]);
    command.args(demo.urls());
    command.arg(format!("--tempo={}", demo.url(4, "")));
    command.arg(format!("--otlp-endpoint={}", demo.url(3, "")));
    for service in SERVICES {
        command.arg(format!("--log-file={logs}/{service}.log"));
    }
    let output = command.output().await.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    serde_json::from_str(&said).expect("JSON")
}

/// The interval of scrapes here: shorter than in the stack, so that the test is fast.
const SCRAPE: Duration = Duration::from_secs(1);
