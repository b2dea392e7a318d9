//! The fault of this system: a worker that makes no progress, while its heartbeats go on.

use faults::Fault;
use serde_json::json;
use testkit::{FlagsFile, assert_unnamed, becomes};

use crate::support::{Fleet, IMPATIENT};

#[tokio::test]
async fn a_hung_worker_makes_no_progress_until_it_is_switched_off() {
    let flags = FlagsFile::new();
    flags.set(&[(Fault::HungWorker, 1.0)]);
    let fleet = Fleet::start(&IMPATIENT).await;
    let worker = fleet.worker("backtest", &[&flags.flag()]).await;
    let id = fleet.backtest(100).await;
    fleet.until_midway(&id, 1).await;
    let progress = || async { fleet.operation(&id).await["progress"].clone() };
    let before = progress().await;
    // More than would make a silent worker count as lost.
    fleet.until_heartbeats(12.0).await;
    assert_eq!(progress().await, before);
    let busy = || async { worker.metrics().await.value("worker_busy", &[]) };
    assert_eq!(busy().await, 1.0);
    flags.set(&[]);
    let ended = fleet.until(&id, "COMPLETED").await;
    assert_eq!(ended["attempt"], 1);
    becomes("busy workers", 0.0, busy).await;
    assert_unnamed(&worker).await;
}

#[tokio::test]
async fn a_hung_worker_can_be_cancelled_and_does_not_stop_trainings() {
    let flags = FlagsFile::new();
    flags.set(&[(Fault::HungWorker, 1.0)]);
    let fleet = Fleet::start(&[]).await;
    let _backtests = fleet.worker("backtest", &[&flags.flag()]).await;
    let _trainings = fleet.worker("training", &[&flags.flag()]).await;
    let hung = fleet.backtest(100).await;
    fleet.until_midway(&hung, 1).await;
    let training = json!({ "symbol": "AAPL", "epochs": 100, "seed": 1 });
    let training = fleet.accepted("training", &training).await;
    fleet.until(&training, "COMPLETED").await;
    assert_eq!(fleet.operation(&hung).await["status"], "RUNNING");
    assert_eq!(fleet.cancel(&hung).await.0, 200);
    fleet.until(&hung, "CANCELLED").await;
}
