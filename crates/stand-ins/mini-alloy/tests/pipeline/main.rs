//! The lines that mini-alloy accepts, the requests that it sends, and its behaviour when the sink
//! fails.

mod delivery;
mod sink;

use std::time::Duration;

use mini_alloy::{Pipeline, Route, Settings};
use serde_json::json;
use url::Url;

use crate::sink::Sink;

/// Longer than anything takes here, so that a flush is never cut short.
const BOUND: Duration = Duration::from_secs(20);

/// The stack's settings with shorter delays.
fn settings(logs_endpoint: Url) -> Settings {
    Settings {
        batch_delay: Duration::from_millis(20),
        min_pause: Duration::from_millis(5),
        max_pause: Duration::from_millis(20),
        ..Settings::new(logs_endpoint)
    }
}

fn usage_line(number: usize) -> Vec<u8> {
    let line =
        json!({ "timestamp": "2026-11-21T05:06:07.123456789Z", "usage": true, "event_id": number });
    line.to_string().into_bytes()
}

#[tokio::test]
async fn only_a_true_top_level_usage_makes_a_usage_line() {
    let sink = Sink::start().await;
    let pipeline = Pipeline::start(settings(sink.url()));
    let handle = pipeline.handle();
    let usage = [
        r#"{"usage":true}"#,
        r#"{"usage": "true", "message": "m"}"#,
        "{\"level\":\"INFO\",\"usage\":true}\r\n",
    ];
    let operational = [
        r#"{"usage":false}"#,
        r#"{"usage":"True"}"#,
        r#"{"usage":1}"#,
        r#"{"usage":null}"#,
        r#"{"usage":["true"]}"#,
        r#"{"fields":{"usage":true}}"#,
        r#"{"message":"\"usage\":true"}"#,
        r#"[true, {"usage":true}]"#,
        r#"{"usage":true"#,
        r#"{"usage":true} {"usage":true}"#,
        "usage=true",
        "",
    ];
    for line in usage {
        assert_eq!(handle.line(line.as_bytes()).await, Route::Usage, "{line}");
    }
    for line in operational {
        let route = handle.line(line.as_bytes()).await;
        assert_eq!(route, Route::Operational, "{line}");
    }
    let not_utf8 = handle.line(b"{\"usage\":true,\"name\":\"\xff\"}").await;
    assert_eq!(not_utf8, Route::Operational);

    assert_eq!(pipeline.stop(BOUND).await.sent, 3);
    let sent: Vec<_> = usage.iter().map(|line| line.trim_end()).collect();
    assert_eq!(sink.lines(), sent);
}

#[tokio::test]
async fn a_line_is_sent_as_alloy_sends_it() {
    let sink = Sink::start().await;
    let pipeline = Pipeline::start(settings(sink.url()));
    let line = String::from_utf8(usage_line(1)).expect("JSON");
    pipeline.handle().line(line.as_bytes()).await;
    pipeline.stop(BOUND).await;

    let [request] = &sink.requests()[..] else {
        panic!("{:?}", sink.requests());
    };
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["content-encoding"], "gzip");
    let record = json!({
        "timeUnixNano": "1795237567123456789",
        "body": { "stringValue": line },
    });
    let chain = json!({ "resource": {}, "scopeLogs": [{ "scope": {}, "logRecords": [record] }] });
    assert_eq!(request.body, json!({ "resourceLogs": [chain] }));
}

#[tokio::test]
async fn a_line_without_a_timestamp_gets_the_time_of_reading() {
    let sink = Sink::start().await;
    let pipeline = Pipeline::start(settings(sink.url()));
    let handle = pipeline.handle();
    handle.line(br#"{"usage":true}"#).await;
    handle.line(br#"{"usage":true,"timestamp":"noon"}"#).await;
    pipeline.stop(BOUND).await;
    for record in sink.records() {
        let time = record["timeUnixNano"].as_str().expect("a string");
        let time: u64 = time.parse().expect("nanoseconds");
        let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
        let age = now - Duration::from_nanos(time);
        assert!(age < BOUND, "{record} is {age:?} old");
    }
    assert_eq!(sink.records().len(), 2);
}
