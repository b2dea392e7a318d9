//! The prober in front of a real dice-roller, and in front of a stand-in that misbehaves.

mod doors;
mod fairness;
mod outcomes;

use std::future::pending;
use std::time::Duration;

use prober::Config;
use testkit::{Metrics, eventually};
use tokio::net::TcpListener;

/// Starts a prober of `front_door`; the URL of its metrics.
async fn probe(front_door: &str, change: impl FnOnce(&mut Config)) -> String {
    let mut config = Config {
        probe_url: front_door.parse().expect("a URL"),
        max_batch: "20".parse().expect("a size"),
        rolls_per_minute: 60_000,
        min_interval: Duration::from_millis(5),
        probe_timeout: testkit::DEADLINE,
        limits: telemetry::http::Limits::default(),
    };
    change(&mut config);
    let (listener, url) = listen().await;
    let losses = telemetry::Losses::default();
    tokio::spawn(prober::run(config, listener, losses, pending()));
    url
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    (listener, url)
}

/// The metrics of the prober at `url`, once they are as expected.
async fn metrics(url: &str, what: &str, is_it: impl Fn(&Metrics) -> bool) -> Metrics {
    let url = format!("{url}/metrics");
    eventually(what, || async {
        let metrics = Metrics::try_scrape(&url).await.ok()?;
        is_it(&metrics).then_some(metrics)
    })
    .await
}

/// Probes of that die with that outcome.
fn probes(metrics: &Metrics, die: &str, outcome: &str) -> f64 {
    let labels = [
        &*format!("die=\"{die}\""),
        &*format!("outcome=\"{outcome}\""),
    ];
    metrics.sum("probes_total", &labels)
}

/// A gauge of that die.
fn gauge(metrics: &Metrics, name: &str, die: &str) -> f64 {
    metrics.value(name, &[&format!("die=\"{die}\"")])
}

#[tokio::test]
async fn the_document_and_the_service_agree() {
    let prober = probe("http://127.0.0.1:1", |_| ()).await;
    testkit::check_openapi(&prober, &[("/", 200)], "").await;
}

#[tokio::test]
async fn every_series_exists_before_the_first_probe() {
    let prober = probe("http://127.0.0.1:1", |config| {
        config.min_interval = Duration::from_secs(3600);
    })
    .await;
    let metrics = metrics(&prober, "metrics", |_| true).await;
    for die in ["extreme", "fair", "risky"] {
        assert_eq!(gauge(&metrics, "probe_die_fairness_p_value", die), 1.0);
        assert_eq!(gauge(&metrics, "probe_die_window_rolls", die), 0.0);
        for outcome in [
            "success",
            "die_error",
            "http_error",
            "invalid_answer",
            "timeout",
            "unreachable",
        ] {
            let labels = [
                &*format!("die=\"{die}\""),
                &*format!("outcome=\"{outcome}\""),
            ];
            assert!(metrics.value("probes_total", &labels) <= 1.0);
        }
    }
    assert_eq!(gauge(&metrics, "probe_success", "risky"), 1.0);
    assert_eq!(gauge(&metrics, "probe_duration_seconds", "risky"), 0.0);
}
