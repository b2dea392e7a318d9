//! Invalid input: the right status, and a detail that names the fault and the allowed values.

use mini_tempo::{Span, Value as Attribute};
use serde_json::{Value, json};
use testkit::eventually;

use crate::support::Fleet;

#[tokio::test]
async fn invalid_operations_are_rejected() {
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
    assert_eq!(answer["operations"], json!([]), "no operation was started");
}

#[tokio::test]
async fn invalid_paths_and_queries_are_rejected() {
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

/// Spans, lines and answers keep a client's text in memory, so its length is bounded.
#[tokio::test]
async fn a_path_with_an_invalid_id_is_rejected_and_not_kept() {
    let fleet = Fleet::start(&[]).await;
    let report = json!({ "worker_id": "w", "attempt": 1, "outcome": { "status": "CANCELLED" } });
    for id in [
        "x".repeat(4_000),
        "x".repeat(65),
        "%C3%A9".repeat(65),
        "a%00b".to_owned(),
    ] {
        let operation = format!("/api/v1/operations/{id}");
        let answers = [
            fleet.get(&operation).await,
            fleet.get(&format!("/api/v1/data/{id}")).await,
            fleet.cancel(&id).await,
            fleet.post(&format!("{operation}/report"), &report).await,
            fleet
                .post(
                    &format!("/api/v1/workers/{id}/heartbeat"),
                    &json!({ "lease": 1 }),
                )
                .await,
        ];
        for (status, answer) in answers {
            expect(status, 404, &answer, &["1 to 64"]);
            assert!(answer.to_string().len() < 300, "{answer}");
        }
    }
    let longest = format!("/api/v1/operations/{}", "x".repeat(64));
    let (status, answer) = fleet.get(&longest).await;
    expect(status, 404, &answer, &["no operation", "xxx"]);
    let trace = eventually("the span of the last request", || async {
        let mut traces = fleet.store.traces().into_iter();
        traces.find(|trace| {
            trace
                .spans()
                .iter()
                .any(|span| text_of(span, "url.path") == longest)
        })
    });
    trace.await;
    for trace in fleet.store.traces() {
        for (span, key) in trace
            .spans()
            .iter()
            .flat_map(|span| KEYS.map(|key| (span, key)))
        {
            let length = text_of(span, key).len();
            assert!(length <= 1024, "{}: {key} has {length} bytes", span.name());
        }
    }
    for line in fleet.backend.lines() {
        assert!(line.to_string().len() < 2048, "{line}");
    }
}

/// The attributes that contain a client's text.
const KEYS: [&str; 4] = [
    "url.path",
    "url.query",
    "operation.id",
    "user_agent.original",
];

fn text_of<'a>(span: &'a Span, key: &str) -> &'a str {
    match span.attribute(key) {
        Some(Attribute::Text(text)) => text,
        _ => "",
    }
}

/// Reports and registrations are bounded too.
#[tokio::test]
async fn long_reports_and_urls_are_rejected() {
    let fleet = Fleet::start(&[]).await;
    let url = format!("http://127.0.0.1:1/{}", "x".repeat(1100));
    let registration = json!({ "id": "w", "worker_type": "backtest", "url": url });
    let (status, answer) = fleet.post("/api/v1/workers", &registration).await;
    expect(status, 422, &answer, &["url", "1024"]);
    let long = "x".repeat(2000);
    let completed = |result: Value| json!({ "status": "COMPLETED", "result": result });
    for (worker, outcome, words) in [
        (&*long, completed(json!({})), &["worker_id", "1 to 64"]),
        ("w", completed(json!({ "x": long })), &["outcome", "1024"]),
        (
            "w",
            json!({ "status": "FAILED", "error": long }),
            &["outcome", "1024"],
        ),
    ] {
        let report = json!({ "worker_id": worker, "attempt": 1, "outcome": outcome });
        let (status, answer) = fleet.post("/api/v1/operations/x/report", &report).await;
        expect(status, 422, &answer, words);
    }
    let unknown = json!({ "symbol": "A".repeat(9000) });
    let (status, answer) = fleet.post("/api/v1/backtests/start", &unknown).await;
    expect(status, 422, &answer, &["symbol", "AAA", "USDJPY"]);
    assert!(answer.to_string().len() < 1200, "{answer}");
}

#[tokio::test]
async fn invalid_bodies_are_rejected() {
    let fleet = Fleet::start(&[]).await;
    let url = fleet.backend.url("/api/v1/backtests/start");
    let json_type = Some("application/json");
    let huge = format!("{{\"symbol\":\"{}\"}}", "A".repeat(17_000));
    for (body, content_type, status, words) in [
        ("{", json_type, 400, &["JSON"][..]),
        ("{}", None, 415, &["application/json"]),
        (&huge, json_type, 413, &["16384"]),
    ] {
        let mut request = testkit::client().post(&url).body(body.to_owned());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = request.send().await.unwrap();
        let answered = answer.status().as_u16();
        expect(answered, status, &answer.json().await.unwrap(), words);
    }
}

#[tokio::test]
async fn a_worker_accepts_only_its_own_type() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("training", &[]).await;
    let job = json!({ "operation_type": "backtest", "parameters": { "symbol": "AAPL" } });
    let own = json!({ "operation_type": "training", "parameters": { "symbol": "AAPL" } });
    for (id, job, words) in [
        ("x", job, &["backtest", "training"]),
        (&*"x".repeat(9000), own, &["operation_id", "1 to 64"]),
    ] {
        let order = json!({ "operation_id": id, "attempt": 1, "job": job });
        let request = testkit::client().post(worker.url("/api/v1/runs"));
        let answer = request.json(&order).send().await.unwrap();
        let status = answer.status().as_u16();
        expect(status, 422, &answer.json().await.unwrap(), words);
    }
}

#[tokio::test]
async fn invalid_registrations_are_rejected() {
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

pub(crate) fn expect(answered: u16, status: u16, answer: &Value, words: &[&str]) {
    let detail = answer["detail"].as_str();
    let detail = detail.unwrap_or_else(|| panic!("{answered} without detail: {answer}"));
    assert_eq!(answered, status, "{detail}");
    for word in words {
        assert!(detail.contains(word), "{word:?} is not in {detail:?}");
    }
}
