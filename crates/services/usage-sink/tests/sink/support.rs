//! usage-sink with a database, and deliveries for it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use local_postgres::LocalPostgres;
use reqwest::Response;
use serde_json::{Value, json};
use testkit::Process;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Starts usage-sink on `postgres`, which need not be running.
pub(crate) async fn start(postgres: &LocalPostgres, flags: &[&str]) -> Process {
    start_at(&postgres.url("postgres", "postgres"), flags).await
}

/// Starts usage-sink on the database at this URL.
pub(crate) async fn start_at(database: &str, flags: &[&str]) -> Process {
    let listen = format!("--listen={}", testkit::free_address());
    let mut own = vec!["--database-url", database];
    let given = |name: &str| flags.iter().any(|flag| flag.starts_with(name));
    if !given("--listen") {
        own.push(&listen);
    }
    if !given("--otlp-endpoint") {
        own.push("--otel-disabled");
    }
    Process::start(env!("CARGO_BIN_EXE_usage-sink"), &[&own, flags].concat()).await
}

/// Like [`start`], and waits until the table exists.
pub(crate) async fn start_ready(postgres: &LocalPostgres, flags: &[&str]) -> Process {
    let sink = start(postgres, flags).await;
    ready(&sink).await;
    sink
}

/// Waits until the table exists.
pub(crate) async fn ready(sink: &Process) {
    sink.line_with("The database is ready").await;
}

/// The id of the event with this number.
pub(crate) fn event_id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

/// A day on which an event can have happened, as in `2026-11-21`.
pub(crate) fn yesterday() -> Date {
    (OffsetDateTime::now_utc() - time::Duration::DAY).date()
}

/// A complete usage line of the frontend.
pub(crate) fn line(event_type: &str, number: u128) -> Value {
    json!({
        "timestamp": format!("{}T05:06:07.123456789Z", yesterday()),
        "level": "INFO",
        "message": "Usage event",
        "usage": true,
        "event_type": event_type,
        "event_id": event_id(number),
        "session_id": event_id(4_000_000),
        "username": "Ada",
        "die_type": "fair",
        "async_batch_size": 5,
        "logger": "frontend",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "b7ad6b7169203331",
    })
}

/// A request with each body in its own chain, as Alloy sends it.
pub(crate) fn request(bodies: impl IntoIterator<Item = String>) -> Value {
    let chain = |body| {
        let label = json!({ "key": "service_name", "value": { "stringValue": "frontend" } });
        let record = json!({
            "timeUnixNano": "1",
            "body": { "stringValue": body },
            "attributes": [label],
        });
        json!({ "resource": {}, "scopeLogs": [{ "scope": {}, "logRecords": [record] }] })
    };
    let chains: Vec<_> = bodies.into_iter().map(chain).collect();
    json!({ "resourceLogs": chains })
}

/// A request with these lines.
pub(crate) fn lines(lines: &[Value]) -> Value {
    request(lines.iter().map(Value::to_string))
}

/// Compresses the bytes with gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Posts `body` with these headers.
pub(crate) async fn post(sink: &Process, headers: &[(&str, &str)], body: Vec<u8>) -> Response {
    let mut post = testkit::client().post(sink.url("/v1/logs")).body(body);
    for (name, value) in headers {
        post = post.header(*name, *value);
    }
    post.send().await.expect("an answer")
}

/// Posts `request` as Alloy does; returns the status and the answer.
pub(crate) async fn deliver(sink: &Process, request: &Value) -> (u16, Value) {
    let headers = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    let answer = post(sink, &headers, gzip(request.to_string().as_bytes())).await;
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

/// Checks that none of usage-sink's own lines is a usage line, which would come back to it.
pub(crate) fn assert_no_usage(lines: &[Value]) {
    let usage = lines.iter().filter(|line| line.get("usage").is_some());
    assert_eq!(usage.collect::<Vec<_>>(), [&Value::Null; 0]);
}

/// The result of `sql`.
pub(crate) async fn select(postgres: &LocalPostgres, sql: &str) -> String {
    postgres.execute("postgres", sql).await.expect("an answer")
}

/// The number of stored events.
pub(crate) async fn count(postgres: &LocalPostgres) -> String {
    select(postgres, "SELECT count(*) FROM usage_events").await
}

/// The value of `usage_events_total`.
pub(crate) async fn events(sink: &Process, event_type: &str, outcome: &str) -> f64 {
    let event_type = format!("event_type=\"{event_type}\"");
    let outcome = format!("outcome=\"{outcome}\"");
    let metrics = sink.metrics().await;
    metrics.value("usage_events_total", &[&event_type, &outcome])
}
