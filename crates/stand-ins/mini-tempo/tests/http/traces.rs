//! Reading one trace: both versions of Tempo's JSON, the accepted ids, the small endpoints, and the
//! typed view.
//!
//! The expected JSON follows Tempo 3's `MarshalToJSONV1` and `TraceByIDResponse`, as written by
//! gogo's jsonpb.

use mini_tempo::{Kind, Span, Status, TraceId, Value};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValueList};
use opentelemetry_proto::tonic::trace::v1 as otlp;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as Code;
use reqwest::StatusCode;
use serde_json::json;

use crate::server::Server;
use crate::spans::{START, attribute, batch, roll, span, text};

/// A span with every kind of field, some of them with default values.
fn rich() -> otlp::Span {
    let array = |values| Any::ArrayValue(ArrayValue { values });
    let one = AnyValue {
        value: Some(Any::IntValue(1)),
    };
    otlp::Span {
        trace_state: "vendor=1".to_owned(),
        kind: SpanKind::Server.into(),
        flags: 257,
        attributes: vec![
            text("empty", ""),
            attribute("int", Any::IntValue(-9_007_199_254_740_993)),
            attribute("zero", Any::IntValue(0)),
            attribute("float", Any::DoubleValue(0.5)),
            attribute("nan", Any::DoubleValue(f64::NAN)),
            attribute("false", Any::BoolValue(false)),
            attribute("bytes", Any::BytesValue(vec![1, 2, 3, 255])),
            attribute("array", array(vec![one])),
            attribute("none", array(Vec::new())),
            attribute(
                "map",
                Any::KvlistValue(KeyValueList {
                    values: vec![text("k", "v")],
                }),
            ),
        ],
        dropped_attributes_count: 2,
        events: vec![Event {
            time_unix_nano: START + 1,
            name: "exception".to_owned(),
            ..Event::default()
        }],
        links: vec![Link {
            trace_id: vec![0xff; 16],
            span_id: vec![0xff; 8],
            ..Link::default()
        }],
        status: Some(otlp::Status {
            message: "broke".to_owned(),
            code: Code::Error.into(),
        }),
        ..span(0xabc, 1, 0, "GET /roll")
    }
}

fn rich_json() -> serde_json::Value {
    json!({
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "frontend"}}]},
        "scopeSpans": [{
            "scope": {"name": "telemetry"},
            "spans": [{
                "traceId": "AAAAAAAAAAAAAAAAAAAKvA==",
                "spanId": "AAAAAAAAAAE=",
                "traceState": "vendor=1",
                "flags": 257,
                "name": "GET /roll",
                "kind": "SPAN_KIND_SERVER",
                "startTimeUnixNano": "1767225600000000000",
                "endTimeUnixNano": "1767225600010000000",
                "attributes": [
                    {"key": "empty", "value": {"stringValue": ""}},
                    {"key": "int", "value": {"intValue": "-9007199254740993"}},
                    {"key": "zero", "value": {"intValue": "0"}},
                    {"key": "float", "value": {"doubleValue": 0.5}},
                    {"key": "nan", "value": {"doubleValue": "NaN"}},
                    {"key": "false", "value": {"boolValue": false}},
                    {"key": "bytes", "value": {"bytesValue": "AQID/w=="}},
                    {"key": "array", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}},
                    {"key": "none", "value": {"arrayValue": {}}},
                    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}}},
                ],
                "droppedAttributesCount": 2,
                "events": [{"timeUnixNano": "1767225600000000001", "name": "exception"}],
                "links": [{"traceId": "/////////////////////w==", "spanId": "//////////8="}],
                "status": {"message": "broke", "code": "STATUS_CODE_ERROR"},
            }],
        }],
    })
}

#[tokio::test]
async fn v1_answers_batches_and_v2_a_trace() {
    let server = Server::start(100).await;
    server.export(vec![batch("frontend", vec![rich()])]).await;
    let v1 = server.json("/api/traces/abc", &[]).await;
    assert_eq!(v1, json!({"batches": [rich_json()]}));
    let v2 = server.json("/api/v2/traces/abc", &[]).await;
    assert_eq!(
        v2,
        json!({"trace": {"resourceSpans": [rich_json()]}, "metrics": {}})
    );
}

#[tokio::test]
async fn default_values_are_omitted() {
    let server = Server::start(100).await;
    let mut bare = span(1, 2, 1, "");
    (
        bare.kind,
        bare.start_time_unix_nano,
        bare.end_time_unix_nano,
    ) = (0, 0, 0);
    server.export(vec![batch("frontend", vec![bare])]).await;
    let v1 = server.json("/api/traces/1", &[]).await;
    let expected = json!({"traceId": "AAAAAAAAAAAAAAAAAAAAAQ==", "spanId": "AAAAAAAAAAI=", "parentSpanId": "AAAAAAAAAAE="});
    assert_eq!(v1["batches"][0]["scopeSpans"][0]["spans"][0], expected);
}

