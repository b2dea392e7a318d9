//! Workers that die, stall, stop or return, and a backend that is restarted.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;
use testkit::Process;
use tokio::net::TcpSocket;

use crate::support::{ENDLESS, Fleet, IMPATIENT, role};

const REASON: [&str; 3] = [
    "reason=\"worker_lost\"",
    "reason=\"handed_back\"",
    "reason=\"undelivered\"",
];

/// Removes the worker with this address from `workers`.
fn take(workers: &mut Vec<Process>, address: &serde_json::Value) -> Process {
    let at = workers.iter().position(|worker| *address == worker.address);
    workers.remove(at.expect("one of the workers"))
}

#[tokio::test]
async fn a_killed_workers_operation_completes_elsewhere() {
    let fleet = Fleet::start(&IMPATIENT).await;
    let mut workers = vec![
        fleet.worker("backtest", &[]).await,
        fleet.worker("backtest", &[]).await,
    ];
    let undisturbed = fleet.backtest(400).await;
    let undisturbed = fleet.until(&undisturbed, "COMPLETED").await;
    let id = fleet.backtest(400).await;
    let first = fleet.until_midway(&id, 1).await;
    let killed = take(&mut workers, &first["worker"]);
    let address = killed.address.clone();
    killed.signal(Signal::SIGKILL);
    killed.ended().await;

    let operation = fleet.until(&id, "COMPLETED").await;
    assert_eq!(operation["attempt"], 2);
    assert_eq!(operation["worker"], workers[0].address);
    assert_eq!(operation["result"], undisturbed["result"]);
    assert_eq!(fleet.worker_state(&address).await.as_deref(), Some("lost"));
    let metrics = fleet.backend.metrics().await;
    assert_eq!(
        metrics.sum("operations_total", &[]),
        2.0,
        "each operation counts once"
    );
    assert_eq!(metrics.sum("operation_duration_seconds_count", &[]), 2.0);
    assert_eq!(metrics.sum("operations_requeued_total", &[]), 1.0);
    assert_eq!(metrics.sum("operations_requeued_total", &REASON[..1]), 1.0);
    let of_backtests =
        |state| metrics.value("workers_registered", &["worker_type=\"backtest\"", state]);
    assert_eq!(of_backtests("state=\"lost\""), 1.0);
    assert_eq!(of_backtests("state=\"available\""), 1.0);

    let _restarted = fleet.worker_at(&address, "backtest", &[]).await;
    fleet.until_worker(&address, "available").await;
    let metrics = fleet.backend.metrics().await;
    assert_eq!(metrics.sum("workers_registered", &["state=\"lost\""]), 0.0);
    assert_eq!(
        metrics.sum("workers_registered", &["state=\"available\""]),
        2.0
    );
}

#[tokio::test]
async fn an_operation_lost_twice_fails() {
    let fleet = Fleet::start(&IMPATIENT).await;
    let mut workers = vec![
        fleet.worker("backtest", &[]).await,
        fleet.worker("backtest", &[]).await,
    ];
    let id = fleet.backtest(ENDLESS).await;
    for attempt in [1, 2] {
        let operation = fleet.until_midway(&id, attempt).await;
        let killed = take(&mut workers, &operation["worker"]);
        killed.signal(Signal::SIGKILL);
        killed.ended().await;
    }
    let operation = fleet.until(&id, "FAILED").await;
    let error = operation["error"].as_str().unwrap();
    assert!(error.starts_with("lost twice"), "{error}");
    assert_eq!(fleet.ended("failed").await, 1.0);
}

#[tokio::test]
async fn a_restarted_worker_gives_up_its_operation_at_once() {
    // No worker counts as lost within this test.
    let fleet = Fleet::start(&["--heartbeat=300ms", "--missed-heartbeats=100"]).await;
    let worker = fleet.worker("backtest", &[]).await;
    let address = worker.address.clone();
    let id = fleet.backtest(400).await;
    fleet.until_midway(&id, 1).await;
    worker.signal(Signal::SIGKILL);
    worker.ended().await;
    let _restarted = fleet.worker_at(&address, "backtest", &[]).await;
    let operation = fleet.until(&id, "COMPLETED").await;
    assert_eq!(operation["attempt"], 2);
}

#[tokio::test]
async fn a_late_result_of_a_stalled_worker_is_rejected() {
    let fleet = Fleet::start(&IMPATIENT).await;
    let mut workers = vec![
        fleet.worker("backtest", &[]).await,
        fleet.worker("backtest", &[]).await,
    ];
    let id = fleet.backtest(ENDLESS).await;
    let first = fleet.until_midway(&id, 1).await;
    let stalled = take(&mut workers, &first["worker"]);
    stalled.signal(Signal::SIGSTOP);
    fleet.until_midway(&id, 2).await;
    let outcome = json!({ "status": "COMPLETED", "result": { "pnl": 1e9 } });
    let late = json!({ "worker_id": stalled.address, "attempt": 1, "outcome": outcome });
    let (status, answer) = fleet
        .post(&format!("/api/v1/operations/{id}/report"), &late)
        .await;
    assert_eq!(status, 409, "{answer}");
    assert_eq!(fleet.operation(&id).await["status"], "RUNNING");

    stalled.signal(Signal::SIGCONT);
    fleet.until_worker(&stalled.address, "available").await;
    let ended = stalled.line_with("Run ended").await;
    assert_eq!(ended["status"], "ABANDONED");
    let operation = fleet.operation(&id).await;
    assert_eq!(
        (&operation["status"], &operation["attempt"]),
        (&json!("RUNNING"), &json!(2))
    );
}

