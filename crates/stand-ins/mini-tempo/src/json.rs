//! OTLP messages in Tempo's JSON, written directly from their protobuf.
//!
//! Tempo uses gogo's jsonpb, not OTLP/JSON: names are camelCase, fields with default values are
//! omitted, 64-bit integers are strings, enums are names, and ids are bytes and therefore base64,
//! whereas OTLP/JSON uses hex. Fields that Tempo's messages lack are omitted.
//!
//! The protobuf is canonical (see [`crate::wire`]): fields come in the order of their numbers, and
//! those with default values are missing, except for the value of a oneof.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::wire::{Fields, Wire};

/// The fields of a message: number, name and type.
#[derive(Debug)]
struct Shape(&'static [(u32, &'static str, Type)]);

#[derive(Debug, Clone, Copy)]
enum Type {
    Text,
    Bytes,
    Bool,
    /// A 64-bit integer, which is a string.
    Int64,
    /// An unsigned integer of 64 bits, which is a string.
    Uint64,
    Uint32,
    Double,
    Kind,
    Status,
    Message(&'static Shape),
    List(&'static Shape),
}

use Type::{Bool, Bytes, Double, Int64, List, Message, Text, Uint32, Uint64};

static TRACE: Shape = Shape(&[(1, "resourceSpans", List(&RESOURCE_SPANS))]);
static TRACE_V1: Shape = Shape(&[(1, "batches", List(&RESOURCE_SPANS))]);
static TRACE_V2: Shape = Shape(&[
    (1, "trace", Message(&TRACE)),
    (2, "metrics", Message(&NOTHING)),
]);
static RESOURCE_SPANS: Shape = Shape(&[
    (1, "resource", Message(&RESOURCE)),
    (2, "scopeSpans", List(&SCOPE_SPANS)),
    (3, "schemaUrl", Text),
]);
static RESOURCE: Shape = Shape(&[
    (1, "attributes", List(&KEY_VALUE)),
    (2, "droppedAttributesCount", Uint32),
]);
static SCOPE_SPANS: Shape = Shape(&[
    (1, "scope", Message(&SCOPE)),
    (2, "spans", List(&SPAN)),
    (3, "schemaUrl", Text),
]);
static SCOPE: Shape = Shape(&[
    (1, "name", Text),
    (2, "version", Text),
    (3, "attributes", List(&KEY_VALUE)),
    (4, "droppedAttributesCount", Uint32),
]);
static SPAN: Shape = Shape(&[
    (1, "traceId", Bytes),
    (2, "spanId", Bytes),
    (3, "traceState", Text),
    (4, "parentSpanId", Bytes),
    (5, "name", Text),
    (6, "kind", Type::Kind),
    (7, "startTimeUnixNano", Uint64),
    (8, "endTimeUnixNano", Uint64),
    (9, "attributes", List(&KEY_VALUE)),
    (10, "droppedAttributesCount", Uint32),
    (11, "events", List(&EVENT)),
    (12, "droppedEventsCount", Uint32),
    (13, "links", List(&LINK)),
    (14, "droppedLinksCount", Uint32),
    (15, "status", Message(&STATUS)),
    (16, "flags", Uint32),
]);
static EVENT: Shape = Shape(&[
    (1, "timeUnixNano", Uint64),
    (2, "name", Text),
    (3, "attributes", List(&KEY_VALUE)),
    (4, "droppedAttributesCount", Uint32),
]);
static LINK: Shape = Shape(&[
    (1, "traceId", Bytes),
    (2, "spanId", Bytes),
    (3, "traceState", Text),
    (4, "attributes", List(&KEY_VALUE)),
    (5, "droppedAttributesCount", Uint32),
    (6, "flags", Uint32),
]);
static STATUS: Shape = Shape(&[(2, "message", Text), (3, "code", Type::Status)]);
static KEY_VALUE: Shape = Shape(&[(1, "key", Text), (2, "value", Message(&ANY_VALUE))]);
static ARRAY: Shape = Shape(&[(1, "values", List(&ANY_VALUE))]);
static MAP: Shape = Shape(&[(1, "values", List(&KEY_VALUE))]);
static NOTHING: Shape = Shape(&[]);
/// A oneof. Its other values belong to the profiling signal, which Tempo's messages lack.
static ANY_VALUE: Shape = Shape(&[
    (1, "stringValue", Text),
    (2, "boolValue", Bool),
    (3, "intValue", Int64),
    (4, "doubleValue", Double),
    (5, "arrayValue", Message(&ARRAY)),
    (6, "kvlistValue", Message(&MAP)),
    (7, "bytesValue", Bytes),
]);

/// The answer of `/api/traces/{id}`: a `TracesData`.
pub(crate) fn trace_v1(message: &[u8]) -> String {
    whole(message, &TRACE_V1)
}

/// The answer of `/api/v2/traces/{id}`: a `TraceByIDResponse`.
pub(crate) fn trace_v2(message: &[u8]) -> String {
    whole(message, &TRACE_V2)
}

/// Writes a `Span`.
pub(crate) fn span(message: &[u8], json: &mut String) {
    write_message(message, &SPAN, json);
}

/// JSON takes two to three times the bytes of protobuf.
fn whole(message: &[u8], shape: &Shape) -> String {
    let mut json = String::with_capacity(3 * message.len());
    write_message(message, shape, &mut json);
    json
}

fn write_message(message: &[u8], shape: &Shape, json: &mut String) {
    // The number of the last field, and whether it is a list, which is still open.
    let mut last = (0, false);
    json.push('{');
    for (number, value) in Fields(message) {
        let mut fields = shape.0.iter();
        let Some((_, name, kind)) = fields.find(|(known, ..)| *known == number) else {
            continue;
        };
        if last == (number, true) {
            json.push(',');
        } else {
            json.push_str(separator(last));
            let is_list = matches!(kind, List(_));
            push_text(name, json);
            json.push_str(if is_list { ":[" } else { ":" });
            last = (number, is_list);
        }
        write_value(value, *kind, json);
    }
    json.push_str(if last.1 { "]}" } else { "}" });
}

/// What separates the next field from the last one.
fn separator(last: (u32, bool)) -> &'static str {
    match last {
        (0, _) => "",
        (_, true) => "],",
        (_, false) => ",",
    }
}

fn write_value(value: Wire<'_>, kind: Type, json: &mut String) {
    match kind {
        Text => push_text(value.text(), json),
        Bytes => {
            json.push('"');
            STANDARD.encode_string(value.bytes(), json);
            json.push('"');
        }
        Bool => json.push_str(if value.number() == 0 { "false" } else { "true" }),
        Int64 => push(format_args!("\"{}\"", value.number().cast_signed()), json),
        Uint64 => push(format_args!("\"{}\"", value.number()), json),
        Uint32 => push(format_args!("{}", value.number()), json),
        Double => {
            let number = double(f64::from_bits(value.number()));
            push(format_args!("{number}"), json);
        }
        Type::Kind => {
            let kind = SpanKind::try_from(value.int32()).ok();
            push_enum(value.int32(), kind.map(|kind| kind.as_str_name()), json);
        }
        Type::Status => {
            let code = StatusCode::try_from(value.int32()).ok();
            push_enum(value.int32(), code.map(|code| code.as_str_name()), json);
        }
        Message(shape) | List(shape) => write_message(value.bytes(), shape, json),
    }
}

/// Writes an enum. `name` is none for unknown numbers, which jsonpb writes as numbers.
fn push_enum(number: i32, name: Option<&str>, json: &mut String) {
    match name {
        Some(name) => push_text(name, json),
        None => push(format_args!("{number}"), json),
    }
}

/// A number, or a text for a number that JSON lacks.
pub(crate) fn double(number: f64) -> serde_json::Value {
    match number {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        number if number.is_nan() => "NaN".into(),
        number => number.into(),
    }
}

fn push_text(text: &str, json: &mut String) {
    let needs_escape = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if text.bytes().any(needs_escape) {
        push(format_args!("{}", serde_json::Value::from(text)), json);
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}

fn push(text: std::fmt::Arguments<'_>, json: &mut String) {
    json.write_fmt(text)
        .expect("writing to a String cannot fail");
}
