//! The answers of a collector, and how they are handled.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, routing::post};
use tokio::runtime::Runtime;

use crate::collector::Collector;
use crate::support::{Pipeline, of_level, serve};

/// `ExportTraceServiceResponse { partial_success { rejected_spans, error_message } }`.
fn partial(rejected: u8, message: &str) -> Vec<u8> {
    let length = u8::try_from(message.len()).expect("short");
    let inner = [&[0x08, rejected, 0x12, length], message.as_bytes()].concat();
    [
        &[0x0a, u8::try_from(inner.len()).expect("short")],
        inner.as_slice(),
    ]
    .concat()
}

#[test]
fn spans_that_the_collector_rejects_are_not_exported() {
    // More than the export contains, none, and none with a warning.
    for (rejected, message, lost, warnings) in [
        (7, "no", 3.0, 1),
        (1, "no", 3.0, 1),
        (0, "", 0.0, 0),
        (0, "soon", 0.0, 1),
    ] {
        let collector = Collector::answering(move |_| partial(rejected, message));
        let pipeline = Pipeline::to(&collector.url, &[]);
        pipeline.make_spans(3);
        assert_eq!(pipeline.settled(3.0), [3.0 - lost, lost, 0.0, 0.0]);
        let lines = pipeline.end();
        let warned = of_level(&lines, "WARN");
        assert_eq!(warned.len(), warnings, "{warned:?}");
        if let Some(line) = warned.first() {
            assert_eq!(line["message_of_collector"], message);
            let told = match rejected {
                0 => "The collector accepted all spans with a warning",
                _ => "The collector rejected spans, see telemetry_spans_total",
            };
            assert_eq!(line["message"], told);
        }
    }
}

/// A pipeline after one export with that answer, and its outcomes.
fn answered(content_type: &'static str, body: &'static str) -> (Pipeline, [f64; 4]) {
    let collector = Collector::answering(move |_| ([("content-type", content_type)], body));
    let pipeline = Pipeline::to(&collector.url, &[]);
    pipeline.make_spans(1);
    let outcomes = pipeline.settled(1.0);
    (pipeline, outcomes)
}

#[test]
fn an_answer_that_is_not_otlp_is_a_failure() {
    for (content_type, body) in [
        (
            "text/html; charset=utf-8",
            "<html><body>Welcome</body></html>",
        ),
        ("text/html", ""),
        ("text/plain", "ok\n"),
        ("application/octet-stream", "ok\n"),
        ("application/x-protobuf", "<html>"),
        ("application/json", "{\"status\":\"ok\"}"),
        ("application/json", "[]"),
    ] {
        let (pipeline, outcomes) = answered(content_type, body);
        assert_eq!(outcomes, [0.0, 0.0, 1.0, 0.0], "{content_type} {body}");
        let lines = pipeline.end();
        let warned = of_level(&lines, "WARN");
        let [line] = warned[..] else {
            panic!("{content_type} {body}: {warned:?}")
        };
        let error = line["error"].as_str().expect("text");
        let words = [content_type, "the port of a collector"];
        assert!(words.iter().all(|words| error.contains(words)), "{error}");
    }
}

#[test]
fn an_answer_may_be_empty_or_json() {
    for (content_type, body, rejected) in [
        ("application/x-protobuf", "", 0.0),
        ("application/json", "{}", 0.0),
        (
            "application/json; charset=utf-8",
            "{\"partialSuccess\":{}}",
            0.0,
        ),
        (
            "application/json",
            "{\"partialSuccess\":{\"rejectedSpans\":\"1\"}}",
            1.0,
        ),
        (
            "application/json",
            "{\"partialSuccess\":{\"rejectedSpans\":1}}",
            1.0,
        ),
    ] {
        let (_pipeline, outcomes) = answered(content_type, body);
        let expected = [1.0 - rejected, rejected, 0.0, 0.0];
        assert_eq!(outcomes, expected, "{content_type} {body}");
    }
}

#[test]
fn retried_exports_are_counted() {
    let collector = Collector::answering(|export| match export {
        0 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    });
    let pipeline = Pipeline::to(&collector.url, &[]);
    let retries = || {
        let metrics = pipeline.metrics();
        metrics.value("telemetry_export_retries_total", &[])
    };
    assert_eq!(retries(), 0.0);
    pipeline.make_spans(1);
    assert_eq!(pipeline.settled(1.0), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(retries(), 1.0);
    assert_eq!(collector.exports().len(), 2);
}

#[test]
fn a_redirected_export_is_not_followed() {
    let runtime = Runtime::new().expect("threads");
    let elsewhere =
        post(|| async { (StatusCode::FOUND, [("location", "/login")]).into_response() });
    let app = Router::new()
        .route("/v1/traces", elsewhere)
        .route("/login", get(|| async { "<html>" }));
    let pipeline = Pipeline::to(&serve(&runtime, app), &[]);
    pipeline.make_spans(1);
    assert_eq!(pipeline.settled(1.0), [0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn credentials_of_the_endpoint_are_sent_and_never_shown() {
    let collector = Collector::answering(|_| StatusCode::BAD_REQUEST);
    let url = collector.url.replace("http://", "http://user:se%63ret@");
    let pipeline = Pipeline::to(&url, &[]);
    pipeline.make_spans(1);
    assert_eq!(pipeline.settled(1.0), [0.0, 0.0, 1.0, 0.0]);
    let exports = collector.exports();
    // user:secret
    assert_eq!(
        exports[0].headers["authorization"],
        "Basic dXNlcjpzZWNyZXQ="
    );
    let told = serde_json::to_string(&pipeline.end()).expect("JSON");
    assert!(told.contains("do not reach the collector"), "{told}");
    assert!(
        !told.contains("se%63ret") && !told.contains("secret"),
        "{told}"
    );
}
