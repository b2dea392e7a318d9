//! Traces of every shape: `/api/trace/{id}` takes all of their spans into account.

use axum::Router;
use axum::routing::get;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AttributeValue;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, Status, TracesData};
use prost::Message;
use serde_json::{Value, json};
use signals::tempo::TraceByIdResponse;
use testkit::get as fetch;
use testkit::traces::{attribute, of_service, trace_by_id};

use crate::server::{alone, stand_in, start};

const ID: &str = "000000000000000000000000000000aa";

/// A span from and to in milliseconds; `id` and `parent` are numbers, 0 for none.
pub(crate) fn span(id: u64, parent: u64, (from, to): (u64, u64)) -> Span {
    Span {
        trace_id: 0xaa_u128.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: parent.to_be_bytes().to_vec(),
        name: format!("span {id}"),
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: 1_000_000_000 + from * 1_000_000,
        end_time_unix_nano: 1_000_000_000 + to * 1_000_000,
        ..Span::default()
    }
}

pub(crate) fn server(span: Span) -> Span {
    Span {
        kind: SpanKind::Server.into(),
        ..span
    }
}

fn failed(span: Span) -> Span {
    let code = StatusCode::Error.into();
    Span {
        status: Some(Status {
            code,
            ..Status::default()
        }),
        ..span
    }
}

/// `span` with one attribute, a whole number.
pub(crate) fn with(span: Span, key: &str, value: i64) -> Span {
    Span {
        attributes: vec![attribute(key, AttributeValue::IntValue(value))],
        ..span
    }
}

/// The answer of a frontend whose trace store returns that trace.
pub(crate) async fn view_of(answer: Vec<u8>, query: &str) -> Value {
    let store = get(move || async move { answer });
    let store = stand_in(Router::new().route("/api/v2/traces/{id}", store)).await;
    let url = start(frontend::Config {
        trace_query_url: Some(store),
        ..alone()
    })
    .await;
    let (status, view) = fetch(&format!("{url}/api/trace/{ID}{query}")).await;
    assert_eq!(status, 200, "{view}");
    view
}

pub(crate) async fn view(spans: &[Span]) -> Value {
    view_of(trace_of("frontend", spans), "").await
}

pub(crate) fn trace_of(service: &str, spans: &[Span]) -> Vec<u8> {
    trace_by_id(vec![of(service, spans)])
}

pub(crate) fn of(service: &str, spans: &[Span]) -> ResourceSpans {
    of_service(service, spans.to_vec())
}

/// Ids and depths in drawing order.
fn drawn(view: &Value) -> Vec<(u64, u64)> {
    let spans = view["spans"].as_array().expect("spans");
    let id = |span: &Value| u64::from_str_radix(span["id"].as_str().expect("an id"), 16);
    let both = |span| {
        (
            id(span).expect("hexadecimal"),
            span["depth"].as_u64().expect("a depth"),
        )
    };
    spans.iter().map(both).collect()
}

/// The ids of a thousand and more children of span 1.
const MANY: std::ops::RangeInclusive<u64> = 2..=1201;

/// A root of 2.4 s and its children, 2 ms each, one after the other.
fn long() -> Vec<Span> {
    let child = |id: u64| span(id, 1, ((id - 2) * 2, (id - 1) * 2));
    std::iter::once(span(1, 0, (0, 2400)))
        .chain(MANY.map(child))
        .collect()
}

#[tokio::test]
async fn a_cycle_is_cut_and_nothing_is_hidden() {
    let at = (0, 5);
    for (spans, expected, cycles) in [
        (vec![span(1, 1, at)], vec![(1, 0)], 1),
        (
            vec![span(1, 0, at), span(2, 3, (1, 5)), span(3, 2, (2, 5))],
            vec![(1, 0), (2, 0), (3, 1)],
            1,
        ),
        (
            vec![
                span(1, 3, at),
                span(2, 1, (1, 5)),
                span(3, 2, (2, 5)),
                span(4, 4, (3, 5)),
            ],
            vec![(1, 0), (2, 1), (3, 2), (4, 0)],
            2,
        ),
        // Below a root, and with another span attached to it.
        (
            vec![
                span(1, 0, at),
                span(2, 1, (1, 5)),
                span(3, 3, (2, 5)),
                span(4, 3, (3, 5)),
            ],
            vec![(1, 0), (2, 1), (3, 0), (4, 1)],
            1,
        ),
    ] {
        let view = view(&spans).await;
        assert_eq!(drawn(&view), expected, "{spans:?}");
        assert_eq!(view["complete"], false, "{spans:?}");
        assert_eq!(view["cycles"], cycles, "{spans:?}");
        assert_eq!(view["spans_total"], spans.len(), "{spans:?}");
        assert!(view["longest"].is_object(), "{view}");
    }
}

