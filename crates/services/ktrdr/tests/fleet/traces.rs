//! One operation is one trace, across backend and worker.

use mini_tempo::{Kind, Span, Status, Trace, Value};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::{ENDLESS, Fleet, IMPATIENT, backtest};

/// The span that ends last in the backend, and the one in a worker.
const REPORTED: [&str; 2] = ["POST /api/v1/operations/{id}/report", "operation.report"];

fn only<'a>(trace: &'a Trace, name: &str) -> &'a Span {
    let mut found = trace.spans().iter().filter(|span| span.name() == name);
    let span = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(found.next().is_none(), "several {name}");
    span
}

fn parent<'a>(trace: &'a Trace, span: &Span) -> &'a Span {
    let id = span
        .parent_id()
        .unwrap_or_else(|| panic!("{} is a root", span.name()));
    trace
        .span(id)
        .unwrap_or_else(|| panic!("the parent of {} is missing", span.name()))
}

fn text<'a>(span: &'a Span, key: &str) -> &'a str {
    match span.attribute(key) {
        Some(Value::Text(text)) => text,
        other => panic!("{key} of {} is {other:?}", span.name()),
    }
}

#[tokio::test]
async fn register_and_run_are_in_one_trace() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("backtest", &[]).await;
    let (_, answer) = fleet.post("/api/v1/backtests/start", &backtest(150)).await;
    let trace = fleet.trace(&answer["trace_id"], &REPORTED).await;

    let chain = [
        (REPORTED[0], "ktrdr-backend", Kind::Server),
        ("POST", "ktrdr-worker", Kind::Client),
        ("operation.report", "ktrdr-worker", Kind::Internal),
        ("operation.run", "ktrdr-worker", Kind::Internal),
        ("POST /api/v1/runs", "ktrdr-worker", Kind::Server),
        ("POST", "ktrdr-backend", Kind::Client),
        ("operation.dispatch", "ktrdr-backend", Kind::Internal),
        ("operation.register", "ktrdr-backend", Kind::Internal),
        (
            "POST /api/v1/backtests/start",
            "ktrdr-backend",
            Kind::Server,
        ),
    ];
    let mut span = only(&trace, REPORTED[0]);
    for (at, (name, service, kind)) in chain.into_iter().enumerate() {
        if at > 0 {
            span = parent(&trace, span);
        }
        assert_eq!(
            (span.name(), span.service(), span.kind()),
            (name, service, kind)
        );
        assert_eq!(span.status(), Status::Unset, "{name}");
    }
    assert_eq!(span.parent_id(), None);
    assert_eq!(trace.spans().len(), chain.len());

    let (register, run) = (
        only(&trace, "operation.register"),
        only(&trace, "operation.run"),
    );
    for (span, status) in [(register, "PENDING"), (run, "COMPLETED")] {
        assert_eq!(text(span, "operation.id"), answer["operation_id"]);
        assert_eq!(text(span, "operation.type"), "backtest");
        assert_eq!(text(span, "operation.status"), status);
    }
    assert_eq!(text(run, "worker.id"), worker.address);
    assert_eq!(run.attribute("operation.attempt"), Some(Value::Int(1)));
    assert!(register.duration_nanos() < 500_000_000, "instant");
    assert!(
        run.duration_nanos() > 200_000_000,
        "150 days take 0.3 s, minus a slice"
    );
    let accepted = only(&trace, "POST /api/v1/runs");
    assert!(
        accepted.end_unix_nano() < run.end_unix_nano(),
        "accepting takes less time than running"
    );
}

#[tokio::test]
async fn a_failed_run_is_an_error_with_its_reason() {
    let fleet = Fleet::start(&[]).await;
    let _worker = fleet.worker("training", &["--failure-share=1"]).await;
    let body = json!({ "symbol": "AAPL", "epochs": 100 });
    let (_, answer) = fleet.post("/api/v1/trainings/start", &body).await;
    let trace = fleet.trace(&answer["trace_id"], &REPORTED).await;
    let run = only(&trace, "operation.run");
    assert_eq!(
        (run.status(), text(run, "operation.status")),
        (Status::Error, "FAILED")
    );
    let failed = trace
        .spans()
        .iter()
        .filter(|span| span.status() == Status::Error);
    assert_eq!(failed.count(), 1, "the report of a failure does not fail");
}

#[tokio::test]
async fn a_cancelled_run_has_its_status() {
    let fleet = Fleet::start(&[]).await;
    let _worker = fleet.worker("backtest", &[]).await;
    let (_, answer) = fleet
        .post("/api/v1/backtests/start", &backtest(ENDLESS))
        .await;
    let id = answer["operation_id"].as_str().unwrap();
    fleet.until(id, "RUNNING").await;
    fleet.cancel(id).await;
    let trace = fleet.trace(&answer["trace_id"], &["operation.run"]).await;
    let run = only(&trace, "operation.run");
    assert_eq!(
        (run.status(), text(run, "operation.status")),
        (Status::Unset, "CANCELLED")
    );
}

#[tokio::test]
async fn a_second_attempt_is_in_the_same_trace() {
    let fleet = Fleet::start(&IMPATIENT).await;
    let killed = fleet.worker("backtest", &[]).await;
    let (_, answer) = fleet.post("/api/v1/backtests/start", &backtest(400)).await;
    fleet
        .until_midway(answer["operation_id"].as_str().unwrap(), 1)
        .await;
    killed.signal(Signal::SIGKILL);
    killed.ended().await;
    let _next = fleet.worker("backtest", &[]).await;
    let trace = fleet.trace(&answer["trace_id"], &REPORTED).await;
    let dispatches = trace
        .spans()
        .iter()
        .filter(|span| span.name() == "operation.dispatch");
    assert_eq!(dispatches.count(), 2);
    let requeue = only(&trace, "operation.requeue");
    assert_eq!(parent(&trace, requeue).name(), "operation.register");
    let run = only(&trace, "operation.run");
    assert_eq!(
        run.attribute("operation.attempt"),
        Some(Value::Int(2)),
        "the first attempt ended with its worker"
    );
}

#[tokio::test]
async fn heartbeats_are_in_no_trace() {
    let fleet = Fleet::start(&["--heartbeat=50ms", "--missed-heartbeats=100"]).await;
    let worker = fleet.worker("backtest", &[]).await;
    fleet.until_heartbeats(10.0).await;
    let id = fleet.backtest(100).await;
    fleet.until(&id, "COMPLETED").await;
    worker.terminate().await;
    fleet.backend.terminate().await;
    let traces = fleet.store.traces();
    let spans: Vec<_> = traces.iter().flat_map(|trace| trace.spans()).collect();
    assert!(spans.iter().any(|span| span.name() == "operation.run"));
    let names: Vec<_> = spans.iter().map(|span| span.name()).collect();
    assert!(
        !names.iter().any(|name| name.contains("/workers/")),
        "{names:?}"
    );
}
