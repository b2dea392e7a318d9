//! OTLP messages in Tempo's JSON.
//!
//! Tempo uses gogo's jsonpb, not OTLP/JSON: names are camelCase, fields with default values are
//! omitted, 64-bit integers are strings, enums are names, and ids are bytes and therefore base64,
//! whereas OTLP/JSON uses hex. Fields that Tempo's messages lack are omitted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::Value;

/// A message without the fields that have default values.
pub(crate) fn message<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let is_set = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_u64() != Some(0),
        Value::Array(items) => !items.is_empty(),
        Value::Bool(_) | Value::Object(_) => true,
    };
    let set = fields.into_iter().filter(|(_, value)| is_set(value));
    set.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A 64-bit integer field.
pub(crate) fn uint64(number: u64) -> Value {
    match number {
        0 => Value::Null,
        number => number.to_string().into(),
    }
}

/// A repeated field.
pub(crate) fn list<T>(items: &[T], item: impl Fn(&T) -> Value) -> Value {
    items.iter().map(item).collect()
}

fn bytes(bytes: &[u8]) -> Value {
    STANDARD.encode(bytes).into()
}

/// An enum field. `name` is none for unknown numbers, which jsonpb writes as numbers.
fn enumeration(number: i32, name: Option<&str>) -> Value {
    match (number, name) {
        (0, _) => Value::Null,
        (_, Some(name)) => name.into(),
        (number, None) => number.into(),
    }
}

/// `batches` in v1, `resourceSpans` in v2.
pub(crate) fn resource_spans(batch: &ResourceSpans) -> Value {
    message([
        (
            "resource",
            batch.resource.as_ref().map_or(Value::Null, resource),
        ),
        ("scopeSpans", list(&batch.scope_spans, scope_spans)),
        ("schemaUrl", batch.schema_url.as_str().into()),
    ])
}

fn resource(resource: &Resource) -> Value {
    message([
        ("attributes", list(&resource.attributes, key_value)),
        (
            "droppedAttributesCount",
            resource.dropped_attributes_count.into(),
        ),
    ])
}

fn scope_spans(spans: &ScopeSpans) -> Value {
    message([
        ("scope", spans.scope.as_ref().map_or(Value::Null, scope)),
        ("spans", list(&spans.spans, span)),
        ("schemaUrl", spans.schema_url.as_str().into()),
    ])
}

fn scope(scope: &InstrumentationScope) -> Value {
    message([
        ("name", scope.name.as_str().into()),
        ("version", scope.version.as_str().into()),
        ("attributes", list(&scope.attributes, key_value)),
        (
            "droppedAttributesCount",
            scope.dropped_attributes_count.into(),
        ),
    ])
}

fn span(span: &Span) -> Value {
    let kind = SpanKind::try_from(span.kind).ok();
    message([
        ("traceId", bytes(&span.trace_id)),
        ("spanId", bytes(&span.span_id)),
        ("traceState", span.trace_state.as_str().into()),
        ("parentSpanId", bytes(&span.parent_span_id)),
        ("flags", span.flags.into()),
        ("name", span.name.as_str().into()),
        (
            "kind",
            enumeration(span.kind, kind.map(|kind| kind.as_str_name())),
        ),
        ("startTimeUnixNano", uint64(span.start_time_unix_nano)),
        ("endTimeUnixNano", uint64(span.end_time_unix_nano)),
        ("attributes", list(&span.attributes, key_value)),
        (
            "droppedAttributesCount",
            span.dropped_attributes_count.into(),
        ),
        ("events", list(&span.events, event)),
        ("droppedEventsCount", span.dropped_events_count.into()),
        ("links", list(&span.links, link)),
        ("droppedLinksCount", span.dropped_links_count.into()),
        ("status", span.status.as_ref().map_or(Value::Null, status)),
    ])
}

fn event(event: &Event) -> Value {
    message([
        ("timeUnixNano", uint64(event.time_unix_nano)),
        ("name", event.name.as_str().into()),
        ("attributes", list(&event.attributes, key_value)),
        (
            "droppedAttributesCount",
            event.dropped_attributes_count.into(),
        ),
    ])
}

fn link(link: &Link) -> Value {
    message([
        ("traceId", bytes(&link.trace_id)),
        ("spanId", bytes(&link.span_id)),
        ("traceState", link.trace_state.as_str().into()),
        ("attributes", list(&link.attributes, key_value)),
        (
            "droppedAttributesCount",
            link.dropped_attributes_count.into(),
        ),
        ("flags", link.flags.into()),
    ])
}

fn status(status: &Status) -> Value {
    let code = StatusCode::try_from(status.code).ok();
    message([
        ("message", status.message.as_str().into()),
        (
            "code",
            enumeration(status.code, code.map(|code| code.as_str_name())),
        ),
    ])
}

pub(crate) fn key_value(attribute: &KeyValue) -> Value {
    message([
        ("key", attribute.key.as_str().into()),
        (
            "value",
            attribute.value.as_ref().map_or(Value::Null, any_value),
        ),
    ])
}

/// A oneof: the chosen value is written even if it is false, 0 or empty.
fn any_value(any: &AnyValue) -> Value {
    let (name, value) = match &any.value {
        // These belong to the profiling signal, which Tempo's messages lack.
        None | Some(Any::StringValueStrindex(_)) => return message([]),
        Some(Any::StringValue(text)) => ("stringValue", text.as_str().into()),
        Some(Any::BoolValue(truth)) => ("boolValue", (*truth).into()),
        Some(Any::IntValue(number)) => ("intValue", number.to_string().into()),
        Some(Any::DoubleValue(number)) => ("doubleValue", double(*number)),
        Some(Any::ArrayValue(array)) => (
            "arrayValue",
            message([("values", list(&array.values, any_value))]),
        ),
        Some(Any::KvlistValue(map)) => (
            "kvlistValue",
            message([("values", list(&map.values, key_value))]),
        ),
        Some(Any::BytesValue(raw)) => ("bytesValue", bytes(raw)),
    };
    [(name.to_owned(), value)].into_iter().collect()
}

fn double(number: f64) -> Value {
    match number {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        number if number.is_nan() => "NaN".into(),
        number => number.into(),
    }
}