#[tokio::test]
async fn several_roots_and_missing_parents_are_shown_and_not_complete() {
    for spans in [
        [span(1, 0, (0, 5)), span(2, 0, (6, 9))],
        [span(1, 0, (0, 5)), span(2, 77, (6, 9))],
        [span(1, 88, (0, 5)), span(2, 77, (6, 9))],
    ] {
        let view = view(&spans).await;
        assert_eq!(drawn(&view), [(1, 0), (2, 0)]);
        assert_eq!(view["complete"], false);
    }
}

#[tokio::test]
async fn a_long_trace_says_how_much_of_it_is_drawn_and_judges_all_of_it() {
    let mut spans = long();
    spans.push(failed(span(5000, 1201, (2399, 2400))));
    let view = view(&spans).await;
    assert_eq!(view["complete"], false);
    assert_eq!(
        (&view["truncated"], &view["spans_total"]),
        (&json!(true), &json!(1202))
    );
    let drawn = drawn(&view);
    assert_eq!(drawn.len(), 500);
    // The first ones, and the failed one with its callers, wherever they are.
    assert_eq!(drawn[..3], [(1, 0), (2, 1), (3, 1)]);
    assert_eq!(drawn[498..], [(1201, 1), (5000, 2)]);
    assert_eq!(view["failed"]["name"], "span 5000");
    // The children cover their root, including those that are not drawn.
    assert_eq!(view["spans"][0]["critical_us"], json!([]));
    assert_eq!(view["longest"]["critical_us"], 2000);
}

#[tokio::test]
async fn all_rolls_of_a_batch_are_counted() {
    let numbered = (0..).zip(long()).map(|(number, span)| match number {
        0 => span,
        number => with(span, "async.roll_index", number),
    });
    let view = view(&numbered.collect::<Vec<_>>()).await;
    assert_eq!(
        view["batch"],
        json!({ "rolls": 1200, "sequential_us": 2_400_000, "actual_us": 2_400_000 })
    );
}

#[tokio::test]
async fn a_batch_is_complete_with_its_last_roll() {
    let mut spans = vec![with(span(1, 0, (0, 9)), "async.batch_size", 2)];
    spans.push(with(span(2, 1, (1, 5)), "async.roll_index", 1));
    assert_eq!(view(&spans).await["complete"], false);
    spans.push(with(span(3, 1, (1, 8)), "async.roll_index", 2));
    let view = view(&spans).await;
    assert_eq!(view["complete"], true);
    assert_eq!(
        view["batch"],
        json!({ "rolls": 2, "sequential_us": 11_000, "actual_us": 7_000 })
    );
}

#[tokio::test]
async fn a_chain_that_is_too_long_is_cut_at_its_end() {
    let link = |id: u64| span(id, id - 1, (0, 5000 - id));
    let mut spans: Vec<_> = (1..=2000).map(link).collect();
    spans[1999] = failed(spans[1999].clone());
    let view = view(&spans).await;
    let drawn = drawn(&view);
    assert_eq!(drawn.len(), 500);
    assert_eq!(
        (drawn[0], drawn[498], drawn[499]),
        ((1, 0), (499, 498), (2000, 1999))
    );
}

#[tokio::test]
async fn spans_omitted_by_the_store_are_reported() {
    let answer = |status: i32, message: &str| {
        let resource_spans = vec![of("frontend", &[span(1, 0, (0, 5))])];
        let answer = TraceByIdResponse {
            trace: Some(TracesData { resource_spans }),
            status,
            message: message.to_owned(),
            ..TraceByIdResponse::default()
        };
        answer.encode_to_vec()
    };
    let complete = view_of(answer(0, ""), "").await;
    assert_eq!(complete["complete"], true);
    let partial = view_of(answer(1, ""), "").await;
    assert_eq!(
        (&partial["complete"], &partial["truncated"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(partial["partial"], "the trace store left spans out");
    let why = "trace exceeds max size";
    assert_eq!(view_of(answer(1, why), "").await["partial"], why);
}

#[tokio::test]
async fn spans_that_share_an_id_are_kept_or_reported() {
    let twice = [span(1, 0, (0, 5)), span(1, 0, (0, 5))];
    let shared = [span(1, 0, (0, 5)), server(span(1, 0, (1, 4)))];
    let different = [span(1, 0, (0, 5)), span(1, 0, (1, 4))];
    for (spans, shown, total, truncated) in [
        (twice, 1, 1, false),
        (shared, 2, 2, false),
        (different, 1, 2, true),
    ] {
        let view = view(&spans).await;
        assert_eq!(drawn(&view).len(), shown, "{spans:?}");
        assert_eq!(
            (&view["spans_total"], &view["truncated"]),
            (&json!(total), &json!(truncated))
        );
        assert!(!truncated || view["complete"] == false);
    }
}
