//! Builders of spans, and one roll of a die through three services.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, Status};
pub(crate) use testkit::traces::{attribute, of_service as batch, text};

/// 2026-01-01T00:00:00Z, in seconds and in nanoseconds.
pub(crate) const START_SECONDS: u64 = 1_767_225_600;
pub(crate) const START: u64 = START_SECONDS * 1_000_000_000;
pub(crate) const MS: u64 = 1_000_000;

/// A span of 10 ms that starts at [`START`]; ids are small numbers, and 0 means no parent.
pub(crate) fn span(trace: u128, id: u64, parent: u64, name: &str) -> Span {
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: match parent {
            0 => Vec::new(),
            parent => parent.to_be_bytes().to_vec(),
        },
        name: name.to_owned(),
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: START,
        end_time_unix_nano: START + 10 * MS,
        ..Span::default()
    }
}

/// Three batches: `GET /roll` in the frontend (1, 30 ms) and its call (2); `GET /roll` in
/// dice-roller (3, failed) and the `roll` (4) of a risky die; and an unrelated look-up in
/// die-service (5).
pub(crate) fn roll(trace: u128) -> Vec<ResourceSpans> {
    let server = |id, parent, name, ms| Span {
        kind: SpanKind::Server.into(),
        end_time_unix_nano: START + ms * MS,
        attributes: vec![text("http.route", "/roll")],
        ..span(trace, id, parent, name)
    };
    let call = Span {
        kind: SpanKind::Client.into(),
        end_time_unix_nano: START + 25 * MS,
        ..span(trace, 2, 1, "GET")
    };
    let failed = Span {
        status: Some(Status {
            code: StatusCode::Error.into(),
            message: "the die broke".to_owned(),
        }),
        ..server(3, 2, "GET /roll", 20)
    };
    let roll = Span {
        attributes: vec![
            text("die.type", "risky"),
            attribute("async.roll_index", Value::IntValue(0)),
            attribute("die.weight", Value::DoubleValue(0.5)),
            attribute("die.error", Value::BoolValue(true)),
        ],
        ..span(trace, 4, 3, "roll")
    };
    let look_up = span(trace, 5, 3, "SELECT dice");
    vec![
        batch("frontend", vec![server(1, 0, "GET /roll", 30), call]),
        batch("dice-roller", vec![failed, roll]),
        batch("die-service", vec![look_up]),
    ]
}
