//! The life of an operation, from its start to its end.

use serde_json::{Value, json};

use crate::input::expect;
use crate::support::{ENDLESS, Fleet, backtest};

#[tokio::test]
async fn a_backtest_ends_with_its_profit_and_loss() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("backtest", &[]).await;
    let (status, answer) = fleet.post("/api/v1/backtests/start", &backtest(150)).await;
    assert_eq!((status, &answer["status"]), (202, &json!("PENDING")));
    assert_eq!(answer["operation_type"], "backtest");

    let id = answer["operation_id"].as_str().unwrap();
    let operation = fleet.until(id, "COMPLETED").await;
    assert_eq!(operation["worker"], worker.address);
    assert_eq!(
        (&operation["attempt"], &operation["progress"]),
        (&json!(1), &json!(1.0))
    );
    assert_eq!(operation["error"], Value::Null);
    let result = &operation["result"];
    let (capital, pnl) = (
        result["capital"].as_f64().unwrap(),
        result["pnl"].as_f64().unwrap(),
    );
    let percent = result["return_percent"].as_f64().unwrap();
    assert!((pnl / capital * 100.0 - percent).abs() < 0.01, "{result}");
    assert!(result["trades"].as_u64().unwrap() > 0, "{result}");
    let times = ["created_at", "started_at", "ended_at"].map(|it| operation[it].as_str().unwrap());
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn a_training_learns() {
    let fleet = Fleet::start(&[]).await;
    let _worker = fleet.worker("training", &[]).await;
    let parameters = json!({ "symbol": "MSFT", "epochs": 100, "seed": 3 });
    let id = fleet.accepted("training", &parameters).await;
    let operation = fleet.until(&id, "COMPLETED").await;
    let accuracy = operation["result"]["accuracy"].as_f64().unwrap();
    assert!(
        (0.8..1.0).contains(&accuracy),
        "guessing has 0.5: {operation}"
    );
}

#[tokio::test]
async fn one_seed_has_one_result() {
    let fleet = Fleet::start(&[]).await;
    let _first = fleet.worker("backtest", &[]).await;
    let _second = fleet.worker("backtest", &[]).await;
    let ids = [fleet.backtest(200).await, fleet.backtest(200).await];
    let other = json!({ "symbol": "EURUSD", "days": 200, "seed": 2 });
    let other = fleet.accepted("backtest", &other).await;
    let [first, second] = [
        fleet.until(&ids[0], "COMPLETED").await,
        fleet.until(&ids[1], "COMPLETED").await,
    ];
    assert_ne!(first["worker"], second["worker"], "both workers are used");
    assert_eq!(first["result"], second["result"]);
    let other = fleet.until(&other, "COMPLETED").await;
    assert_ne!(first["result"], other["result"]);
}

#[tokio::test]
async fn failures_have_a_reason() {
    let fleet = Fleet::start(&[]).await;
    let _backtester = fleet.worker("backtest", &["--failure-share=1"]).await;
    let _trainer = fleet.worker("training", &[]).await;
    let faulty = fleet.backtest(100).await;
    let diverging = json!({ "symbol": "AAPL", "epochs": 100, "learning_rate": 500, "seed": 1 });
    let diverging = fleet.accepted("training", &diverging).await;
    for (id, reason) in [
        (faulty, "simulated fault: the price feed broke off on day "),
        (diverging, "the fit diverged: loss "),
    ] {
        let operation = fleet.until(&id, "FAILED").await;
        assert_eq!(operation["result"], Value::Null);
        let error = operation["error"].as_str().unwrap();
        assert!(error.starts_with(reason), "{error}");
    }
    assert_eq!(fleet.ended("failed").await, 2.0);
}

