//! Reading one trace as protobuf, like Grafana and `signals`. Expected values follow `tempo.proto`
//! of Tempo 3.0.3.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use signals::Reader;
use signals::tempo::{Kind, Span, Tempo};

use crate::server::Server;
use crate::spans::roll;

const PROTOBUF: &str = "application/protobuf";

/// `tempopb.TraceByIDResponse`. The metrics are decoded as a trace, because all empty messages are
/// equal.
#[derive(Clone, PartialEq, Message)]
struct TraceByIdResponse {
    #[prost(message, optional, tag = "1")]
    trace: Option<TracesData>,
    #[prost(message, optional, tag = "2")]
    metrics: Option<TracesData>,
    #[prost(int32, tag = "3")]
    status: i32,
    #[prost(string, tag = "4")]
    message: String,
}

/// Status, content type and body of the answer to a client that accepts `accept`.
async fn get(server: &Server, path: &str, accept: &str) -> (StatusCode, String, Vec<u8>) {
    let request = server.client.get(server.url(path)).header(ACCEPT, accept);
    let answer = request.send().await.expect("an answer");
    let content_type = answer.headers().get(CONTENT_TYPE);
    let content_type = content_type.map_or("", |value| value.to_str().expect("ASCII"));
    let (status, content_type) = (answer.status(), content_type.to_owned());
    (
        status,
        content_type,
        answer.bytes().await.expect("a body").to_vec(),
    )
}

#[tokio::test]
async fn a_trace_comes_back_byte_for_byte_as_it_was_sent() {
    let server = Server::start(100).await;
    let sent = roll(0xabc);
    server.export(sent.clone()).await;
    let expected = ExportTraceServiceRequest {
        resource_spans: sent.clone(),
    };
    let v1 = get(&server, "/api/traces/abc", PROTOBUF).await;
    let same = (
        StatusCode::OK,
        PROTOBUF.to_owned(),
        expected.encode_to_vec(),
    );
    assert_eq!(v1, same, "a Trace has the wire format of an export");

    let (status, content_type, body) = get(&server, "/api/v2/traces/abc", PROTOBUF).await;
    assert_eq!((status, content_type.as_str()), (StatusCode::OK, PROTOBUF));
    let expected = TraceByIdResponse {
        trace: Some(TracesData {
            resource_spans: sent,
        }),
        metrics: Some(TracesData::default()),
        ..TraceByIdResponse::default()
    };
    assert_eq!(body, expected.encode_to_vec());
}

#[tokio::test]
async fn an_unknown_trace_is_404_in_v1_and_an_empty_trace_in_v2() {
    let server = Server::start(100).await;
    let v1 = get(&server, "/api/traces/abc", PROTOBUF).await;
    assert_eq!(v1, (StatusCode::NOT_FOUND, String::new(), Vec::new()));
    let v2 = get(&server, "/api/v2/traces/abc", PROTOBUF).await;
    let empty = vec![0x0a, 0, 0x12, 0];
    assert_eq!(v2, (StatusCode::OK, PROTOBUF.to_owned(), empty));
}

/// Tempo looks for the name anywhere in the header, whatever its weight.
#[tokio::test]
async fn only_a_client_that_accepts_protobuf_gets_it() {
    let server = Server::start(100).await;
    server.export(roll(0xabc)).await;
    for (accept, expected) in [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/json", "application/json"),
        ("application/x-protobuf", "application/json"),
        ("application/json, application/protobuf;q=0.1", PROTOBUF),
    ] {
        for path in ["/api/traces/abc", "/api/v2/traces/abc"] {
            let (_, content_type, _) = get(&server, path, accept).await;
            assert_eq!(content_type, expected, "{path}, {accept:?}");
        }
    }
    let (status, content_type, body) = get(&server, "/api/traces/xyz", PROTOBUF).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body:?}");
    assert_eq!(content_type, "text/plain; charset=utf-8");
}

/// The reader that all of the project's programs use.
#[tokio::test]
async fn signals_reads_it() {
    let server = Server::start(100).await;
    server.export(roll(0xabc)).await;
    let base = server.url("").parse().expect("a URL");
    let tempo = Tempo::new(Reader::new(base, Duration::from_secs(60)));
    let trace = tempo.trace("abc").await.expect("an answer");
    let trace = trace.expect("a trace");
    let summary = |span: &Span| {
        let parent = span.parent.as_deref().map(|id| id.trim_start_matches('0'));
        let id = span.id.trim_start_matches('0').to_owned();
        (id, parent.map(str::to_owned), span.kind, span.error)
    };
    let spans: Vec<_> = trace.spans.iter().map(summary).collect();
    let span = |id: &str, parent: Option<&str>, kind, error| {
        (id.to_owned(), parent.map(str::to_owned), kind, error)
    };
    let expected = [
        span("1", None, Kind::Server, false),
        span("2", Some("1"), Kind::Client, false),
        span("3", Some("2"), Kind::Server, true),
        span("4", Some("3"), Kind::Internal, false),
        span("5", Some("3"), Kind::Internal, false),
    ];
    assert_eq!(spans, expected);
    assert_eq!(&*trace.spans[4].service, "die-service");
    let unknown = tempo.trace("abcd").await.expect("an answer");
    assert_eq!(unknown, None, "an empty trace counts as none");
}
