//! More workers than the backend keeps in memory.

use serde_json::{Value, json};
use testkit::eventually;

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
