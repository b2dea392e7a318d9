//! Deliveries that are rejected, and a service that cannot start.

use serde_json::Value;
use testkit::Process;
use tokio::process::Command;

use crate::support::{deliver, event_id, gzip, line, lines, post, request, start_at};

/// Nothing listens on this port.
pub(crate) const NOWHERE: &str = "postgres://usage_sink@127.0.0.1:1/usage";

const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: (&str, &str) = ("content-encoding", "gzip");

async fn assert_refused(
    sink: &Process,
    headers: &[(&str, &str)],
    body: Vec<u8>,
    (status, detail): (u16, &str),
) {
    let answer = post(sink, headers, body).await;
    assert_eq!(answer.status(), status, "{detail}");
    let problem: Value = answer.json().await.expect("JSON");
    let told = problem["detail"].as_str().unwrap_or_default();
    assert!(told.contains(detail), "{detail:?} is not in {told}");
}

#[tokio::test]
async fn every_rejection_names_the_allowed_values() {
    let sink = start_at(NOWHERE, &[]).await;
    let body = lines(&[line("roll", 1)]).to_string().into_bytes();
    let only_json = (415, "use application/json");
    assert_refused(&sink, &[], body.clone(), only_json).await;
    for media_type in [
        "application/x-protobuf",
        "text/plain",
        "application/jsonx",
        "",
    ] {
        assert_refused(
            &sink,
            &[("content-type", media_type)],
            body.clone(),
            only_json,
        )
        .await;
    }
    for encoding in ["br", "zstd", "gzip, gzip", "deflate"] {
        let headers = [JSON, ("content-encoding", encoding)];
        let only_gzip = (415, "use gzip or identity");
        assert_refused(&sink, &headers, body.clone(), only_gzip).await;
        // The header may consist of several lines.
        let headers = [&[JSON, ("content-encoding", "identity")], &headers[1..]].concat();
        assert_refused(&sink, &headers, body.clone(), only_gzip).await;
    }
    assert_refused(&sink, &[JSON, JSON], body.clone(), only_json).await;
    let not_gzip = (400, "the body is not valid gzip");
    assert_refused(&sink, &[JSON, GZIP], body.clone(), not_gzip).await;
    assert_refused(&sink, &[JSON, GZIP], Vec::new(), not_gzip).await;
    let cut = gzip(&body)[..40].to_vec();
    assert_refused(&sink, &[JSON, GZIP], cut.clone(), not_gzip).await;
    let listed = ("content-encoding", "identity, GZIP");
    assert_refused(&sink, &[JSON, listed], cut, not_gzip).await;
    for (malformed, place) in [
        ("", "line 1 column 0"),
        ("{\n  \"resourceLogs\": [}", "line 2 column 20"),
        ("[]", "an object with resourceLogs"),
        ("{\"resourceLogs\": {}}", "line 1 column 17"),
        ("{\"resourceLogs\": [5]}", "an object with scopeLogs"),
        ("{\"resourceLogs\": []} x", "line 1 column 22"),
    ] {
        let body = gzip(malformed.as_bytes());
        assert_refused(&sink, &[JSON, GZIP], body, (400, place)).await;
    }
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    assert_refused(&sink, &[JSON], deep.into_bytes(), (400, "line 1")).await;
    // The error has the position, not a megabyte of the body.
    let long = format!("{{\"resourceLogs\":\"{}\"}}", "x".repeat(1 << 20));
    let place = (400, "invalid type at line 1 column 1048594");
    assert_refused(&sink, &[JSON], long.into_bytes(), place).await;

    let large = vec![b' '; (2 << 20) + 1];
    assert_refused(&sink, &[JSON], large, (413, "2097152 bytes")).await;
    for size in [(2 << 20) + 1, (8 << 20) + 1] {
        let bomb = gzip(&vec![b' '; size]);
        assert!(bomb.len() < 100_000, "{} bytes", bomb.len());
        let too_large = (413, "decompressed body is larger than the 2097152 bytes");
        assert_refused(&sink, &[JSON, GZIP], bomb, too_large).await;
    }
    let many = format!(
        "{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{}}{}]}}]}}]}}",
        ",{}".repeat(10_000)
    );
    assert_refused(
        &sink,
        &[JSON],
        many.into_bytes(),
        (413, "10000 log records"),
    )
    .await;

    let metrics = sink.metrics().await;
    assert_eq!(metrics.sum("usage_events_total", &[]), 0.0);
    let handler = "handler=\"/v1/logs\"";
    for (status, count) in [("400", 12.0), ("413", 4.0), ("415", 14.0)] {
        let status = format!("status=\"{status}\"");
        let refused = metrics.value("http_requests_total", &[handler, &status]);
        assert_eq!(refused, count, "{status}");
    }
    let (_, lines) = sink.terminate().await;
    let refused = |line: &&Value| line["message"] == "Delivery rejected: its events are lost";
    assert_eq!(
        lines.iter().filter(refused).count(),
        30,
        "a line for each rejection"
    );
}

#[tokio::test]
async fn without_a_database_a_delivery_is_answered_503() {
    let sink = start_at(NOWHERE, &[]).await;
    let body = lines(&[line("roll", 1)]).to_string().into_bytes();
    let answer = post(&sink, &[JSON], body).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    let unavailable = "the database for the events does not answer; try again later";
    let problem: Value = answer.json().await.expect("JSON");
    assert_eq!(problem["detail"], unavailable);
    // This delivery contains no events, so it needs no database.
    let (status, answer) = deliver(&sink, &request([event_id(1)])).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(testkit::get(&sink.url("/healthz")).await.0, 200);
}

#[tokio::test]
async fn without_a_database_url_it_does_not_start() {
    for url in [None, Some("")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usage-sink"));
        command.args(["--listen=127.0.0.1:0", "--otel-disabled"]);
        command.env_remove("DATABASE_URL");
        if let Some(url) = url {
            command.env("DATABASE_URL", url);
        }
        let output = command.output().await.expect("it starts");
        assert_eq!(output.status.code(), Some(1), "{url:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("--database-url or DATABASE_URL"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
