//! Traces of every shape: what `/api/trace/{id}` says is true of all of their spans.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use testkit::get as fetch;

use crate::server::{alone, stand_in, start};

const ID: &str = "000000000000000000000000000000aa";

/// `flags` of a span whose parent is in another process.
const REMOTE: u64 = 0x301;

/// A span of the frontend, from and to in milliseconds; `id` and `parent` are numbers, 0 for none.
fn span(id: u64, parent: u64, (from, to): (u64, u64)) -> Value {
    json!({
        "traceId": ID, "spanId": format!("{id:016x}"), "parentSpanId": format!("{parent:016x}"),
        "name": format!("span {id}"), "kind": "SPAN_KIND_INTERNAL",
        "startTimeUnixNano": (1_000_000_000 + from * 1_000_000).to_string(),
        "endTimeUnixNano": (1_000_000_000 + to * 1_000_000).to_string(),
    })
}

/// `span` with the fields of `more` in place of its own.
fn with(mut span: Value, more: Value) -> Value {
    let (Value::Object(fields), Value::Object(more)) = (&mut span, more) else {
        panic!("both are objects");
    };
    fields.extend(more);
    span
}

fn of(service: &str, spans: &[Value]) -> Value {
    let name = json!({ "key": "service.name", "value": { "stringValue": service } });
    json!({ "resource": { "attributes": [name] }, "scopeSpans": [{ "spans": spans }] })
}

