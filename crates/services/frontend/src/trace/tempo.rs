//! Tempo's JSON of one trace, read into spans.
//!
//! It is protobuf's JSON of OTLP: names are camelCase, 64-bit numbers are strings, defaults are
//! left out. Ids are bytes and therefore base64; OTLP's own JSON has them in hexadecimal digits,
//! and both are read.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// `PartialStatus` of Tempo's `tempo.proto`, by name and by number.
const PARTIAL: &str = "PARTIAL";
const PARTIAL_NUMBER: &str = "1";

/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` and `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK` of OTLP's
/// `trace.proto`.
const HAS_AND_IS_REMOTE: u32 = 0x300;

/// One span.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Span {
    /// 32 hexadecimal digits.
    pub(super) trace_id: String,
    /// 16 hexadecimal digits.
    pub(super) id: String,
    /// As `id`; none for a root.
    pub(super) parent: Option<String>,
    /// Whether the parent is known to be in another process; OTLP's `flags` say so.
    pub(super) has_remote_parent: bool,
    pub(super) service: String,
    pub(super) name: String,
    /// `server`, `client`, `internal`, ... as in `SPAN_KIND_SERVER`.
    pub(super) kind: String,
    /// Nanoseconds since 1970.
    pub(super) start: u64,
    /// Nanoseconds since 1970, not before `start`.
    pub(super) end: u64,
    pub(super) error: bool,
    pub(super) attributes: Map<String, Value>,
}

/// A trace as the store has it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Trace {
    pub(super) spans: Vec<Span>,
    /// The store's reason, when it left spans out; Tempo does so above its limit on bytes.
    pub(super) partial: Option<String>,
}

/// The trace of an answer of `/api/v2/traces/{id}`; without spans for one that is not there.
///
/// # Errors
/// When it is not such an answer.
pub(super) fn read(json: &[u8]) -> Result<Trace, serde_json::Error> {
    let reply: Reply = serde_json::from_slice(json)?;
    let partial = (reply.status == PARTIAL || reply.status == PARTIAL_NUMBER)
        .then(|| Some(reply.message).filter(|text| !text.is_empty()))
        .map(|text| text.unwrap_or_else(|| "the trace store left spans out".to_owned()));
    let mut spans = Vec::new();
    for resource_spans in reply.trace.resource_spans {
        let resource = attributes(resource_spans.resource.attributes);
        let service = resource.get("service.name").and_then(Value::as_str);
        let service = service.unwrap_or("unknown service");
        let wire = resource_spans.scope_spans.into_iter();
        spans.extend(wire.flat_map(|scope| scope.spans).map(|s| span(service, s)));
    }
    Ok(Trace { spans, partial })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reply {
    trace: WireTrace,
    #[serde(deserialize_with = "name_or_number")]
    status: String,
    message: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WireTrace {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ResourceSpans {
    resource: Resource,
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource {
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ScopeSpans {
    spans: Vec<WireSpan>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WireSpan {
    trace_id: String,
    span_id: String,
    parent_span_id: String,
    flags: u32,
    name: String,
    #[serde(deserialize_with = "name_or_number")]
    kind: String,
    #[serde(deserialize_with = "name_or_number")]
    start_time_unix_nano: String,
    #[serde(deserialize_with = "name_or_number")]
    end_time_unix_nano: String,
    attributes: Vec<KeyValue>,
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "name_or_number")]
    code: String,
}

#[derive(Deserialize)]
struct KeyValue {
    key: String,
    #[serde(default)]
    value: Map<String, Value>,
}

/// An enum, whose names are strings and whose unknown values are numbers, or a 64-bit integer,
/// which may be either.
fn name_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

fn span(service: &str, wire: WireSpan) -> Span {
    let kind = wire
        .kind
        .strip_prefix("SPAN_KIND_")
        .unwrap_or("unspecified");
    let start = wire.start_time_unix_nano.parse().unwrap_or(0);
    let end = wire.end_time_unix_nano.parse().unwrap_or(0);
    Span {
        trace_id: id(&wire.trace_id, 16),
        id: id(&wire.span_id, 8),
        parent: Some(id(&wire.parent_span_id, 8))
            .filter(|id| id.bytes().any(|digit| digit != b'0')),
        has_remote_parent: wire.flags & HAS_AND_IS_REMOTE == HAS_AND_IS_REMOTE,
        service: service.to_owned(),
        name: wire.name,
        kind: kind.to_ascii_lowercase(),
        start,
        end: start.max(end),
        error: wire.status.code == "STATUS_CODE_ERROR" || wire.status.code == "2",
        attributes: attributes(wire.attributes),
    }
}

/// An id of so many bytes as hexadecimal digits. Their number tells the two encodings apart.
fn id(text: &str, bytes: usize) -> String {
    if text.len() == 2 * bytes {
        return text.to_ascii_lowercase();
    }
    let decoded = STANDARD.decode(text).unwrap_or_default();
    decoded.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Attributes as plain JSON. Whole numbers that JSON's readers would round stay strings.
fn attributes(list: Vec<KeyValue>) -> Map<String, Value> {
    let plain = list.into_iter().map(|KeyValue { key, value }| {
        let value = value.into_iter().next();
        (
            key,
            value.map_or(Value::Null, |(kind, value)| plain(&kind, value)),
        )
    });
    plain.collect()
}

fn plain(kind: &str, value: Value) -> Value {
    const EXACT: i64 = 1 << 53;
    let whole = value.as_str().and_then(|text| text.parse::<i64>().ok());
    match whole {
        Some(number) if kind == "intValue" && (-EXACT..=EXACT).contains(&number) => number.into(),
        _ => value,
    }
}
