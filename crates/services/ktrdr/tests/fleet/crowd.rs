//! More workers than the backend keeps in memory, and more callers than a worker has room for.

use serde_json::{Value, json};
use testkit::eventually;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::Fleet;

async fn register(fleet: &Fleet, id: usize) -> (u16, Value) {
    let id = id.to_string();
    let url = "http://127.0.0.1:1";
    let registration = json!({ "id": id, "worker_type": "backtest", "url": url });
    fleet.post("/api/v1/workers", &registration).await
}

#[tokio::test]
async fn the_number_of_workers_is_bounded_and_lost_ones_make_room() {
    let fleet = Fleet::start(&["--heartbeat=1s", "--missed-heartbeats=5"]).await;
    for id in 0..100 {
        let (status, answer) = register(&fleet, id).await;
        assert_eq!(status, 200, "{answer}");
    }
    let (status, answer) = register(&fleet, 100).await;
    assert_eq!(status, 503, "{answer}");
    let detail = answer["detail"].as_str().expect("a detail");
    assert!(detail.contains("100 workers are registered"), "{detail}");
    eventually("room for another worker", || async {
        (register(&fleet, 100).await.0 == 200).then_some(())
    })
    .await;
}

/// A worker's container has 24 MB, of which the program and its queue of spans take some 15 MB.
#[tokio::test]
async fn a_crowd_of_callers_fits_in_a_workers_container() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("backtest", &[]).await;
    let before = worker.memory().peak;
    let almost_all = "x".repeat(16_000);
    let body = format!(
        "POST /api/v1/runs HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\n\
         Content-Length: 16384\r\n\r\n{{\"operation_id\":\"{almost_all}"
    );
    let head = format!("GET / HTTP/1.1\r\nHost: w\r\nX: {almost_all}");
    let mut callers = Vec::new();
    for caller in 0..600 {
        let mut stream = TcpStream::connect(&worker.address).await.expect("connects");
        let text = if caller % 2 == 0 { &body } else { &head };
        // One that finds no room is closed, perhaps while it still sends.
        let _ = stream.write_all(text.as_bytes()).await;
        callers.push(stream);
    }
    eventually("callers without room", || async {
        let metrics = worker.metrics().await;
        let rejected = metrics.sum("http_requests_rejected_total", &[]);
        (rejected >= 200.0).then_some(())
    })
    .await;
    let grown = worker.memory().peak.saturating_sub(before) >> 10;
    assert!(grown < 9_000, "grew by {grown} KiB");
    assert_eq!(
        fleet.worker_state(&worker.address).await.as_deref(),
        Some("available")
    );
}
