//! `/api/trace/{id}` with a stand-in for Tempo that has a trace for each possible case.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AttributeValue;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as StatusOfSpan;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde_json::{Value, json};
use testkit::get as fetch;
use testkit::traces::{attribute, of_service, text, trace_by_id};
use tokio::time::sleep;

use crate::server::{alone, browse, header, stand_in, start};

/// Trace ids, named after the behaviour of the stand-in.
pub(crate) const COMPLETE: &str = "0000000000000000000000000000000a";
pub(crate) const MISSING: &str = "0000000000000000000000000000000b";
pub(crate) const BROKEN: &str = "0000000000000000000000000000000c";
pub(crate) const SLOW: &str = "0000000000000000000000000000000d";
const LATE: &str = "0000000000000000000000000000000e";
const HALF: &str = "0000000000000000000000000000000f";
const ODD: &str = "00000000000000000000000000000010";

/// A server span and the client span that it called, in Tempo's format.
pub(crate) fn trace(with_root: bool) -> Vec<u8> {
    let root = Span {
        trace_id: 10_u128.to_be_bytes().to_vec(),
        span_id: 1_u64.to_be_bytes().to_vec(),
        name: "GET /roll".to_owned(),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: 1_000_000_000,
        end_time_unix_nano: 1_500_000_000,
        ..Span::default()
    };
    let call = Span {
        span_id: 2_u64.to_be_bytes().to_vec(),
        parent_span_id: root.span_id.clone(),
        name: "GET".to_owned(),
        kind: SpanKind::Client.into(),
        start_time_unix_nano: 1_100_000_000,
        end_time_unix_nano: 1_400_000_000,
        attributes: vec![
            attribute("server.port", AttributeValue::IntValue(8107)),
            text("error.type", "unreachable"),
        ],
        status: Some(Status {
            code: StatusOfSpan::Error.into(),
            ..Status::default()
        }),
        ..root.clone()
    };
    let spans = if with_root {
        vec![call, root]
    } else {
        vec![call]
    };
    trace_by_id(vec![of_service("frontend", spans)])
}

