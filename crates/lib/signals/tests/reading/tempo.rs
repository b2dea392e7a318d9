use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Wire;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span as WireSpan, Status, TracesData,
};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::json;
use signals::Reader;
use signals::tempo::{FoundSpan, Kind, Search, Tempo};

use crate::{TIMEOUT, serve};

fn attribute(key: &str, value: Wire) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn roll() -> WireSpan {
    WireSpan {
        trace_id: vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        span_id: vec![0, 0, 0, 0, 0, 0, 0, 255],
        parent_span_id: vec![1; 8],
        flags: 0x301,
        name: "GET /roll".to_owned(),
        kind: 2,
        start_time_unix_nano: 20,
        end_time_unix_nano: 10,
        status: Some(Status {
            code: 2,
            message: String::new(),
        }),
        attributes: vec![
            attribute("die.type", Wire::StringValue("fair".to_owned())),
            attribute("small", Wire::IntValue(4)),
            attribute("large", Wire::IntValue(1 << 60)),
            attribute("double", Wire::DoubleValue(0.5)),
            attribute("none", Wire::DoubleValue(f64::NAN)),
        ],
        ..WireSpan::default()
    }
}

/// `tempopb.TraceByIDResponse` by hand: the trace, the status and the message.
fn answer(status: u64, message: &str) -> Vec<u8> {
    let resource = Resource {
        attributes: vec![attribute(
            "service.name",
            Wire::StringValue("frontend".to_owned()),
        )],
        ..Resource::default()
    };
    let scope_spans = vec![ScopeSpans {
        spans: vec![roll()],
        ..ScopeSpans::default()
    }];
    let trace = TracesData {
        resource_spans: vec![
            ResourceSpans {
                resource: Some(resource),
                scope_spans: scope_spans.clone(),
                ..ResourceSpans::default()
            },
            ResourceSpans {
                scope_spans,
                ..ResourceSpans::default()
            },
        ],
    };
    let mut bytes = Vec::new();
    for (tag, text) in [(1, trace.encode_to_vec()), (4, message.as_bytes().to_vec())] {
        encode_key(tag, WireType::LengthDelimited, &mut bytes);
        encode_varint(text.len() as u64, &mut bytes);
        bytes.extend(text);
    }
    encode_key(3, WireType::Varint, &mut bytes);
    encode_varint(status, &mut bytes);
    bytes
}

fn store() -> Router {
    let trace = |Path(id): Path<String>, headers: HeaderMap| async move {
        assert_eq!(headers["accept"], "application/protobuf");
        match id.as_str() {
            "whole" => answer(0, "").into_response(),
            "part" => answer(1, "a block is gone").into_response(),
            "some" => answer(1, "").into_response(),
            "empty" => [0x0a, 0, 0x12, 0].into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    };
    Router::new().route("/below/api/v2/traces/{id}", get(trace))
}

#[tokio::test]
async fn spans_come_with_their_service_ids_and_plain_attributes() {
    let tempo = Tempo::new(Reader::new(serve(store()).await, TIMEOUT));
    let trace = tempo
        .trace("whole")
        .await
        .expect("an answer")
        .expect("a trace");
    assert_eq!(trace.partial, None);
    let [first, second] = &trace.spans[..] else {
        panic!("{trace:?}")
    };
    assert_eq!(
        (&*first.service, &*second.service),
        ("frontend", "unknown service")
    );
    assert_eq!(first.trace_id, "000102030405060708090a0b0c0d0e0f");
    assert_eq!(
        (first.id.as_str(), first.parent.as_deref()),
        ("00000000000000ff", Some("0101010101010101"))
    );
    assert_eq!(first.has_remote_parent, Some(true));
    assert_eq!(
        (first.kind, first.kind.name(), first.error),
        (Kind::Server, "server", true)
    );
    assert_eq!(
        (first.start, first.end),
        (20, 20),
        "an end is never before its start"
    );
    let attributes = serde_json::to_value(&first.attributes).expect("JSON");
    assert_eq!(
        attributes,
        json!({
            "die.type": "fair", "small": 4, "large": "1152921504606846976", "double": 0.5, "none": "NaN",
        })
    );
}

#[tokio::test]
async fn a_partial_answer_says_why_and_an_absent_trace_is_no_error() {
    let tempo = Tempo::new(Reader::new(serve(store()).await, TIMEOUT));
    let part = tempo
        .trace("part")
        .await
        .expect("an answer")
        .expect("a trace");
    assert_eq!(part.partial.as_deref(), Some("a block is gone"));
    assert_eq!(part.spans.len(), 2);
    let some = tempo.trace("some").await.expect("an answer");
    let why = some.expect("a trace").partial;
    assert_eq!(why.as_deref(), Some("the trace store left spans out"));
    // Tempo 3 answers 200 with an empty trace, others 404.
    for absent in ["empty", "none"] {
        let trace = tempo.trace(absent).await.expect("an answer");
        assert_eq!(trace, None, "{absent}");
    }
}

#[tokio::test]
async fn a_search_gives_whole_ids_and_times_of_spans() {
    let found = json!({"traces": [
        {"traceID": "a1", "spanSets": [{"spans": [
            {"spanID": "00000000000000c3", "startTimeUnixNano": "100", "durationNanos": "20"},
            {"spanID": "d4", "startTimeUnixNano": "100"},
        ]}]},
        {"traceID": "b2"},
    ]});
    let app = Router::new().route("/below/api/search", get(|| async { axum::Json(found) }));
    let tempo = Tempo::new(Reader::new(serve(app).await, TIMEOUT));
    let search = Search {
        query: "{}",
        start: 1,
        end: 2,
        limit: 3,
        spans: 4,
    };
    let found = tempo.search(&search).await.expect("an answer");
    assert_eq!(found[0].trace_id, "000000000000000000000000000000a1");
    assert_eq!(
        found[0].spans,
        [
            FoundSpan {
                id: "00000000000000c3".to_owned(),
                start: 100,
                end: 120
            },
            FoundSpan {
                id: "00000000000000d4".to_owned(),
                start: 100,
                end: 100
            }
        ]
    );
    assert!(found[1].spans.is_empty());
}
