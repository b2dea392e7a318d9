//! The bounded queue, and cancelling operations that wait, run or have ended.

use crate::support::{ENDLESS, Fleet, IMPATIENT, backtest};
use serde_json::json;

#[tokio::test]
async fn a_full_queue_rejects_until_there_is_room() {
    let fleet = Fleet::start(&["--queue-capacity=2"]).await;
    let _worker = fleet.worker("backtest", &[]).await;
    let running = fleet.backtest(ENDLESS).await;
    let waiting = [fleet.backtest(100).await, fleet.backtest(100).await];
    let (status, answer) = fleet.post("/api/v1/backtests/start", &backtest(100)).await;
    assert_eq!(status, 503, "{answer}");
    let detail = answer["detail"].as_str().unwrap();
    assert!(
        detail.contains("backtest") && detail.contains("2 operations"),
        "{detail}"
    );
    let metrics = fleet.backend.metrics().await;
    let in_progress = |state| {
        metrics.value(
            "operations_in_progress",
            &["operation_type=\"backtest\"", state],
        )
    };
    assert_eq!(in_progress("state=\"pending\""), 2.0);
    assert_eq!(in_progress("state=\"running\""), 1.0);
    assert_eq!(
        metrics.value("operation_queue_capacity", &["operation_type=\"backtest\""]),
        2.0
    );

    let (status, _) = fleet.cancel(&running).await;
    assert_eq!(status, 200);
    let mut ended = Vec::new();
    for id in &waiting {
        let operation = fleet.until(id, "COMPLETED").await;
        ended.push(operation["ended_at"].as_str().unwrap().to_owned());
    }
    assert!(
        ended.is_sorted(),
        "the queue is first in, first out: {ended:?}"
    );
    fleet.backtest(100).await;
}

#[tokio::test]
async fn the_two_types_have_separate_queues() {
    let fleet = Fleet::start(&["--queue-capacity=0"]).await;
    let _worker = fleet.worker("training", &[]).await;
    let (status, _) = fleet.post("/api/v1/backtests/start", &backtest(100)).await;
    assert_eq!(status, 503, "no worker is free and the queue is full");
    fleet
        .accepted("training", &json!({ "symbol": "AAPL" }))
        .await;
}

#[tokio::test]
async fn waiting_operations_are_cancelled_at_once() {
    let fleet = Fleet::start(&[]).await;
    let id = fleet.backtest(100).await;
    let (status, operation) = fleet.cancel(&id).await;
    assert_eq!((status, &operation["status"]), (200, &json!("CANCELLED")));
    let worker = fleet.worker("backtest", &[]).await;
    let next = fleet.backtest(100).await;
    fleet.until(&next, "COMPLETED").await;
    assert_eq!(
        fleet.operation(&id).await["attempt"],
        0,
        "it was never assigned"
    );
    let (_, lines) = worker.terminate().await;
    let runs = lines.iter().filter(|line| line["message"] == "Run ended");
    assert_eq!(runs.count(), 1);
}

#[tokio::test]
async fn cancelling_a_run_stops_it_and_frees_its_worker() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("backtest", &[]).await;
    let id = fleet.backtest(ENDLESS).await;
    fleet.until(&id, "RUNNING").await;
    let (status, operation) = fleet.cancel(&id).await;
    assert_eq!((status, &operation["status"]), (200, &json!("CANCELLED")));
    let ended = worker.line_with("Run ended").await;
    assert_eq!(ended["status"], "CANCELLED");
    let next = fleet.backtest(100).await;
    fleet.until(&next, "COMPLETED").await;
    assert_eq!(fleet.operation(&id).await["status"], "CANCELLED");
    assert_eq!(
        (
            fleet.ended("cancelled").await,
            fleet.ended("completed").await
        ),
        (1.0, 1.0)
    );
}

#[tokio::test]
async fn ended_operations_cannot_be_cancelled() {
    let fleet = Fleet::start(&[]).await;
    let _worker = fleet.worker("backtest", &[]).await;
    let id = fleet.backtest(100).await;
    fleet.until(&id, "COMPLETED").await;
    let (status, answer) = fleet.cancel(&id).await;
    assert_eq!(status, 409, "{answer}");
    assert!(
        answer["detail"].as_str().unwrap().contains("COMPLETED"),
        "{answer}"
    );
    assert_eq!(fleet.ended("cancelled").await, 0.0);
}

#[tokio::test]
async fn a_late_cancel_does_not_stop_another_attempt() {
    let fleet = Fleet::start(&IMPATIENT).await;
    let worker = fleet.worker("backtest", &[]).await;
    let id = fleet.backtest(400).await;
    fleet.until_midway(&id, 1).await;
    let cancel = async |query: &str| {
        let url = worker.url(&format!("/api/v1/runs/{id}/cancel{query}"));
        let answer = testkit::client().post(url).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(cancel("").await, 422);
    assert_eq!(cancel("?attempt=2").await, 404);

    // The backend did not send this request: from its view, the operation lost its worker.
    assert_eq!(cancel("?attempt=1").await, 202);
    fleet.until_midway(&id, 2).await;
    assert_eq!(cancel("?attempt=1").await, 404);
    let operation = fleet.until(&id, "COMPLETED").await;
    assert_eq!(operation["attempt"], 2);
    assert_eq!(fleet.ended("cancelled").await, 0.0);
    let metrics = fleet.backend.metrics().await;
    let handed_back = ["reason=\"handed_back\""];
    assert_eq!(metrics.sum("operations_requeued_total", &handed_back), 1.0);
}