async fn answer(asked: Arc<AtomicUsize>, id: String) -> Response {
    let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
    match id.as_str() {
        COMPLETE => trace(true).into_response(),
        LATE if first => trace_by_id(Vec::new()).into_response(),
        LATE => trace(true).into_response(),
        HALF => trace(false).into_response(),
        ODD => "<html>".into_response(),
        BROKEN => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        SLOW => {
            sleep(Duration::from_secs(3600)).await;
            StatusCode::OK.into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The URL of a frontend whose trace store is the stand-in.
pub(crate) async fn frontend() -> String {
    let asked = Arc::new(AtomicUsize::new(0));
    let tempo = Router::new().route(
        "/tempo/api/v2/traces/{id}",
        get(move |Path(id): Path<String>| answer(asked, id)),
    );
    let mut store = stand_in(tempo).await;
    store.set_path("/tempo/");
    start(frontend::Config {
        trace_query_url: Some(store),
        ..alone()
    })
    .await
}

#[tokio::test]
async fn a_trace_has_everything_that_the_page_draws() {
    let url = frontend().await;
    let (status, view) = fetch(&format!("{url}/api/trace/{COMPLETE}")).await;
    assert_eq!(status, 200);
    let expected = json!({
        "trace_id": COMPLETE, "complete": true, "duration_us": 500_000,
        "spans_total": 2, "truncated": false, "partial": null, "cycles": 0, "clock_skew": null,
        "services": ["frontend"], "batch": null,
        "longest": {
            "id": "0000000000000002", "service": "frontend", "name": "GET", "target": null,
            "critical_us": 300_000,
        },
        "failed": {
            "id": "0000000000000002", "service": "frontend", "name": "GET", "target": null,
        },
        "spans": [
            {
                "id": "0000000000000001", "parent": null, "depth": 0, "service": "frontend",
                "name": "GET /roll", "target": null, "kind": "server", "offset_us": 0, "duration_us": 500_000,
                "error": false, "critical_us": [[0, 100_000], [400_000, 100_000]],
                "attributes": {},
            },
            {
                "id": "0000000000000002", "parent": "0000000000000001", "depth": 1,
                "service": "frontend", "name": "GET", "target": null, "kind": "client",
                "offset_us": 100_000, "duration_us": 300_000, "error": true, "critical_us": [[100_000, 300_000]],
                "attributes": { "server.port": 8107, "error.type": "unreachable" },
            },
        ],
    });
    assert_eq!(view, expected);
}

#[tokio::test]
async fn the_answer_waits_until_the_trace_is_complete() {
    let url = frontend().await;
    let (status, view) = fetch(&format!("{url}/api/trace/{LATE}?wait=5")).await;
    assert_eq!((status, &view["complete"]), (200, &json!(true)));
    let (status, view) = fetch(&format!("{url}/api/trace/{HALF}?wait=0")).await;
    assert_eq!((status, &view["complete"]), (200, &json!(false)));
}

#[tokio::test]
async fn a_browser_that_follows_the_link_gets_readable_json() {
    let url = format!("{}/api/trace/{COMPLETE}", frontend().await);
    let answer = browse(&url).await;
    assert_eq!(header(&answer, "content-type"), "application/json");
    assert_eq!(header(&answer, "vary"), "accept");
    let text = answer.text().await.expect("text");
    assert!(text.contains("\n  \"complete\": true,\n"), "{text}");
    let script = testkit::fetch(&url).await.expect("an answer");
    assert_eq!(header(&script, "vary"), "accept");
    let line = script.text().await.expect("text");
    assert_eq!(line.lines().count(), 1, "{line}");
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(read(&line), read(&text));
}

#[tokio::test]
async fn leading_zeros_of_an_id_may_be_omitted() {
    let url = frontend().await;
    for id in ["a", "A", "0a"] {
        let (status, view) = fetch(&format!("{url}/api/trace/{id}")).await;
        assert_eq!((status, &view["trace_id"]), (200, &json!(COMPLETE)), "{id}");
    }
}

#[tokio::test]
async fn errors_say_why_there_is_no_trace() {
    let url = frontend().await;
    let off = start(alone()).await;
    let away = start(frontend::Config {
        trace_query_url: Some("http://127.0.0.1:1".parse().expect("a URL")),
        ..alone()
    })
    .await;
    for (url, status, words) in [
        (format!("{url}/api/trace/{MISSING}"), 404, "not yet"),
        (format!("{url}/api/trace/{BROKEN}"), 503, "not available"),
        (format!("{url}/api/trace/{ODD}"), 503, "not available"),
        (format!("{url}/api/trace/{SLOW}"), 504, "in time"),
        (
            format!("{url}/api/trace/{}", "0".repeat(32)),
            422,
            "32 hexadecimal digits",
        ),
        (format!("{url}/api/trace/0"), 422, "not all of them 0"),
        (
            format!("{url}/api/trace/{}", "1".repeat(33)),
            422,
            "up to 32",
        ),
        (
            format!("{url}/api/trace/..%2f..%2fready"),
            422,
            "32 hexadecimal digits",
        ),
        (format!("{url}/api/trace/%ff"), 422, "32 hexadecimal digits"),
        (
            format!("{url}/api/trace/{COMPLETE}?wait=6"),
            422,
            "wait: must be whole seconds",
        ),
        (
            format!("{off}/api/trace/{COMPLETE}"),
            501,
            "TRACE_QUERY_URL",
        ),
        (format!("{away}/api/trace/{COMPLETE}"), 503, "not available"),
    ] {
        let (answered, body) = fetch(&url).await;
        assert_eq!(answered, status, "{url}");
        let detail = body["detail"].as_str().expect("a detail");
        assert!(detail.contains(words), "{url}: {detail}");
    }
}