#[tokio::test]
async fn spans_are_grouped_by_service_in_any_order_of_arrival() {
    let server = Server::start(100).await;
    // One request per span, the last span first.
    for batch_of_service in roll(1).into_iter().rev() {
        for spans in batch_of_service.scope_spans[0].spans.iter().rev() {
            let mut single = batch_of_service.clone();
            single.scope_spans[0].spans = vec![spans.clone()];
            server.export(vec![single]).await;
        }
    }
    let v1 = server.json("/api/traces/1", &[]).await;
    let batches = v1["batches"].as_array().expect("batches");
    let summary: Vec<_> = batches
        .iter()
        .map(|batch| {
            let service = &batch["resource"]["attributes"][0]["value"]["stringValue"];
            let spans = batch["scopeSpans"][0]["spans"].as_array().expect("spans");
            (service.as_str().expect("a name"), spans.len())
        })
        .collect();
    assert_eq!(
        summary,
        [("die-service", 1), ("dice-roller", 2), ("frontend", 2)]
    );
    assert!(
        batches
            .iter()
            .all(|batch| batch["scopeSpans"].as_array().map(Vec::len) == Some(1))
    );
}

#[tokio::test]
async fn ids_are_parsed_as_tempo_parses_them() {
    let server = Server::start(100).await;
    server
        .export(vec![batch("frontend", vec![span(0xabc, 1, 0, "x")])])
        .await;
    for id in ["abc", "ABC", "0abc", &format!("{:032x}", 0xabc)] {
        let (status, _) = server.get(&format!("/api/traces/{id}"), &[]).await;
        assert_eq!(status, StatusCode::OK, "{id}");
    }
    for version in ["/api/traces", "/api/v2/traces"] {
        let (status, body) = server.get(&format!("{version}/abcx"), &[]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(
            body,
            "trace IDs can only contain hex characters: invalid character 'x' at position 4\n"
        );
        let (status, body) = server
            .get(&format!("{version}/{}", "0".repeat(33)), &[])
            .await;
        assert_eq!(
            (status, body.as_str()),
            (
                StatusCode::BAD_REQUEST,
                "trace IDs can't be larger than 128 bits\n"
            )
        );
    }
}

#[tokio::test]
async fn an_unknown_trace_is_404_in_v1_and_empty_in_v2() {
    let server = Server::start(100).await;
    let response = server.respond("/api/traces/123").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.headers().get("content-type"), None);
    assert_eq!(response.text().await.expect("a body"), "");
    let v2 = server.json("/api/v2/traces/123", &[]).await;
    assert_eq!(v2, json!({"trace": {}, "metrics": {}}));
}

#[tokio::test]
async fn the_small_endpoints_identify_mini_tempo() {
    let server = Server::start(100).await;
    assert_eq!(
        server.get("/ready", &[]).await,
        (StatusCode::OK, "ready\n".to_owned())
    );
    assert_eq!(
        server.get("/api/echo", &[]).await,
        (StatusCode::OK, "echo\n".to_owned())
    );
    let buildinfo = server.json("/api/status/buildinfo", &[]).await;
    for field in [
        "version",
        "revision",
        "branch",
        "buildDate",
        "buildUser",
        "goVersion",
    ] {
        assert!(buildinfo[field].is_string(), "{field}");
    }
    assert!(
        buildinfo["version"]
            .as_str()
            .expect("text")
            .contains("mini-tempo")
    );
    assert!(
        buildinfo["description"]
            .as_str()
            .expect("text")
            .contains("not Grafana Tempo")
    );
    let (status, body) = server.get("/api/search/tags", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        body.contains("mini-tempo") && body.contains("/api/search"),
        "{body}"
    );
}

#[tokio::test]
async fn the_root_is_the_earliest_span_without_a_parent() {
    let server = Server::start(100).await;
    let mut late = span(1, 1, 0, "late");
    late.start_time_unix_nano += 1;
    let child = span(1, 3, 2, "child");
    let spans = vec![late.clone(), child, span(1, 2, 0, "early")];
    server.export(vec![batch("frontend", spans)]).await;
    late.span_id[0] = 1;
    server.export(vec![batch("frontend", vec![late])]).await;
    let traces = server.store.traces();
    assert_eq!(traces[0].root().map(Span::name), Some("early"));
}

#[tokio::test]
async fn the_typed_view_shows_the_tree() {
    let server = Server::start(100).await;
    server.export(roll(0xabc)).await;
    let id: TraceId = "abc".parse().expect("an id");
    let trace = server.store.trace(id).expect("stored");
    assert_eq!(trace.id().to_string(), format!("{:032x}", 0xabc));
    assert_eq!(
        (trace.start_unix_nano(), trace.duration_nanos()),
        (START, 30_000_000)
    );
    let root = trace.root().expect("it has arrived");
    assert_eq!(
        (root.service(), root.name(), root.kind()),
        ("frontend", "GET /roll", Kind::Server)
    );
    assert_eq!((root.parent_id(), root.status()), (None, Status::Unset));
    let call = trace.children(root.id()).next().expect("a call");
    let served = trace.children(call.id()).next().expect("served");
    assert_eq!(
        (served.service(), served.status()),
        ("dice-roller", Status::Error)
    );
    assert_eq!(served.attribute("http.route"), Some(Value::Text("/roll")));
    assert_eq!(
        served.resource_attribute("service.name"),
        Some(Value::Text("dice-roller"))
    );
    let below: Vec<_> = trace.children(served.id()).map(Span::name).collect();
    assert_eq!(below, ["roll", "SELECT dice"]);
    let roll = trace.children(served.id()).next().expect("a roll");
    assert_eq!(roll.attribute("die.error"), Some(Value::Bool(true)));
    assert_eq!(roll.attribute("die.weight"), Some(Value::Float(0.5)));
    assert_eq!(roll.attribute("async.roll_index"), Some(Value::Int(0)));
    assert_eq!(roll.attribute("die"), None);
    assert_eq!(
        trace.span(roll.id()).map(Span::end_unix_nano),
        Some(START + 10_000_000)
    );
}
