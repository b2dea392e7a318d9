//! `compare`.

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::run::traffic_gen;
use crate::services::{Services, listen};

/// A roll takes 200 ms, and a batch of any size 400 ms.
async fn timed() -> String {
    let batch = |RawQuery(query): RawQuery| async move {
        sleep(Duration::from_millis(400)).await;
        let query = query.expect("a query");
        let (_, times) = query.split_once("times=").expect("a size");
        let count: usize = times.parse().expect("a number");
        Json(json!({ "total": count, "rolls": vec![1; count], "count": count }))
    };
    let roll = || async {
        sleep(Duration::from_millis(200)).await;
        Json(json!({ "roll": 1 }))
    };
    let app = Router::new()
        .route("/roll", get(roll))
        .route("/roll-async", get(batch));
    let (listener, url) = listen().await;
    tokio::spawn(async { axum::serve(listener, app).await.expect("serves") });
    url
}

#[tokio::test]
async fn the_speed_up_is_that_of_rolls_against_a_batch() {
    let frontend = timed().await;
    let finished = traffic_gen(&[
        "compare",
        "--frontend-url",
        &frontend,
        "--repeat=3",
        "--sequential=5",
        "--times=5,10",
        "--traces-exporter=none",
        "--json",
    ])
    .await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.json();
    assert_eq!(report["sequential"]["requests"], 15);
    for (row, size, expected) in [(0, 5.0, 3.0), (1, 10.0, 5.5)] {
        let row = &report["batches"][row];
        assert_eq!(row["requests"], 3, "{report}");
        assert_eq!(row["expected_speed_up"], expected, "{report}");
        let measured = row["speed_up"].as_f64().expect("a number");
        let means = mean(&report["sequential"]) * size / mean(row);
        assert!((measured - means).abs() < 0.001, "{report}");
        // n rolls of 200 ms against 400 ms, with tolerance for a busy machine.
        assert!((size / 4.0..size * 0.75).contains(&measured), "{report}");
    }
}

#[tokio::test]
async fn a_batch_of_real_rolls_is_faster_than_its_rolls_in_sequence() {
    let services = Services::start(Duration::from_millis(100)).await;
    let finished = traffic_gen(&[
        "compare",
        "--frontend-url",
        &services.frontend,
        "--repeat=4",
        "--times=10",
        "--roll-delay=100ms",
        "--traces-exporter=none",
        "--json",
    ])
    .await;
    let report = finished.json();
    let row = &report["batches"][0];
    let speed_up = row["speed_up"].as_f64().expect("a number");
    assert!(speed_up > 2.0, "(10+1)/2 is expected: {report}");
}

fn mean(row: &Value) -> f64 {
    row["latency"]["mean_ms"].as_f64().expect("a number")
}

#[tokio::test]
async fn a_row_without_data_shows_none() {
    let app = Router::new().route("/roll", get(|| async { Json(json!({ "roll": 1 })) }));
    let (listener, url) = listen().await;
    tokio::spawn(async { axum::serve(listener, app).await.expect("serves") });
    let flags = [
        "--repeat=1",
        "--sequential=2",
        "--times=5",
        "--traces-exporter=none",
    ];
    let own = ["compare", "--quiet", "--frontend-url", &url];
    let finished = traffic_gen(&[&own[..], &flags].concat()).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let row = finished
        .stdout
        .lines()
        .find(|line| line.starts_with("batch of 5"));
    let cells: Vec<&str> = row.expect("a row").split_whitespace().collect();
    assert_eq!(cells[3..5], ["0", "-"], "{cells:?}");
    assert!(!finished.stdout.contains("0.00 ms"), "{finished:?}");
    assert!(
        finished.stdout.contains("nothing to compare"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn only_running_places_are_listed() {
    let frontend = timed().await;
    let flags = [
        "--repeat=1",
        "--sequential=1",
        "--times=5",
        "--traces-exporter=none",
    ];
    let own = ["compare", "--quiet", "--frontend-url", &frontend];
    let finished = traffic_gen(&[&own[..], &flags].concat()).await;
    let (_, places) = finished.stdout.split_once("Look next:").expect("places");
    assert!(places.contains(&frontend), "{places}");
    for place in ["localhost:3000", "localhost:3200"] {
        let is_there = tokio::net::TcpStream::connect(place).await.is_ok();
        assert!(
            is_there || !places.contains(place),
            "{place} is not running: {places}"
        );
    }
}
