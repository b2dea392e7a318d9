//! The OpenAPI documents match the backend and the worker.

use testkit::check_openapi;

use crate::support::Fleet;

/// A rule that a schema cannot express.
const BACKEND: &str = r#"
[[operations]]
include-name = "POST /api/v1/backtests/start"
# 422 when slow is not more than fast: JSON Schema cannot compare two fields.
checks.positive_data_acceptance.expected-statuses = [202, 422]
"#;

const WORKER: &str = r#"
[[operations]]
include-name = "POST /api/v1/runs"
# 422 for the other type of operation, and when slow is not more than fast: what is documented is
# what any worker may be sent.
checks.positive_data_acceptance.expected-statuses = [202, 409, 422]
"#;

/// The changes of requests by `openapi.py`.
fn configuration(own: &str) -> String {
    let hooks = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fleet/openapi.py");
    format!("hooks = {hooks:?}\n{own}")
}

/// All operations can wait, and invented workers are soon lost and make room.
const FLAGS: [&str; 3] = [
    "--queue-capacity=10000",
    "--heartbeat=50ms",
    "--missed-heartbeats=1",
];

#[tokio::test]
async fn the_backends_document_and_the_backend_agree() {
    let fleet = Fleet::start(&FLAGS).await;
    let long = "x".repeat(1024);
    let examples = [
        ("/".to_owned(), 200),
        ("POST /api/v1/backtests/start".to_owned(), 415),
        ("POST /api/v1/trainings/start".to_owned(), 415),
        ("/api/v1/data/AAPL?days=3&seed=1".to_owned(), 200),
        ("/api/v1/data/TULIP".to_owned(), 404),
        ("/api/v1/data/%ff".to_owned(), 422),
        (format!("/api/v1/data/AAPL?days={long}"), 414),
        (
            "/api/v1/operations?limit=1&status=FAILED&operation_type=training".to_owned(),
            200,
        ),
        (format!("/api/v1/operations?limit={long}"), 414),
        ("/api/v1/operations/%ff".to_owned(), 422),
        ("POST /api/v1/operations/abc/cancel".to_owned(), 404),
        ("/api/v1/workers".to_owned(), 200),
    ];
    let examples: Vec<_> = examples
        .iter()
        .map(|(path, status)| (path.as_str(), *status))
        .collect();
    check_openapi(&fleet.backend.url(""), &examples, &configuration(BACKEND)).await;
}

#[tokio::test]
async fn a_workers_document_and_the_worker_agree() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("training", &[]).await;
    let examples = [
        ("/", 200),
        ("POST /api/v1/runs", 415),
        ("POST /api/v1/runs/abc/cancel?attempt=1", 404),
        ("POST /api/v1/runs/abc/cancel", 422),
    ];
    check_openapi(&worker.url(""), &examples, &configuration(WORKER)).await;
}
