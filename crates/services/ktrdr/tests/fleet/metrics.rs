//! The metrics that Prometheus scrapes: all series exist from the start, and their values change.

use std::time::Instant;

use testkit::Metrics;

use crate::support::{Fleet, backtest};

const STARTS: [&str; 2] = ["/api/v1/backtests/start", "/api/v1/trainings/start"];

#[tokio::test]
async fn every_series_exists_before_the_first_operation() {
    let fleet = Fleet::start(&[]).await;
    let metrics = fleet.backend.metrics().await;
    for kind in ["backtest", "training"] {
        let operations = format!("operation_type=\"{kind}\"");
        let workers = format!("worker_type=\"{kind}\"");
        let known = [
            (
                "operations_total",
                &operations,
                "status",
                &["completed", "failed", "cancelled"][..],
            ),
            (
                "operations_in_progress",
                &operations,
                "state",
                &["pending", "running"],
            ),
            (
                "operations_requeued_total",
                &operations,
                "reason",
                &["worker_lost", "handed_back", "undelivered"],
            ),
            (
                "workers_registered",
                &workers,
                "state",
                &["available", "busy", "lost"],
            ),
        ];
        for (name, kind, label, values) in known {
            for value in values {
                let label = format!("{label}=\"{value}\"");
                assert_eq!(metrics.value(name, &[kind, &label]), 0.0);
            }
        }
        assert_eq!(
            metrics.value("operation_duration_seconds_count", &[&operations]),
            0.0
        );
        assert_eq!(
            metrics.value("operation_queue_capacity", &[&operations]),
            8.0
        );
    }
    for route in STARTS {
        for status in ["202", "422", "503"] {
            assert_eq!(requests(&metrics, "POST", route, status), Some(0.0));
        }
    }
    assert_eq!(
        requests(&metrics, "GET", "/api/v1/data/{symbol}", "200"),
        Some(0.0)
    );
    for status in ["200", "422", "503"] {
        let registrations = requests(&metrics, "POST", "/api/v1/workers", status);
        assert_eq!(registrations, Some(0.0), "{status}");
    }
    assert_eq!(
        requests(&metrics, "GET", "/api/v1/operations/{id}", "404"),
        Some(0.0)
    );
}

#[tokio::test]
async fn a_worker_has_its_own_metrics() {
    let fleet = Fleet::start(&["--heartbeat=1s"]).await;
    // As in the demo.
    let worker = fleet.worker("backtest", &["--span-queue-size=512"]).await;
    let start = Instant::now();
    let idle = worker.metrics().await;
    fleet.until_heartbeats(5.0).await;
    let before = worker.metrics().await;
    let elapsed = start.elapsed().as_secs_f64();
    let cpu = "process_cpu_seconds_total";
    let used = before.value(cpu, &[]) - idle.value(cpu, &[]);
    assert!(used / elapsed < 0.01, "{used} s of {elapsed} s");
    // A debug build may use twice the memory: the goal of 12 MB is for a release build.
    let resident = before.value("process_resident_memory_bytes", &[]);
    assert!(resident < 24e6, "{resident} bytes");

    assert_eq!(requests(&before, "POST", "/api/v1/runs", "202"), Some(0.0));
    assert_eq!(before.value("worker_busy", &[]), 0.0);
    for name in [
        "process_resident_memory_bytes",
        "process_start_time_seconds",
    ] {
        assert!(before.value(name, &[]) > 0.0, "{name}");
    }
    let id = fleet.backtest(300).await;
    fleet.until(&id, "COMPLETED").await;
    let after = worker.metrics().await;
    assert_eq!(requests(&after, "POST", "/api/v1/runs", "202"), Some(1.0));
    let used = after.value(cpu, &[]) - before.value(cpu, &[]);
    assert!(used > 0.02, "300 days cost {used} s");
}

