//! The answers of a collector, and how they are handled.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use testkit::{Process, eventually, get};
use tokio::net::TcpListener;

use crate::support::service;

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

/// die-service that exports to `app` one span at a time, after it has answered `requests`.
async fn exporting(app: Router, user: &str, requests: usize) -> Process {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let otlp = format!("http://{user}{}", listener.local_addr().expect("bound"));
    tokio::spawn(axum::serve(listener, app).into_future());
    let process = service("die-service", &otlp, &["--span-batch-size=1"]).await;
    for _ in 0..requests {
        assert_eq!(get(&process.url("/dice")).await.0, 200);
    }
    process
}

async fn spans(process: &Process, outcome: &str) -> f64 {
    let outcome = format!("outcome=\"{outcome}\"");
    process
        .metrics()
        .await
        .value("telemetry_spans_total", &[&outcome])
}

#[tokio::test]
async fn spans_that_the_collector_rejects_are_not_exported() {
    // More than the export contains, none, and none with a warning.
    for (rejected, message, lost, warnings) in [
        (7, "no", 3.0, 1),
        (1, "no", 3.0, 1),
        (0, "", 0.0, 0),
        (0, "soon", 0.0, 1),
    ] {
        let body = partial(rejected, message);
        let app = Router::new().route("/v1/traces", post(move || async move { body }));
        let process = exporting(app, "", 3).await;
        eventually("three spans to be settled", || async {
            let settled = spans(&process, "rejected").await + spans(&process, "exported").await;
            (settled >= 3.0).then_some(())
        })
        .await;
        assert_eq!(spans(&process, "rejected").await, lost);
        assert_eq!(spans(&process, "exported").await, 3.0 - lost);
        assert_eq!(spans(&process, "failed").await, 0.0);
        let (_, lines) = process.terminate().await;
        let warned = lines.iter().filter(|line| line["level"] == "WARN");
        let warned: Vec<_> = warned.collect();
        assert_eq!(warned.len(), warnings, "{warned:?}");
        if let Some(line) = warned.first() {
            assert_eq!(line["message_of_collector"], message);
            let told = match rejected {
                0 => "The collector took all spans, with a warning",
                _ => "The collector does not take all spans, see telemetry_spans_total",
            };
            assert_eq!(line["message"], told);
        }
    }
}

/// die-service after one export with that answer, and its counters: exported, rejected, failed.
async fn answered(content_type: &'static str, body: &'static str) -> (Process, [f64; 3]) {
    let answer = move || async move { ([("content-type", content_type)], body) };
    let process = exporting(Router::new().route("/v1/traces", post(answer)), "", 1).await;
    let outcomes = async || {
        let metrics = process.metrics().await;
        ["exported", "rejected", "failed"].map(|outcome| {
            let outcome = format!("outcome=\"{outcome}\"");
            metrics.value("telemetry_spans_total", &[&outcome])
        })
    };
    let outcomes = eventually("the span to be settled", || async {
        let outcomes = outcomes().await;
        (outcomes.iter().sum::<f64>() >= 1.0).then_some(outcomes)
    })
    .await;
    (process, outcomes)
}

#[tokio::test]
async fn an_answer_that_is_not_otlp_is_a_failure() {
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
        let (process, outcomes) = answered(content_type, body).await;
        assert_eq!(outcomes, [0.0, 0.0, 1.0], "{content_type} {body}");
        let (_, lines) = process.terminate().await;
        let warned: Vec<_> = lines
            .iter()
            .filter(|line| line["level"] == "WARN")
            .collect();
        let [line] = warned[..] else {
            panic!("{content_type} {body}: {warned:?}")
        };
        let error = line["error"].as_str().expect("text");
        let words = [content_type, "the port of a collector"];
        assert!(words.iter().all(|words| error.contains(words)), "{error}");
    }
}

#[tokio::test]
async fn an_answer_may_be_empty_or_json() {
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
        let (_process, outcomes) = answered(content_type, body).await;
        assert_eq!(
            outcomes,
            [1.0 - rejected, rejected, 0.0],
            "{content_type} {body}"
        );
    }
}

#[tokio::test]
async fn retried_exports_are_counted() {
    let tries = Arc::new(Mutex::new(0));
    let answer = move || async move {
        let mut tries = tries.lock().expect("no panic");
        *tries += 1;
        if *tries == 1 {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        }
    };
    let process = exporting(Router::new().route("/v1/traces", post(answer)), "", 0).await;
    let retries = async || {
        let metrics = process.metrics().await;
        metrics.value("telemetry_export_retries_total", &[])
    };
    assert_eq!(retries().await, 0.0);
    assert_eq!(get(&process.url("/dice")).await.0, 200);
    eventually("the span to be exported", || async {
        (spans(&process, "exported").await >= 1.0).then_some(())
    })
    .await;
    assert_eq!(retries().await, 1.0);
}

#[tokio::test]
async fn a_redirected_export_is_not_followed() {
    let login = axum::routing::get(|| async { "<html>" });
    let elsewhere = post(|| async { (StatusCode::FOUND, [("location", "/login")]) });
    let app = Router::new()
        .route("/v1/traces", elsewhere)
        .route("/login", login);
    let process = exporting(app, "", 1).await;
    eventually("the span to be lost", || async {
        (spans(&process, "failed").await >= 1.0).then_some(())
    })
    .await;
    assert_eq!(spans(&process, "exported").await, 0.0);
}

#[tokio::test]
async fn credentials_of_the_endpoint_are_sent_and_never_shown() {
    let seen = Arc::new(Mutex::new(None));
    let remember = Arc::clone(&seen);
    let answer = move |headers: HeaderMap| async move {
        *remember.lock().expect("no panic") = headers.get("authorization").cloned();
        StatusCode::BAD_REQUEST
    };
    let app = Router::new().route("/v1/traces", post(answer));
    let process = exporting(app, "user:se%63ret@", 1).await;
    eventually("the export to fail", || async {
        (spans(&process, "failed").await >= 1.0).then_some(())
    })
    .await;
    let sent = seen.lock().expect("no panic").take().expect("a header");
    // user:secret
    assert_eq!(sent, "Basic dXNlcjpzZWNyZXQ=");
    let (_, lines) = process.terminate().await;
    let told = serde_json::to_string(&lines).expect("JSON");
    assert!(told.contains("do not reach the collector"), "{told}");
    assert!(
        !told.contains("se%63ret") && !told.contains("secret"),
        "{told}"
    );
}
