//! Traces for stand-ins for Tempo.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;
use signals::tempo::TraceByIdResponse;

/// An attribute.
#[must_use]
pub fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// A text attribute.
#[must_use]
pub fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

/// The spans of one service, in the format of its exporter.
#[must_use]
pub fn of_service(service: &str, spans: Vec<Span>) -> ResourceSpans {
    of_resource(vec![text("service.name", service)], spans)
}

/// The spans of a resource with these attributes.
#[must_use]
pub fn of_resource(attributes: Vec<KeyValue>, spans: Vec<Span>) -> ResourceSpans {
    ResourceSpans {
        resource: Some(Resource {
            attributes,
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans {
            scope: Some(InstrumentationScope {
                name: "telemetry".to_owned(),
                ..InstrumentationScope::default()
            }),
            spans,
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    }
}

/// The answer of Tempo to `/api/v2/traces/{id}` in protobuf for a trace with these spans; without
/// spans, the answer to an unknown id.
#[must_use]
pub fn trace_by_id(resource_spans: Vec<ResourceSpans>) -> Vec<u8> {
    let answer = TraceByIdResponse {
        trace: Some(TracesData { resource_spans }),
        metrics: Some(()),
        ..TraceByIdResponse::default()
    };
    answer.encode_to_vec()
}