/// What a frontend answers whose trace store gives that answer.
async fn view_of(answer: Value, query: &str) -> Value {
    let store = get(move || async move { Json(answer) });
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

async fn view(spans: &[Value]) -> Value {
    let trace = json!({ "trace": { "resourceSpans": [of("frontend", spans)] } });
    view_of(trace, "").await
}

/// Ids and depths in the order in which they are drawn.
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
fn long() -> Vec<Value> {
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
        // Below a root, and with a span that hangs on it.
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
    spans.push(with(
        span(5000, 1201, (2399, 2400)),
        json!({ "status": { "code": "STATUS_CODE_ERROR" } }),
    ));
    let view = view(&spans).await;
    assert_eq!(view["complete"], false);
    assert_eq!(
        (&view["truncated"], &view["spans_total"]),
        (&json!(true), &json!(1202))
    );
    let drawn = drawn(&view);
    assert_eq!(drawn.len(), 500);
    // The first ones, and what failed with its callers, wherever it is.
    assert_eq!(drawn[..3], [(1, 0), (2, 1), (3, 1)]);
    assert_eq!(drawn[498..], [(1201, 1), (5000, 2)]);
    assert_eq!(view["failed"]["name"], "span 5000");
    // The children cover their root, also those that are not drawn.
    assert_eq!(view["spans"][0]["critical_us"], json!([]));
    assert_eq!(view["longest"]["critical_us"], 2000);
}

#[tokio::test]
async fn all_rolls_of_a_batch_are_counted() {
    let number = |id: u64| json!([{ "key": "async.roll_index", "value": { "intValue": (id - 1).to_string() } }]);
    let mut spans = long();
    for (id, span) in (1..).zip(&mut spans).skip(1) {
        span["attributes"] = number(id);
    }
    let view = view(&spans).await;
    assert_eq!(
        view["batch"],
        json!({ "rolls": 1200, "sequential_us": 2_400_000, "actual_us": 2_400_000 })
    );
}

#[tokio::test]
async fn a_batch_is_complete_with_its_last_roll() {
    let attribute = |key: &str, value: u64| json!({ "attributes": [{ "key": key, "value": { "intValue": value.to_string() } }] });
    let mut spans = vec![with(span(1, 0, (0, 9)), attribute("async.batch_size", 2))];
    spans.push(with(span(2, 1, (1, 5)), attribute("async.roll_index", 1)));
    assert_eq!(view(&spans).await["complete"], false);
    spans.push(with(span(3, 1, (1, 8)), attribute("async.roll_index", 2)));
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
    spans[1999]["status"] = json!({ "code": "STATUS_CODE_ERROR" });
    let view = view(&spans).await;
    let drawn = drawn(&view);
    assert_eq!(drawn.len(), 500);
    assert_eq!(
        (drawn[0], drawn[498], drawn[499]),
        ((1, 0), (499, 498), (2000, 1999))
    );
}

#[tokio::test]
async fn a_store_that_leaves_spans_out_is_believed() {
    let mut trace =
        json!({ "trace": { "resourceSpans": [of("frontend", &[span(1, 0, (0, 5))])] } });
    assert_eq!(view_of(trace.clone(), "").await["complete"], true);
    trace["status"] = json!("COMPLETE");
    assert_eq!(view_of(trace.clone(), "").await["complete"], true);
    trace["status"] = json!("PARTIAL");
    let view = view_of(trace.clone(), "").await;
    assert_eq!(
        (&view["complete"], &view["truncated"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(view["partial"], "the trace store left spans out");
    trace["message"] = json!("trace exceeds max size");
    assert_eq!(
        view_of(trace, "").await["partial"],
        "trace exceeds max size"
    );
}

#[tokio::test]
async fn spans_that_share_an_id_are_not_lost_without_a_word() {
    let server = json!({ "kind": "SPAN_KIND_SERVER" });
    let twice = [span(1, 0, (0, 5)), span(1, 0, (0, 5))];
    let shared = [span(1, 0, (0, 5)), with(span(1, 0, (1, 4)), server)];
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

#[tokio::test]
async fn a_caller_outside_is_not_waited_for() {
    let begun = Instant::now();
    let entry = with(
        span(1, 77, (0, 5)),
        json!({ "flags": REMOTE, "kind": "SPAN_KIND_SERVER" }),
    );
    let trace =
        |service, spans: &[Value]| json!({ "trace": { "resourceSpans": [of(service, spans)] } });
    let one = trace("frontend", std::slice::from_ref(&entry));
    assert_eq!(view_of(one, "?wait=5").await["complete"], true);
    // Two requests of one caller, and a service that is asked without the frontend.
    let again = with(span(2, 77, (6, 9)), json!({ "flags": REMOTE }));
    let two = trace("frontend", &[entry.clone(), again]);
    assert_eq!(view_of(two, "?wait=5").await["complete"], true);
    let past = trace("dice-roller", std::slice::from_ref(&entry));
    assert_eq!(view_of(past, "?wait=5").await["complete"], true);
    assert!(begun.elapsed().as_secs() < 5, "nothing was waited for");

    // The caller may be the frontend, whose spans are still to come.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let now = now.as_nanos().to_string();
    let recent = with(
        entry,
        json!({ "startTimeUnixNano": now, "endTimeUnixNano": now }),
    );
    assert_eq!(
        view_of(trace("dice-roller", &[recent]), "").await["complete"],
        false
    );
    // Whether this parent is elsewhere is not known.
    assert_eq!(view(&[span(1, 77, (0, 5))]).await["complete"], false);
}

#[tokio::test]
async fn a_clock_that_is_ahead_is_no_duration() {
    let client = json!({
        "kind": "SPAN_KIND_CLIENT",
        "attributes": [{ "key": "http.response.status_code", "value": { "intValue": "200" } }],
    });
    let server = json!({ "kind": "SPAN_KIND_SERVER" });
    let calls = [
        with(span(1, 0, (0, 50)), server.clone()),
        with(span(2, 1, (5, 45)), client),
    ];
    for ahead in [500, 20] {
        let answer = with(span(3, 2, (ahead + 10, ahead + 40)), server.clone());
        let inner = span(4, 3, (ahead + 10, ahead + 20));
        let trace = json!({ "trace": { "resourceSpans": [
            of("frontend", &calls), of("dice-roller", &[answer, inner]),
        ] } });
        let view = view_of(trace, "").await;
        assert_eq!(
            (&view["duration_us"], &view["complete"]),
            (&json!(50_000), &json!(true))
        );
        assert_eq!(view["clock_skew"]["services"], json!(["dice-roller"]));
        assert_eq!(view["clock_skew"]["max_us"], ahead * 1000);
        let shift = json!(-1000 * i64::try_from(ahead).expect("small"));
        let moved = |at: usize| {
            (
                &view["spans"][at]["offset_us"],
                &view["spans"][at]["shift_us"],
            )
        };
        assert_eq!(moved(2), (&json!(10_000), &shift));
        assert_eq!(moved(3), (&json!(10_000), &shift));
        assert_eq!(view["spans"][1]["shift_us"], Value::Null);
        assert_eq!(view["spans"][1]["target"], "dice-roller");
    }
}

#[tokio::test]
async fn numbers_that_no_trace_has_do_no_harm() {
    let never = json!({ "startTimeUnixNano": "0", "endTimeUnixNano": u64::MAX.to_string() });
    let strange = json!({ "kind": 77, "status": { "code": 9 } });
    let roll =
        json!({ "attributes": [{ "key": "async.roll_index", "value": { "intValue": "1" } }] });
    let spans = [1, 2, 3].map(|id| {
        with(
            with(with(span(id, 0, (0, 1)), never.clone()), strange.clone()),
            roll.clone(),
        )
    });
    let view = view(&spans).await;
    assert_eq!(view["spans_total"], 3);
    assert_eq!(view["spans"][0]["kind"], "unspecified");
    assert_eq!(view["batch"]["sequential_us"], u64::MAX / 1000);
}
