//! The spans of the stand-in, as OTLP.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

/// How long every span takes, in nanoseconds.
const DURATION: u64 = 5_000_000;

/// A span that was created.
#[derive(Debug)]
pub(crate) struct Made {
    service: &'static str,
    name: String,
    kind: SpanKind,
    attributes: Vec<KeyValue>,
    /// In nanoseconds since 1970.
    end: u64,
}

impl Made {
    pub(crate) fn server(service: &'static str, path: &str, end: u64) -> Self {
        Self {
            service,
            name: format!("GET {path}"),
            kind: SpanKind::Server,
            attributes: Vec::new(),
            end,
        }
    }

    /// A roll, with its number in a batch.
    pub(crate) fn roll(index: Option<u64>, end: u64) -> Self {
        let mut attributes = vec![attribute("die.error", Value::BoolValue(false))];
        attributes.extend(index.map(|index| {
            let index = i64::try_from(index).expect("small");
            attribute("async.roll_index", Value::IntValue(index))
        }));
        Self {
            service: "dice-roller",
            name: index.map_or("roll".to_owned(), |index| format!("async_roll_{index}")),
            kind: SpanKind::Internal,
            attributes,
            end,
        }
    }
}

/// An export request, encoded.
pub(crate) fn request_of(trace_id: &str, spans: &[Made]) -> Vec<u8> {
    let trace_id = u128::from_str_radix(trace_id, 16).expect("a trace id");
    let resource_spans = spans.iter().map(|made| ResourceSpans {
        resource: Some(Resource {
            attributes: vec![attribute(
                "service.name",
                Value::StringValue(made.service.to_owned()),
            )],
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans {
            spans: vec![Span {
                trace_id: trace_id.to_be_bytes().to_vec(),
                span_id: rand::random::<u64>().max(1).to_be_bytes().to_vec(),
                name: made.name.clone(),
                kind: made.kind.into(),
                start_time_unix_nano: made.end - DURATION,
                end_time_unix_nano: made.end,
                attributes: made.attributes.clone(),
                ..Span::default()
            }],
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    });
    let request = ExportTraceServiceRequest {
        resource_spans: resource_spans.collect(),
    };
    request.encode_to_vec()
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
