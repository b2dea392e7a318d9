//! `reconcile` against a stand-in that records everything and loses what a test configures.

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::hops::{Hops, Loss};
use crate::run::{Finished, traffic_gen, traffic_gen_in};

/// Number of requests in the run of seed 4.
pub(crate) const REQUESTS: u64 = 40;

async fn reconcile(hops: &Hops, more: &[&str]) -> Finished {
    traffic_gen(&arguments(hops, more)).await
}

/// The arguments of a run of [`REQUESTS`].
pub(crate) fn arguments<'a>(hops: &'a Hops, more: &[&'a str]) -> Vec<&'a str> {
    let services = hops.services.as_str();
    let mut arguments = vec![
        "reconcile",
        "--json",
        "--quiet",
        "--seed=4",
        "--requests=40",
    ];
    arguments.extend(["--frontend-url", services, "--dice-roller-url", services]);
    arguments.extend(["--die-service-url", services, "--tempo", &hops.tempo]);
    // Reconciliation does not read root spans.
    arguments.extend(["--traces-exporter=none", "--settle=1s"]);
    arguments.extend(more);
    arguments
}

fn log(hops: &Hops) -> String {
    format!("--log-file={}", hops.log.display())
}

pub(crate) fn row<'a>(report: &'a Value, hop: &str, mark: &str) -> &'a Value {
    let rows = report["rows"].as_array().expect("rows");
    let row = rows
        .iter()
        .find(|row| row["hop"] == hop && row["mark"] == mark);
    row.unwrap_or_else(|| panic!("{hop} {mark} in {report:#}"))
}

pub(crate) fn lost(report: &Value) -> Vec<(&str, &str, i64)> {
    let rows = report["rows"].as_array().expect("rows").iter();
    let lost = rows.map(|row| {
        let text = |key: &str| row[key].as_str().expect("text");
        (
            text("hop"),
            text("mark"),
            row["lost"].as_i64().expect("a number"),
        )
    });
    lost.filter(|(_, _, lost)| *lost != 0).collect()
}

fn expected(row: &Value) -> i64 {
    row["expected"].as_i64().expect("a number")
}

#[tokio::test]
async fn nothing_is_lost_in_a_healthy_system() {
    let hops = Hops::start("healthy", Loss::default()).await;
    let finished = reconcile(&hops, &[&log(&hops)]).await;
    let report = finished.json();
    assert_eq!(finished.code, Some(0), "{report:#}");
    assert_eq!(lost(&report), []);
    assert_eq!(report["requests"], REQUESTS);
    assert_eq!(report["rows"].as_array().expect("rows").len(), 10);
    let single = expected(row(&report, "dice-roller", "dice_rolls_total"));
    let batch = expected(row(&report, "dice-roller", "async_rolls_total"));
    assert!(single > 10 && batch > 10, "{report:#}");
    assert_eq!(
        expected(row(&report, "dice-roller", "spans")),
        single + batch
    );
}

#[tokio::test]
async fn other_traffic_is_separated() {
    let hops = Hops::start("busy", Loss::default()).await;
    let mut others = JoinSet::new();
    for number in 0..3_u32 {
        others.spawn(other_traffic(hops.services.clone(), number));
    }
    let finished = reconcile(&hops, &[&log(&hops)]).await;
    let report = finished.json();
    assert_eq!(finished.code, Some(0), "{report:#}");
    assert_eq!(lost(&report), []);
    for (hop, metric) in [
        ("frontend", "http_requests_total"),
        ("dice-roller", "dice_rolls_total"),
        ("dice-roller", "async_rolls_total"),
        ("die-service", "http_requests_total"),
    ] {
        let row = row(&report, hop, metric);
        assert!(row["others"].as_u64() > Some(0), "{row:#}");
    }
}

/// Sends rolls and batches in separate traces, about ten requests a second.
async fn other_traffic(services: String, number: u32) {
    let client = testkit::client();
    for index in 1_u32.. {
        let path = if index.is_multiple_of(2) {
            "/roll"
        } else {
            "/roll-async?times=3"
        };
        let trace = (u128::from(number + 1) << 64) + u128::from(index);
        let request = client.get(format!("{services}{path}"));
        let traceparent = format!("00-{trace:032x}-{index:016x}-01");
        let answer = request.header("traceparent", traceparent).send().await;
        answer.expect("an answer");
        tokio::time::sleep(Duration::from_millis(80 + 7 * u64::from(number))).await;
    }
}

