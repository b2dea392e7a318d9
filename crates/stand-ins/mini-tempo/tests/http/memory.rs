//! Bounds in bytes: of a text, a value, a span, a trace, a request and the store.

use std::iter::repeat_n;

use mini_tempo::{MAX_TEXT_BYTES, MAX_TRACE_BYTES, MAX_VALUE_DEPTH, Rejection, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use reqwest::StatusCode;

use crate::server::Server;
use crate::spans::{attribute, batch, span, text};

const MIB: usize = 1 << 20;

/// Sends one span; returns the number of rejected spans.
async fn send(server: &Server, span: Span) -> i64 {
    let response = server.export(vec![batch("frontend", vec![span])]).await;
    let partial = response.partial_success;
    partial.map_or(0, |partial| partial.rejected_spans)
}

#[tokio::test]
async fn long_texts_are_cut_and_counted() {
    let server = Server::start(100).await;
    let long = "ä".repeat(450_000);
    let mut sent = span(1, 1, 0, &long);
    sent.attributes = vec![text("value", &long), text(&long, "key"), text("short", "ä")];
    sent.attributes
        .push(attribute("bytes", Any::BytesValue(vec![1; 5_000])));
    assert_eq!(send(&server, sent).await, 0);
    let trace = server.store.trace("1".parse().expect("an id"));
    let trace = trace.expect("stored");
    let kept = &trace.spans()[0];
    // Letters of 2 bytes: the cut is between two letters.
    assert_eq!(kept.name(), "ä".repeat(MAX_TEXT_BYTES / 2));
    let Some(Value::Text(value)) = kept.attribute("value") else {
        panic!("{kept:?}");
    };
    assert_eq!(value.len(), MAX_TEXT_BYTES);
    assert_eq!(kept.attribute("short"), Some(Value::Text("ä")));
    assert_eq!(server.metric("mini_tempo_values_cut_total", &[]).await, 4);
}

#[tokio::test]
async fn seven_hundred_spans_with_long_names_stay_within_the_bound() {
    let server = Server::with_room(MIB).await;
    let name = "n".repeat(900_000);
    for id in 1..=700 {
        assert_eq!(send(&server, span(id, 1, 0, &name)).await, 0);
    }
    let counters = server.store.counters();
    assert!(counters.bytes_stored <= MIB as u64, "{counters:?}");
    assert!(counters.traces_stored > 100, "{counters:?}");
    assert_eq!(counters.traces_stored + counters.traces_evicted, 700);
    let newest: Vec<_> = server.store.traces().iter().map(|t| t.id()).collect();
    assert_eq!(
        newest.last(),
        Some(&format!("{:x}", 700).parse().expect("an id"))
    );
    for (series, value) in [
        ("mini_tempo_stored_bytes", counters.bytes_stored),
        ("mini_tempo_max_bytes", MIB as u64),
        ("mini_tempo_traces_stored", counters.traces_stored),
        ("mini_tempo_traces_evicted_total", counters.traces_evicted),
        ("mini_tempo_spans_evicted_total", counters.spans_evicted),
    ] {
        assert_eq!(server.metric(series, &[]).await, value, "{series}");
    }
}

/// The bytes counted for a span, from a store that contains only this span.
async fn counted(span: Span) -> u64 {
    let server = Server::start(100).await;
    assert_eq!(send(&server, span).await, 0);
    server.store.counters().bytes_stored
}

#[tokio::test]
async fn all_memory_of_a_span_is_counted() {
    let alone = counted(span(1, 1, 0, "work")).await;
    assert!(
        alone > 300,
        "a span that owns nothing takes memory: {alone}"
    );
    // What is added to the encoded span is counted to within the steps of the allocator.
    let check = async |change: &dyn Fn(&mut Span)| {
        let mut changed = span(1, 1, 0, "work");
        let before = changed.encoded_len();
        change(&mut changed);
        let added = (changed.encoded_len() - before) as u64;
        let counted = counted(changed).await - alone;
        assert!(added >= 2_000 && added.abs_diff(counted) <= 16, "{counted}");
    };
    check(&|span| span.attributes = vec![KeyValue::default(); 1_000]).await;
    check(&|span| span.events = vec![Event::default(); 1_000]).await;
    check(&|span| span.links = vec![Link::default(); 1_000]).await;
    check(&|span| span.trace_state = "s".repeat(2_000)).await;
    let array = Any::ArrayValue(ArrayValue {
        values: vec![AnyValue::default(); 1_000],
    });
    check(&|span| span.attributes = vec![attribute("array", array.clone())]).await;
}

#[tokio::test]
async fn resources_are_counted_once_while_a_span_uses_them() {
    let server = Server::with_room(8 * MIB).await;
    let mut large = batch("frontend", Vec::new());
    let resource = large.resource.as_mut().expect("a resource");
    resource
        .attributes
        .extend((0..400).map(|n| text(&format!("key {n}"), &"v".repeat(2_000))));
    large.scope_spans[0].spans = (1..=2).map(|trace| span(trace, 1, 0, "work")).collect();
    server.export(vec![large.clone()]).await;
    let two = server.store.counters().bytes_stored;
    assert!((800_000..1_000_000).contains(&two), "{two}");
    // The same resource in another request takes no further memory.
    large.scope_spans[0].spans = vec![span(3, 1, 0, "work")];
    server.export(vec![large.clone()]).await;
    let three = server.store.counters().bytes_stored;
    assert!(three - two < 1_000, "{two}, {three}");
    // Each of these requests has its own resource; the oldest ones go with their last span.
    for trace in 2..=20 {
        let resource = large.resource.as_mut().expect("a resource");
        resource.dropped_attributes_count = u32::try_from(trace).expect("small");
        large.scope_spans[0].spans = vec![
            span(2 * trace, 1, 0, "work"),
            span(2 * trace + 1, 1, 0, "work"),
        ];
        server.export(vec![large.clone()]).await;
        let counters = server.store.counters();
        assert!(counters.bytes_stored <= 8 * MIB as u64, "{counters:?}");
    }
    let counters = server.store.counters();
    assert!(counters.bytes_stored > 6 * MIB as u64, "{counters:?}");
    let traces = counters.traces_stored;
    assert!((14..=20).contains(&traces), "{counters:?}");
}

#[tokio::test]
async fn a_span_that_is_too_large_is_rejected() {
    let server = Server::start(100).await;
    let mut large = span(1, 1, 0, "large");
    let value = "v".repeat(2_000);
    large.attributes = (0..600)
        .map(|n| text(&format!("key {n}"), &value))
        .collect();
    let spans = vec![large, span(1, 2, 0, "small")];
    let response = server.export(vec![batch("frontend", spans)]).await;
    let partial = response.partial_success.expect("one is too large");
    assert_eq!(partial.rejected_spans, 1);
    assert!(partial.error_message.contains("1048576"), "{partial:?}");
    let counters = server.store.counters();
    assert_eq!(counters.spans_stored, 1);
    assert_eq!(counters.rejections.count(Rejection::SpanTooLarge), 1);
    let reason = [("reason", "span_too_large")];
    assert_eq!(
        server
            .metric("mini_tempo_spans_rejected_total", &reason)
            .await,
        1
    );
}

#[tokio::test]
async fn a_trace_that_is_too_large_accepts_no_more_spans() {
    let server = Server::start(100_000).await;
    let value = "v".repeat(2_000);
    let spans = |from: u64| {
        let spans = (from..from + 400).map(|id| Span {
            attributes: (0..5).map(|n| text(&n.to_string(), &value)).collect(),
            ..span(1, id, 0, "work")
        });
        vec![batch("frontend", spans.collect())]
    };
    assert_eq!(server.export(spans(1)).await.partial_success, None);
    let response = server.export(spans(401)).await;
    let partial = response.partial_success.expect("too large a trace");
    assert!(partial.error_message.contains("5000000"), "{partial:?}");
    let counters = server.store.counters();
    assert_eq!(counters.spans_stored + counters.spans_rejected, 800);
    assert!(
        counters.bytes_stored <= MAX_TRACE_BYTES as u64 + 4_096,
        "{counters:?}"
    );
    assert_eq!(counters.traces_evicted, 0);
    // Another trace is not affected.
    assert_eq!(send(&server, span(2, 1, 0, "work")).await, 0);
}

#[tokio::test]
async fn a_request_with_more_bytes_than_fit_keeps_what_fits() {
    let server = Server::with_room(MIB).await;
    let name = "n".repeat(2_000);
    let spans = (1..=1_000).map(|id| span(u128::from(id), id, 0, &name));
    let response = server
        .export(vec![batch("frontend", spans.collect())])
        .await;
    let partial = response.partial_success.expect("too many");
    let counters = server.store.counters();
    assert_eq!(
        partial.rejected_spans,
        i64::try_from(counters.spans_rejected).expect("few")
    );
    assert_eq!(counters.spans_stored + counters.spans_rejected, 1_000);
    assert!(counters.spans_stored > 200, "{counters:?}");
    assert!(counters.bytes_stored <= MIB as u64, "{counters:?}");
}

/// A value of `depth` nested lists.
fn nested(depth: usize) -> Any {
    repeat_n((), depth).fold(Any::IntValue(1), |inner, ()| {
        Any::ArrayValue(ArrayValue {
            values: vec![AnyValue { value: Some(inner) }],
        })
    })
}

#[tokio::test]
async fn deeply_nested_values_are_cut_and_can_be_read() {
    let server = Server::start(100).await;
    let mut sent = span(1, 1, 0, "work");
    sent.attributes = vec![
        attribute("kept", nested(MAX_VALUE_DEPTH)),
        attribute("cut", nested(40)),
    ];
    assert_eq!(send(&server, sent).await, 0);
    // serde_json, which parses this, fails at 128 levels.
    let trace = server.json("/api/traces/1", &[]).await;
    let attributes = &trace["batches"][0]["scopeSpans"][0]["spans"][0]["attributes"];
    let levels = |index: usize| attributes[index].to_string().matches("arrayValue").count();
    assert_eq!((levels(0), levels(1)), (MAX_VALUE_DEPTH, MAX_VALUE_DEPTH));
    assert!(
        attributes[0].to_string().contains("intValue"),
        "{attributes}"
    );
    assert_eq!(server.store.counters().values_cut, 1);
    // prost itself fails at 100 nested messages.
    let mut sent = span(1, 2, 0, "work");
    sent.attributes = vec![attribute("too deep", nested(60))];
    let request = ExportTraceServiceRequest {
        resource_spans: vec![batch("frontend", vec![sent])],
    };
    let body = request.encode_to_vec();
    let response = server.post("application/x-protobuf", body).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

/// Requests that are small when encoded and large when decoded: two bytes per message.
#[tokio::test]
async fn requests_that_need_much_memory_when_decoded_are_413() {
    let server = Server::start(1_000_000).await;
    let in_span = |span: Span| {
        vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }]
    };
    let many = 1_500_000;
    let spans = ScopeSpans {
        spans: vec![Span::default(); 500_000],
        ..ScopeSpans::default()
    };
    let requests = [
        vec![ResourceSpans {
            scope_spans: vec![spans],
            ..ResourceSpans::default()
        }],
        vec![ResourceSpans::default(); many],
        in_span(Span {
            events: vec![Event::default(); many],
            ..span(1, 1, 0, "events")
        }),
        in_span(Span {
            links: vec![Link::default(); many],
            ..span(1, 1, 0, "links")
        }),
        in_span(Span {
            attributes: vec![KeyValue::default(); many],
            ..span(1, 1, 0, "attributes")
        }),
    ];
    for resource_spans in requests {
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let response = server.post("application/x-protobuf", body).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    let spans = "{},".repeat(1_000_000);
    let body = format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{spans}{{}}]}}]}}]}}");
    let response = server.post("application/json", body.into_bytes()).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(server.store.counters().spans_received, 0);
}
