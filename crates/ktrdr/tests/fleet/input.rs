//! Bad input: the right status, and a detail that names what was wrong and what is allowed.

use serde_json::{Value, json};

use crate::support::Fleet;

#[tokio::test]
async fn bad_operations_are_refused() {
    let fleet = Fleet::start(&[]).await;
    for (kind, parameters, words) in [
        ("backtest", json!({}), &["symbol", "missing"][..]),
        (
            "backtest",
            json!({ "symbol": "TULIP" }),
            &["symbol", "TULIP", "AAPL", "USDJPY"],
        ),
        (
            "backtest",
            json!({ "symbol": "AAPL", "days": 99 }),
            &["days", "99", "100", "10000"],
        ),
        (
            "backtest",
            json!({ "symbol": "AAPL", "days": 10_001 }),
            &["days", "10001", "10000"],
        ),
        (
            "backtest",
            json!({ "symbol": "AAPL", "days": -1 }),
            &["days", "-1"],
        ),
        (
            "backtest",
            json!({ "symbol": "AAPL", "days": "many" }),
            &["days", "many"],
        ),
        (
            "backtest",
            json!({ "symbol": "AAPL", "fast": 1 }),
            &["fast", "2", "50"],
        ),
        (
            "backtest",
            json!({ "symbol": "AAPL", "fast": 20, "slow": 20 }),
            &["slow", "21", "100"],
        ),
        (
            "backtest",
            json!({ "symbol": "AAPL", "epochs": 10 }),
            &["epochs", "days", "seed"],
        ),
        (
            "training",
            json!({ "symbol": "AAPL", "epochs": 99 }),
            &["epochs", "100", "10000"],
        ),
        (
            "training",
            json!({ "symbol": "AAPL", "learning_rate": 0 }),
            &["learning_rate", "0.001"],
        ),
        (
            "training",
            json!({ "symbol": "AAPL", "learning_rate": 1000.5 }),
            &["learning_rate", "1000.5", "1000"],
        ),
    ] {
        let (status, answer) = fleet
            .post(&format!("/api/v1/{kind}s/start"), &parameters)
            .await;
        expect(status, 422, &answer, words);
    }
    let (_, answer) = fleet.get("/api/v1/operations").await;
    assert_eq!(answer["operations"], json!([]), "nothing was started");
}

#[tokio::test]
async fn bad_paths_and_queries_are_refused() {
    let fleet = Fleet::start(&[]).await;
    for (path, status, words) in [
        ("/api/v1/data/TULIP", 404, &["TULIP", "AAPL", "USDJPY"][..]),
        ("/api/v1/data/%ff", 422, &["UTF-8"]),
        ("/api/v1/data/AAPL?days=0", 422, &["days", "1", "1000"]),
        (
            "/api/v1/data/AAPL?days=1001",
            422,
            &["days", "1001", "1000"],
        ),
        ("/api/v1/data/AAPL?day=1", 422, &["day"]),
        ("/api/v1/operations/abc", 404, &["abc"]),
        (
            "/api/v1/operations?status=DONE",
            422,
            &["DONE", "COMPLETED"],
        ),
        ("/api/v1/operations?limit=0", 422, &["limit", "100"]),
        ("/api/v1/nothing", 404, &["/api/v1/nothing"]),
        ("/api/v1/backtests/start", 405, &["GET"]),
    ] {
        let (answered, answer) = fleet.get(path).await;
        expect(answered, status, &answer, words);
    }
    let (status, answer) = fleet.cancel("abc").await;
    expect(status, 404, &answer, &["abc"]);
}

#[tokio::test]
async fn bad_bodies_are_refused() {
    let fleet = Fleet::start(&[]).await;
    let url = fleet.backend.url("/api/v1/backtests/start");
    let json_type = Some("application/json");
    let huge = format!("{{\"symbol\":\"{}\"}}", "A".repeat(17_000));
    for (body, content_type, status, words) in [
        ("{", json_type, 400, &["JSON"][..]),
        ("{}", None, 415, &["application/json"]),
        (&huge, json_type, 413, &["16384"]),
    ] {
        let mut request = reqwest::Client::new().post(&url).body(body.to_owned());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = request.send().await.unwrap();
        let answered = answer.status().as_u16();
        expect(answered, status, &answer.json().await.unwrap(), words);
    }
}

#[tokio::test]
async fn a_worker_takes_only_its_own_kind() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("training", &[]).await;
    let job = json!({ "operation_type": "backtest", "parameters": { "symbol": "AAPL" } });
    let order = json!({ "operation_id": "x", "attempt": 1, "job": job });
    let request = reqwest::Client::new().post(worker.url("/api/v1/runs"));
    let answer = request.json(&order).send().await.unwrap();
    let status = answer.status().as_u16();
    expect(
        status,
        422,
        &answer.json().await.unwrap(),
        &["backtest", "training"],
    );
}

#[tokio::test]
async fn bad_registrations_are_refused() {
    let fleet = Fleet::start(&[]).await;
    let (long, longest) = ("x".repeat(65), "x".repeat(64));
    let here = "http://127.0.0.1:1";
    for (id, url, words) in [
        ("w", "mailto:x@y", &["url", "http://"][..]),
        ("w", "https://127.0.0.1:1", &["url", "https", "http://"]),
        ("w", "file:///tmp", &["url", "http://"]),
        ("w", "here", &["url", "relative"]),
        ("", here, &["id", "1 to 64"]),
        (&long, here, &["id", "1 to 64"]),
        (".", here, &["id", "not . or .."]),
        ("..", here, &["id", "not . or .."]),
        ("a\tb", here, &["id", "control"]),
    ] {
        let registration = json!({ "id": id, "worker_type": "backtest", "url": url });
        let (status, answer) = fleet.post("/api/v1/workers", &registration).await;
        expect(status, 422, &answer, words);
    }
    let (_, answer) = fleet.get("/api/v1/workers").await;
    assert_eq!(answer["workers"], json!([]));
    let registration = json!({ "id": longest, "worker_type": "backtest", "url": here });
    let (status, answer) = fleet.post("/api/v1/workers", &registration).await;
    assert_eq!(status, 200, "{answer}");
}

fn expect(answered: u16, status: u16, answer: &Value, words: &[&str]) {
    let detail = answer["detail"].as_str();
    let detail = detail.unwrap_or_else(|| panic!("{answered} without detail: {answer}"));
    assert_eq!(answered, status, "{detail}");
    for word in words {
        assert!(detail.contains(word), "{word:?} is not in {detail:?}");
    }
}
