//! Traces whose times contradict their tree: callers outside, clock skew, impossible numbers.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde_json::{Value, json};
use testkit::traces::trace_by_id;

use crate::shapes::{of, server, span, trace_of, view, view_of, with};

/// `flags` of a span whose parent is in another process.
const REMOTE: u32 = 0x301;

#[tokio::test]
async fn a_caller_outside_is_not_waited_for() {
    let begun = Instant::now();
    let remote = |span: Span| Span {
        flags: REMOTE,
        ..span
    };
    let entry = server(remote(span(1, 77, (0, 5))));
    let one = trace_of("frontend", std::slice::from_ref(&entry));
    assert_eq!(view_of(one, "?wait=5").await["complete"], true);
    // Two requests of one caller, and a service that is called without the frontend.
    let again = remote(span(2, 77, (6, 9)));
    let two = trace_of("frontend", &[entry.clone(), again]);
    assert_eq!(view_of(two, "?wait=5").await["complete"], true);
    let past = trace_of("dice-roller", std::slice::from_ref(&entry));
    assert_eq!(view_of(past, "?wait=5").await["complete"], true);
    assert!(begun.elapsed().as_secs() < 5, "the answer did not wait");

    // The caller may be the frontend, whose spans are still to come.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let now = u64::try_from(now.as_nanos()).expect("before 2554");
    let recent = Span {
        start_time_unix_nano: now,
        end_time_unix_nano: now,
        ..entry
    };
    assert_eq!(
        view_of(trace_of("dice-roller", &[recent]), "").await["complete"],
        false
    );
    // Whether this parent is outside is unknown.
    assert_eq!(view(&[span(1, 77, (0, 5))]).await["complete"], false);
}

#[tokio::test]
async fn a_clock_that_is_ahead_does_not_lengthen_the_trace() {
    let client = Span {
        kind: SpanKind::Client.into(),
        ..with(span(2, 1, (5, 45)), "http.response.status_code", 200)
    };
    let calls = [server(span(1, 0, (0, 50))), client];
    for ahead in [500, 20] {
        let answer = server(span(3, 2, (ahead + 10, ahead + 40)));
        let inner = span(4, 3, (ahead + 10, ahead + 20));
        let trace = trace_by_id(vec![
            of("frontend", &calls),
            of("dice-roller", &[answer, inner]),
        ]);
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
async fn impossible_numbers_do_no_harm() {
    let strange = |id| Span {
        start_time_unix_nano: 0,
        end_time_unix_nano: u64::MAX,
        kind: 77,
        status: Some(Status {
            code: 9,
            ..Status::default()
        }),
        ..with(span(id, 0, (0, 1)), "async.roll_index", 1)
    };
    let spans = [1, 2, 3].map(strange);
    let view = view(&spans).await;
    assert_eq!(view["spans_total"], 3);
    assert_eq!(view["spans"][0]["kind"], "unspecified");
    assert_eq!(view["batch"]["sequential_us"], u64::MAX / 1000);
}
