//! What a collector says about spans, and what becomes of it.

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
    // More than there are in the export, none, and none with a warning.
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
        }
    }
}

#[tokio::test]
async fn exports_that_are_sent_again_are_counted() {
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
async fn an_export_that_is_sent_elsewhere_is_not_exported() {
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

#[tokio::test]
async fn lines_that_cannot_be_written_are_counted_and_said_once() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let listen = format!("--listen={address}");
    let mut child = tokio::process::Command::new(crate::support::PROGRAM)
        .args(["service", "die-service", &listen, "--otel-disabled"])
        .stdout(full)
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let url = format!("http://{address}");
    eventually("it to serve", || async {
        testkit::fetch(format!("{url}/healthz")).await.ok()
    })
    .await;
    for _ in 0..3 {
        get(&format!("{url}/dice")).await;
    }
    // "Listening" and one line for each request.
    eventually("four lost lines", || async {
        let metrics = testkit::Metrics::scrape(&format!("{url}/metrics")).await;
        let reason = ["reason=\"write_failed\""];
        let lost = metrics.value("telemetry_log_lines_dropped_total", &reason);
        (lost == 4.0).then_some(())
    })
    .await;
    child.kill().await.expect("our own child");
    let output = child.wait_with_output().await.expect("it ended");
    let told = String::from_utf8_lossy(&output.stderr);
    let said = told.matches("standard output cannot be written").count();
    assert_eq!(said, 1, "{told}");
}
