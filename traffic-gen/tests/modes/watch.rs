//! `load --find-max --watch`.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::time::Instant;

use crate::load::{load, slow};
use crate::run::traffic_gen;
use crate::services::listen;

/// A component that uses half a core and loses ten spans a second.
async fn component() -> String {
    let start = Instant::now();
    let metrics = move || async move {
        let seconds = start.elapsed().as_secs_f64();
        let (cpu, lost) = (seconds / 2.0, 10.0 * seconds);
        format!(
            "process_cpu_seconds_total {cpu}\nprocess_resident_memory_bytes 1048576\n\
             telemetry_spans_total{{outcome=\"exported\"}} 1000\n\
             telemetry_spans_total{{outcome=\"dropped\"}} {lost}\n"
        )
    };
    let (listener, url) = listen().await;
    let app = Router::new().route("/metrics", get(metrics));
    tokio::spawn(async { axum::serve(listener, app).await.expect("serves") });
    url
}

#[tokio::test]
async fn a_search_says_what_each_component_uses_and_loses() {
    let url = slow(Duration::from_millis(10)).await;
    let watched = format!("collector={}", component().await);
    // Nothing listens on the discard port.
    let flags = [
        "--find-max",
        "--duration=1s",
        "--connections=4",
        "--watch",
        &watched,
    ];
    let flags = [&flags[..], &["--watch=gone=http://127.0.0.1:9"]].concat();
    let report = load(&url, &flags).await.json();
    for step in report["steps"].as_array().expect("steps") {
        let [collector, gone] = &step["components"].as_array().expect("components")[..] else {
            panic!("{step}");
        };
        assert_eq!(collector["name"], "collector");
        let cores = collector["cores"].as_f64().expect("a number");
        assert!((0.1..1.0).contains(&cores), "{step}");
        assert_eq!(collector["resident_bytes"], 1_048_576.0);
        assert!(collector["lost"]["spans"].as_f64() > Some(5.0), "{step}");
        assert!(
            gone["cores"].is_null() && gone["lost"] == serde_json::json!({}),
            "{step}"
        );
    }
}

#[tokio::test]
async fn a_search_can_begin_below_a_given_rate() {
    let url = slow(Duration::from_millis(10)).await;
    let flags = [
        "--find-max",
        "--duration=1s",
        "--connections=4",
        "--up-to=8",
    ];
    let report = load(&url, &flags).await.json();
    assert_eq!(
        report["steps"][0]["measured"]["target_rate"], 4.0,
        "{report}"
    );
    let highest = report["highest_rate"].as_f64().expect("a rate was kept");
    assert!(highest < 8.0, "{report}");
}

#[tokio::test]
async fn a_component_needs_a_name_and_an_address() {
    let finished = traffic_gen(&["load", "--find-max", "--watch", "http://localhost:3200"]).await;
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("is not NAME=URL"), "{finished:?}");
}
