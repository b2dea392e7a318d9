//! Requests that the OTLP receiver accepts and rejects.

use mini_tempo::MAX_BODY_BYTES;
use reqwest::StatusCode;

use crate::server::Server;
use crate::spans::{batch, roll, span};

const PROTOBUF: &str = "application/x-protobuf";

/// Sends a POST; returns the answer's status and text.
async fn post(server: &Server, content_type: &str, body: Vec<u8>) -> (StatusCode, String) {
    let response = server.post(content_type, body).await;
    (response.status(), response.text().await.expect("a body"))
}

#[tokio::test]
async fn spans_are_counted_in_total_and_by_service() {
    let server = Server::start(100).await;
    let response = server.export(roll(1)).await;
    assert_eq!(response.partial_success, None);
    let counters = server.store.counters();
    assert_eq!((counters.spans_received, counters.spans_stored), (5, 5));
    assert_eq!((counters.traces_stored, counters.traces_evicted), (1, 0));
    let services: Vec<_> = counters.received_by_service.into_iter().collect();
    let expected = [("dice-roller", 2), ("die-service", 1), ("frontend", 2)];
    assert_eq!(
        services,
        expected.map(|(name, count)| (name.to_owned(), count))
    );
}

#[tokio::test]
async fn a_span_that_is_sent_again_is_stored_once() {
    let server = Server::start(100).await;
    server.export(roll(1)).await;
    server.export(roll(1)).await;
    let counters = server.store.counters();
    assert_eq!(counters.spans_received, 10);
    assert_eq!(counters.spans_duplicate, 5);
    let twice = server
        .metric("mini_tempo_spans_received_twice_total", &[])
        .await;
    assert_eq!(twice, 5);
    assert_eq!(counters.spans_stored, 5);
    let trace = server
        .store
        .trace("1".parse().expect("an id"))
        .expect("stored");
    assert_eq!(trace.spans().len(), 5);
    let ids: Vec<_> = trace
        .spans()
        .iter()
        .map(|span| span.id().to_string())
        .collect();
    assert_eq!(
        ids,
        (1..=5).map(|id| format!("{id:016x}")).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_same_span_id_in_two_traces_is_two_spans() {
    let server = Server::start(100).await;
    let spans = vec![span(1, 7, 0, "a"), span(2, 7, 0, "b")];
    server.export(vec![batch("frontend", spans)]).await;
    assert_eq!(server.store.counters().spans_stored, 2);
}

#[tokio::test]
async fn invalid_ids_are_reported_and_the_rest_is_kept() {
    let server = Server::start(100).await;
    let mut short = span(1, 2, 0, "short trace id");
    short.trace_id.pop();
    let mut none = span(1, 3, 0, "no span id");
    none.span_id.clear();
    let zero = span(0, 4, 0, "trace id of zeros");
    let spans = vec![span(1, 1, 0, "valid"), short, none, zero];
    let response = server.export(vec![batch("frontend", spans)]).await;
    let partial = response.partial_success.expect("some were rejected");
    assert_eq!(partial.rejected_spans, 3);
    assert!(partial.error_message.contains("16 bytes"));
    let counters = server.store.counters();
    assert_eq!((counters.spans_received, counters.spans_rejected), (4, 3));
    assert_eq!(counters.spans_stored, 1);
}

#[tokio::test]
async fn an_empty_request_is_fine() {
    let server = Server::start(100).await;
    server.export(Vec::new()).await;
    assert_eq!(server.store.counters().spans_received, 0);
}

#[tokio::test]
async fn the_media_type_may_have_parameters_and_any_case() {
    let server = Server::start(100).await;
    let (status, _) = post(&server, "Application/X-Protobuf; charset=utf-8", Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_is_not_otlp_is_400_and_changes_nothing() {
    let server = Server::start(100).await;
    let (status, body) = post(&server, PROTOBUF, b"not protobuf".to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("ExportTraceServiceRequest"), "{body}");
    let mut expected = mini_tempo::Counters::default();
    expected.requests_refused.insert(400, 1);
    assert_eq!(server.store.counters(), expected);
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_413() {
    let server = Server::start(100).await;
    // Field 15 of ExportTraceServiceRequest does not exist: the body is valid, so only its size
    // matters.
    let unknown_field = |size: usize| {
        let payload = size - 5;
        let mut body = vec![0x7a];
        body.extend(
            (0..4).map(|i| (payload >> (7 * i)) as u8 & 0x7f | if i < 3 { 0x80 } else { 0 }),
        );
        body.resize(size, 0);
        body
    };
    let (status, _) = post(&server, PROTOBUF, unknown_field(MAX_BODY_BYTES)).await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = post(&server, PROTOBUF, unknown_field(MAX_BODY_BYTES + 1)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body.contains("8388608"), "{body}");
}

#[tokio::test]
async fn other_methods_are_405_and_other_paths_404() {
    let server = Server::start(100).await;
    let answer = server
        .client
        .get(&server.otlp)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "POST");
    let path = server.otlp.replace("traces", "logs");
    let answer = server.client.post(path).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