#[tokio::test]
async fn spans_that_a_receiver_drops_are_reported() {
    let loss = Loss {
        roll_spans: 10,
        ..Loss::default()
    };
    let hops = Hops::start("spans", loss).await;
    let finished = reconcile(&hops, &["--wait=8s", &log(&hops)]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = finished.json();
    let rolls = expected(row(&report, "dice-roller", "spans"));
    assert_eq!(
        lost(&report),
        [("dice-roller", "spans", rolls / 10)],
        "{report:#}"
    );
    let traces = report["incomplete_traces"].as_array().expect("traces");
    assert!(!traces.is_empty(), "{report:#}");
}

#[tokio::test]
async fn missing_lines_are_reported() {
    let loss = Loss {
        lines: 4,
        ..Loss::default()
    };
    let hops = Hops::start("lines", loss).await;
    let finished = reconcile(&hops, &["--wait=8s", &log(&hops)]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = finished.json();
    let mark = "lines \"Roll completed\"";
    let rolls = expected(row(&report, "dice-roller", mark));
    assert_eq!(
        lost(&report),
        [("dice-roller", mark, rolls / 4)],
        "{report:#}"
    );
}

#[tokio::test]
async fn missing_increments_are_reported() {
    let loss = Loss {
        batch_counts: 7,
        ..Loss::default()
    };
    let hops = Hops::start("counts", loss).await;
    let finished = reconcile(&hops, &["--wait=8s"]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = finished.json();
    let rolls = expected(row(&report, "dice-roller", "async_rolls_total"));
    let missing = [("dice-roller", "async_rolls_total", rolls / 7)];
    assert_eq!(lost(&report), missing, "{report:#}");
}

#[tokio::test]
async fn lines_can_come_from_loki_and_counters_from_prometheus() {
    let hops = Hops::start("stores", Loss::default()).await;
    let stores = hops.stores.as_str();
    let finished = reconcile(&hops, &["--loki", stores, "--prometheus", stores]).await;
    let report = finished.json();
    assert_eq!(finished.code, Some(0), "{report:#}");
    assert_eq!(lost(&report), []);
    assert_eq!(report["rows"].as_array().expect("rows").len(), 10);
}

#[tokio::test]
async fn tracing_is_required() {
    let hops = Hops::start("untraced", Loss::default()).await;
    let finished = reconcile(&hops, &["--otel-disabled"]).await;
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("enable tracing"), "{finished:?}");
}

#[tokio::test]
async fn spans_that_were_sent_again_count_once_and_are_reported() {
    let loss = Loss {
        resent: true,
        ..Loss::default()
    };
    let hops = Hops::start("resent", loss).await;
    let finished = reconcile(&hops, &[&log(&hops)]).await;
    let report = finished.json();
    assert_eq!(finished.code, Some(0), "{report:#}");
    assert_eq!(lost(&report), []);
    let repeated = report["repeated_spans"].as_u64().expect("a number");
    assert!(
        repeated >= REQUESTS,
        "one of each trace or more: {report:#}"
    );
}

#[tokio::test]
async fn a_store_that_is_busy_is_asked_again() {
    let loss = Loss {
        busy: 3,
        ..Loss::default()
    };
    let hops = Hops::start("busy", loss).await;
    let finished = reconcile(&hops, &[&log(&hops)]).await;
    let report = finished.json();
    assert_eq!(finished.code, Some(0), "{report:#}");
    assert_eq!(lost(&report), []);
}

#[tokio::test]
async fn a_store_that_stays_busy_is_named_when_the_wait_is_over() {
    let loss = Loss {
        busy: usize::MAX,
        ..Loss::default()
    };
    let hops = Hops::start("busy-for-ever", loss).await;
    let finished = reconcile(&hops, &[&log(&hops), "--wait=2s"]).await;
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    let named = finished.stderr.contains(&hops.tempo);
    let says = finished.stderr.contains("is too busy to answer: 503");
    assert!(named && says, "{}", finished.stderr);
}

#[tokio::test]
async fn spans_that_the_store_kept_once_are_reported() {
    let loss = Loss {
        posted_again: 1,
        ..Loss::default()
    };
    let hops = Hops::start("posted-again", loss).await;
    let finished = reconcile(&hops, &[&log(&hops)]).await;
    let report = finished.json();
    assert_eq!(finished.code, Some(0), "{report:#}");
    let spans = ["frontend", "dice-roller", "die-service"];
    let spans = spans.map(|hop| expected(row(&report, hop, "spans")));
    assert_eq!(report["repeated_spans"], spans.iter().sum::<i64>());
}

#[tokio::test]
async fn proxy_variables_are_ignored_and_the_given_tempo_is_listed() {
    let hops = Hops::start("proxy", Loss::default()).await;
    let log = log(&hops);
    let mut arguments = arguments(&hops, &[&log]);
    arguments.retain(|argument| *argument != "--json");
    let proxy = "http://127.0.0.1:1";
    let shell = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, proxy));
    let finished = traffic_gen_in(&shell, &arguments).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let last = finished.stdout.lines().last().expect("a line");
    let search = format!("{}/api/search?q=", hops.tempo);
    assert!(last.contains(&search), "{last}");
    assert!(!finished.stdout.contains("localhost:3200"), "{finished:?}");
}