#[tokio::test]
async fn the_list_is_filtered_and_newest_first() {
    let fleet = Fleet::start(&[]).await;
    let _worker = fleet.worker("backtest", &[]).await;
    let done = fleet.backtest(100).await;
    fleet.until(&done, "COMPLETED").await;
    let running = fleet.backtest(ENDLESS).await;
    fleet.until(&running, "RUNNING").await;
    let training = fleet
        .accepted("training", &json!({ "symbol": "AAPL" }))
        .await;

    for (query, expected) in [
        ("", vec![&training, &running, &done]),
        ("?limit=1", vec![&training]),
        ("?operation_type=backtest", vec![&running, &done]),
        ("?status=PENDING", vec![&training]),
        ("?status=COMPLETED&operation_type=backtest", vec![&done]),
        ("?status=FAILED", vec![]),
    ] {
        let (status, answer) = fleet.get(&format!("/api/v1/operations{query}")).await;
        assert_eq!(status, 200, "{answer}");
        let operations = answer["operations"].as_array().unwrap().iter();
        let ids: Vec<_> = operations
            .map(|it| it["operation_id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
}

#[tokio::test]
async fn data_is_a_seeded_price_series() {
    let fleet = Fleet::start(&[]).await;
    let (status, first) = fleet.get("/api/v1/data/BTCUSD?days=30&seed=5").await;
    assert_eq!(status, 200);
    let closes = first["closes"].as_array().unwrap();
    assert_eq!(closes.len(), 30);
    assert!(closes.iter().all(|close| close.as_f64().unwrap() > 0.0));
    let (_, again) = fleet.get("/api/v1/data/BTCUSD?days=30&seed=5").await;
    assert_eq!(first, again);
    let (_, other) = fleet.get("/api/v1/data/BTCUSD?days=30&seed=6").await;
    assert_ne!(first["closes"], other["closes"]);
}

#[tokio::test]
async fn log_lines_carry_id_type_status_and_trace() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("backtest", &[]).await;
    let (_, answer) = fleet.post("/api/v1/backtests/start", &backtest(100)).await;
    let id = answer["operation_id"].as_str().unwrap();
    fleet.until(id, "COMPLETED").await;
    let (_, worker_lines) = worker.terminate().await;
    let (_, backend_lines) = fleet.backend.terminate().await;
    for (lines, message, status) in [
        (&backend_lines, "Operation registered", "PENDING"),
        (&worker_lines, "Run ended", "COMPLETED"),
        (&backend_lines, "Operation ended", "COMPLETED"),
    ] {
        let line = lines.iter().find(|line| line["message"] == message);
        let line = line.unwrap_or_else(|| panic!("no {message:?} in {lines:?}"));
        assert_eq!(line["operation_id"], id);
        assert_eq!(line["operation_type"], "backtest");
        assert_eq!(line["status"], status);
        assert_eq!(line["trace_id"], answer["trace_id"], "{line}");
    }
}

#[tokio::test]
async fn a_heartbeat_with_more_than_all_done_is_refused() {
    let fleet = Fleet::start(&[]).await;
    let here = json!({ "id": "w", "worker_type": "backtest", "url": "http://127.0.0.1:1" });
    let (_, answer) = fleet.post("/api/v1/workers", &here).await;
    let beat = async |progress: Value| {
        let running = json!({ "operation_id": "x", "attempt": 1, "progress": progress });
        let beat = json!({ "lease": answer["lease"], "running": running });
        fleet.post("/api/v1/workers/w/heartbeat", &beat).await
    };
    for progress in [
        json!(-0.1),
        json!(1.01),
        json!(-1e308),
        json!(1e308),
        json!(2),
    ] {
        let (status, answer) = beat(progress).await;
        expect(status, 422, &answer, &["progress", "0 to 1"]);
    }
    // As serde_json writes what is not a number.
    let (status, answer) = beat(Value::Null).await;
    expect(status, 422, &answer, &["progress"]);
    for progress in [json!(0), json!(0.5), json!(1)] {
        let (status, answer) = beat(progress).await;
        assert_eq!(status, 200, "{answer}");
    }
}