#[tokio::test]
async fn metrics_change_with_operations() {
    let fleet = Fleet::start(&[]).await;
    let _worker = fleet.worker("backtest", &[]).await;
    for _ in 0..3 {
        let id = fleet.backtest(100).await;
        fleet.until(&id, "COMPLETED").await;
    }
    let (status, _) = fleet.post(STARTS[0], &backtest(1)).await;
    assert_eq!(status, 422);
    fleet.get("/api/v1/data/AAPL").await;
    let metrics = fleet.backend.metrics().await;
    assert_eq!(requests(&metrics, "POST", STARTS[0], "202"), Some(3.0));
    assert_eq!(requests(&metrics, "POST", STARTS[0], "422"), Some(1.0));
    assert_eq!(
        requests(&metrics, "GET", "/api/v1/data/{symbol}", "200"),
        Some(1.0)
    );
    let name = "http_server_duration_milliseconds_sum";
    let data = "http_route=\"/api/v1/data/{symbol}\"";
    let milliseconds = metrics.sum(name, &[data]);
    let seconds = metrics.sum(
        "http_request_duration_seconds_sum",
        &["handler=\"/api/v1/data/{symbol}\""],
    );
    assert!(
        milliseconds > 0.0 && milliseconds <= seconds * 1000.0,
        "{milliseconds} ms, {seconds} s"
    );
    let completed = ["operation_type=\"backtest\"", "status=\"completed\""];
    assert_eq!(metrics.value("operations_total", &completed), 3.0);
    let kind = &completed[..1];
    assert_eq!(metrics.value("operation_duration_seconds_count", kind), 3.0);
    let seconds = metrics.value("operation_duration_seconds_sum", kind);
    assert!(
        seconds >= 3.0 * 0.16,
        "100 days take at least 0.2 s, minus a slice: {seconds}"
    );
    let available = ["worker_type=\"backtest\"", "state=\"available\""];
    assert_eq!(metrics.value("workers_registered", &available), 1.0);
}

#[tokio::test]
async fn requests_create_no_series() {
    let fleet = Fleet::start(&[]).await;
    for path in [
        "/healthz",
        "/metrics",
        "/api/v1/data/AAPL",
        "/api/v1/data/TULIP",
    ] {
        fleet.get(path).await;
    }
    let metrics = fleet.backend.metrics().await;
    for series in metrics.series() {
        let unwanted = ["healthz", "/metrics", "AAPL", "TULIP"];
        assert!(!unwanted.iter().any(|it| series.contains(it)), "{series}");
    }
}

#[tokio::test]
async fn the_first_scrape_has_no_histograms_of_rare_answers() {
    let fleet = Fleet::start(&[]).await;
    let text = testkit::fetch(fleet.backend.url("/metrics")).await;
    let text = text.expect("an answer").text().await.expect("text");
    // Prometheus reads it every 5 s.
    assert!(text.len() < 280_000, "{} bytes", text.len());
    let metrics = fleet.backend.metrics().await;
    let start = format!("handler=\"{}\"", STARTS[0]);
    let has = |name, status: &str| {
        let status = format!("status=\"{status}\"");
        metrics.has(name, &[&start, "method=\"POST\"", &status])
    };
    for (status, is_usual) in [("202", true), ("422", true), ("503", true), ("413", false)] {
        assert!(has("http_requests_total", status), "{status}");
        let has_histogram = has("http_request_duration_seconds_count", status);
        assert_eq!(has_histogram, is_usual, "{status}");
    }
    assert!(!has("http_requests_total", "405"), "no POST is answered so");
}

/// Requests counted under the seed's name; none if there is no such series.
fn requests(metrics: &Metrics, method: &str, route: &str, status: &str) -> Option<f64> {
    let name = "http_server_duration_milliseconds_count";
    let labels = [
        format!("http_method=\"{method}\""),
        format!("http_route=\"{route}\""),
        format!("http_status_code=\"{status}\""),
    ];
    let labels = labels.each_ref().map(String::as_str);
    metrics
        .has(name, &labels)
        .then(|| metrics.value(name, &labels))
}