#[tokio::test]
async fn a_stopped_worker_returns_its_operation() {
    let fleet = Fleet::start(&IMPATIENT).await;
    let worker = fleet.worker("backtest", &[]).await;
    let address = worker.address.clone();
    let id = fleet.backtest(400).await;
    fleet.until_midway(&id, 1).await;
    let (status, _) = worker.terminate().await;
    assert!(status.success());
    let operation = fleet.operation(&id).await;
    assert_eq!(operation["status"], "PENDING", "{operation}");
    assert_eq!(fleet.worker_state(&address).await, None);

    let _next = fleet.worker("backtest", &[]).await;
    let operation = fleet.until(&id, "COMPLETED").await;
    assert_eq!(operation["attempt"], 2);
    let metrics = fleet.backend.metrics().await;
    assert_eq!(metrics.sum("operations_requeued_total", &REASON[1..2]), 1.0);
}

#[tokio::test]
async fn an_operation_that_cannot_be_delivered_goes_to_another_worker() {
    let fleet = Fleet::start(&[]).await;
    let idle = fleet.worker("backtest", &[]).await;
    idle.signal(Signal::SIGKILL);
    idle.ended().await;
    let _next = fleet.worker("backtest", &[]).await;
    let id = fleet.backtest(100).await;
    let operation = fleet.until(&id, "COMPLETED").await;
    assert_eq!(
        operation["attempt"], 2,
        "the worker that waited longest was first"
    );
    let metrics = fleet.backend.metrics().await;
    assert_eq!(metrics.sum("operations_requeued_total", &REASON[2..]), 1.0);
    assert_eq!(metrics.sum("operations_requeued_total", &[]), 1.0);
}

#[tokio::test]
async fn deliveries_to_an_unreachable_worker_back_off_and_end() {
    // Bound but not listening, so that no other process uses the port.
    let unreachable = TcpSocket::new_v4().unwrap();
    unreachable.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let advertise = format!(
        "--advertise-url=http://{}",
        unreachable.local_addr().unwrap()
    );
    let fleet = Fleet::start(&["--heartbeat=200ms"]).await;
    let own = [advertise.as_str(), "--id=astray"];
    let worker = fleet.worker_at("127.0.0.1:0", "backtest", &own).await;
    fleet.until_worker("astray", "available").await;
    let start = Instant::now();
    let id = fleet.backtest(100).await;
    let operation = fleet.until(&id, "FAILED").await;
    assert!(
        start.elapsed() >= Duration::from_secs(2),
        "four pauses from 0.2 s, each twice the previous one unless 0.6 s passed in between"
    );
    let error = operation["error"].as_str().unwrap();
    assert!(
        error.starts_with("could not be delivered 5 times") && error.contains("astray"),
        "{error}"
    );
    assert_eq!(operation["attempt"], 5);
    let (_, lines) = worker.terminate().await;
    let registered = "Registered with the backend";
    let registered = lines.iter().filter(|line| line["message"] == registered);
    let registered = registered.count();
    assert!((4..=6).contains(&registered), "{registered} times");
    let metrics = fleet.backend.metrics().await;
    assert_eq!(metrics.sum("operations_requeued_total", &REASON[2..]), 4.0);
    assert_eq!(fleet.ended("failed").await, 1.0);
}

#[tokio::test]
async fn workers_register_with_a_restarted_backend() {
    let mut fleet = Fleet::start(&IMPATIENT).await;
    let worker = fleet.worker("backtest", &[]).await;
    let forgotten = fleet.backtest(ENDLESS).await;
    fleet.until_midway(&forgotten, 1).await;
    let address = fleet.backend.address.clone();
    fleet.backend.signal(Signal::SIGKILL);
    worker.line_with("Heartbeats are not answered").await;
    fleet.backend = role("backend", &address, &["--traces-exporter=none"]).await;
    fleet.until_worker(&worker.address, "available").await;
    let (status, _) = fleet.get(&format!("/api/v1/operations/{forgotten}")).await;
    assert_eq!(status, 404);
    let id = fleet.backtest(100).await;
    fleet.until(&id, "COMPLETED").await;
    let (_, lines) = worker.terminate().await;
    let ended = lines.iter().filter(|line| line["message"] == "Run ended");
    let statuses: Vec<_> = ended.map(|line| &line["status"]).collect();
    assert_eq!(statuses, ["ABANDONED", "COMPLETED"]);
}
