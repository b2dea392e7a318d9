//! `direct` and `database`.

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::{Metrics, eventually};

use crate::run::{Finished, traffic_gen};
use crate::services::{Services, listen};
use crate::stand_in::StandIn;

async fn report(mode: &str, die_service: &str, more: &[&str]) -> Value {
    let finished = finished(mode, die_service, more).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.json()
}

async fn finished(mode: &str, die_service: &str, more: &[&str]) -> Finished {
    let mut arguments = vec![
        mode,
        "--json",
        "--quiet",
        "--traces-exporter=none",
        "--seed=5",
    ];
    arguments.extend(["--die-service-url", die_service]);
    arguments.extend(more);
    traffic_gen(&arguments).await
}

fn kind<'a>(report: &'a Value, kind: &str) -> &'a Value {
    let kinds = report["kinds"].as_array().expect("kinds");
    let row = kinds.iter().find(|row| row["kind"] == kind);
    row.unwrap_or_else(|| panic!("{kind} in {report}"))
}

/// Checks that the report's counts equal die-service's own.
async fn assert_counted(report: &Value, die_service: &str) {
    let metrics = Metrics::scrape(&format!("{die_service}/metrics")).await;
    let lists = metrics.sum("die_list_requests_total", &[]);
    let gets = metrics.sum("die_specifications_requested_total", &[]);
    let unknown = metrics.sum(
        "die_specifications_requested_total",
        &["identifier=\"unknown\""],
    );
    assert_eq!(
        kind(report, "list")["queries"].as_f64(),
        Some(lists),
        "{report}"
    );
    assert_eq!(
        kind(report, "get")["queries"].as_f64(),
        Some(gets),
        "{report}"
    );
    assert_eq!(
        kind(report, "get")["no_such_die"].as_f64(),
        Some(unknown),
        "{report}"
    );
}

#[tokio::test]
async fn direct_queries_lists_and_single_dice() {
    let services = Services::start(Duration::ZERO).await;
    let flags = ["--requests=60", "--pause=0s", "--list-ratio=0.3"];
    let report = report("direct", &services.die_service, &flags).await;
    assert_eq!(report["queries"], 60);
    assert_counted(&report, &services.die_service).await;
}

#[tokio::test]
async fn database_keeps_its_rate() {
    let flags = ["--queries-per-second=40", "--duration=2s"];
    // A run in which a busy machine could not send on time, and that says so, is repeated.
    let (services, finished) = eventually("a run on time", || async {
        let services = Services::start(Duration::ZERO).await;
        let finished = finished("database", &services.die_service, &flags).await;
        let is_late = finished.code == Some(1) && finished.stdout.contains("\"not sent\"");
        (!is_late).then_some((services, finished))
    })
    .await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.json();
    assert_eq!(report["queries"], 80);
    assert_counted(&report, &services.die_service).await;
}

#[tokio::test]
async fn a_database_run_takes_a_duration_or_seconds_and_says_what_is_allowed() {
    for (given, allowed) in [
        ("--duration=0s", "shorter than 1s"),
        ("--duration=999ms", "shorter than 1s"),
        ("--duration=25h", "longer than 24h"),
        ("--duration-seconds=86401", "longer than 24h"),
        ("--duration=soon", "as in 1m 30s"),
    ] {
        let finished = traffic_gen(&["database", given]).await;
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.contains(allowed), "{finished:?}");
    }
    let help = traffic_gen(&["database", "--help"]).await.stdout;
    assert!(help.contains("--duration <DURATION>"), "{help}");
    assert!(!help.contains("--duration-seconds"), "{help}");
}

#[tokio::test]
async fn a_database_run_ends_without_answers() {
    let (listener, url) = listen().await;
    // The kernel accepts connections, and no process answers them.
    let begin = Instant::now();
    let flags = ["--queries-per-second=1000", "--duration-seconds=2"];
    let finished = traffic_gen(&[
        "database",
        "--json",
        "--quiet",
        "--traces-exporter=none",
        "--timeout=3s",
        "--die-service-url",
        &url,
        flags[0],
        flags[1],
    ])
    .await;
    let took = begin.elapsed();
    drop(listener);
    // One after the other, the requests would take 100 minutes.
    assert!(took < testkit::DEADLINE, "{took:?}");
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = finished.json();
    assert_eq!(report["queries"], 2000, "{report}");
    // A thousand are in flight at once; the others are never sent.
    let not_sent = |kind_of: &str| kind(&report, kind_of)["failures"]["not sent"].as_u64();
    let all = not_sent("get")
        .zip(not_sent("list"))
        .map(|(get, list)| get + list);
    assert_eq!(all, Some(1000), "{report}");
}

#[tokio::test]
async fn the_same_seed_sends_the_same_queries() {
    let answer = |_: &str| (200, "{}".to_owned());
    let (first, second) = (StandIn::start(answer).await, StandIn::start(answer).await);
    for server in [&first, &second] {
        report(
            "direct",
            &server.url,
            &["--requests=40", "--pause=0s", "--dice=fair=1,risky=1"],
        )
        .await;
    }
    assert_eq!(first.asked().len(), 40);
    assert_eq!(first.asked(), second.asked());
}
