//! Deliveries that never end, and more of them than the limit.

use serde_json::Value;
use testkit::{DEADLINE, Process, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::refused::NOWHERE;
use crate::support::start_at;

/// Sends a delivery without its end.
async fn half(sink: &Process) -> TcpStream {
    let mut stream = TcpStream::connect(&sink.address).await.expect("connects");
    let text = "POST /v1/logs HTTP/1.1\r\nHost: sink\r\nContent-Type: application/json\r\n\
        Content-Length: 1000\r\n\r\n{\"resourceLogs\": [";
    stream.write_all(text.as_bytes()).await.expect("sends");
    stream
}

/// Reads the answer until the connection closes.
async fn answer(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let read = timeout(DEADLINE, stream.read_to_end(&mut text)).await;
    read.expect("an end").expect("an answer");
    String::from_utf8(text).expect("text")
}

/// Waits until this many deliveries are being handled.
async fn until_in_progress(sink: &Process, count: f64) {
    eventually("deliveries to be in progress", || async {
        let metrics = sink.metrics().await;
        let now = metrics.sum("http_requests_in_progress", &["handler=\"/v1/logs\""]);
        (now == count).then_some(())
    })
    .await;
}

fn detail(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["detail"].clone()
}

#[tokio::test]
async fn a_body_that_never_ends_times_out() {
    let sink = start_at(NOWHERE, &[]).await;
    let text = answer(half(&sink).await).await;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(detail(&text).to_string().contains("body"), "{text}");
    until_in_progress(&sink, 0.0).await;
    let late = ["handler=\"/v1/logs\"", "status=\"408\""];
    let counted = sink.metrics().await.sum("http_requests_total", &late);
    assert_eq!(counted, 1.0);
}

#[tokio::test]
async fn deliveries_beyond_the_limit_are_answered_503() {
    let sink = start_at(NOWHERE, &[]).await;
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(half(&sink).await);
    }
    until_in_progress(&sink, 4.0).await;
    let delivery = testkit::client().post(sink.url("/v1/logs"));
    let refused = delivery.send().await.expect("an answer");
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    let problem: Value = refused.json().await.expect("JSON");
    assert!(
        problem["detail"].to_string().contains("4 requests"),
        "{problem}"
    );
    let reason = ["reason=\"in_flight\""];
    let rejected = sink
        .metrics()
        .await
        .sum("http_requests_rejected_total", &reason);
    assert_eq!(rejected, 1.0);
}

#[tokio::test]
async fn an_incomplete_body_does_not_delay_the_shutdown() {
    let sink = start_at(NOWHERE, &[]).await;
    let waiting = half(&sink).await;
    until_in_progress(&sink, 1.0).await;
    let (status, lines) = sink.terminate().await;
    assert!(status.success(), "{status}");
    let cut = "Stopping: requests or background tasks were cut off";
    assert!(lines.iter().all(|line| line["message"] != cut), "{lines:?}");
    let text = answer(waiting).await;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
}
