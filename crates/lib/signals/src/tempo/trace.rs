//! A trace as a list of spans, each with its service. The wire format groups them by resource and
//! scope.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Wire;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span as WireSpan, SpanFlags, Status, TracesData};
use serde_json::{Map, Value};

/// The service of spans whose resource has no `service.name`.
const UNKNOWN: &str = "unknown service";

/// The spans of one trace that have arrived so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// In the order of the answer.
    pub spans: Vec<Span>,
    /// Why the store reports that spans are missing, if it does.
    pub partial: Option<String>,
}

/// One span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Span {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub id: String,
    /// As `id`; none for a root.
    pub parent: Option<String>,
    /// Whether the parent is in another process; none if the sender does not specify it.
    pub has_remote_parent: Option<bool>,
    /// `service.name` of the resource.
    pub service: Arc<str>,
    /// The span's name.
    pub name: String,
    /// The kind of the span.
    pub kind: Kind,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970, not before `start`.
    pub end: u64,
    /// Whether its status is an error.
    pub error: bool,
    /// Attributes as plain JSON. Strings are used for integers beyond 2^53, which JSON parsers
    /// round, and for `NaN`, `inf` and `-inf`, which JSON lacks; bytes are hexadecimal digits.
    pub attributes: Map<String, Value>,
}

/// The kind of a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The sender did not specify it.
    #[default]
    Unspecified,
    /// Work inside a process.
    Internal,
    /// Answering a request.
    Server,
    /// Sending a request and waiting for its answer.
    Client,
    /// Sending a message.
    Producer,
    /// Handling a message.
    Consumer,
}

impl Kind {
    /// The kind in lower case, as in `server`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

impl Trace {
    pub(super) fn new(data: TracesData, partial: Option<String>) -> Self {
        let mut spans = Vec::new();
        for resource_spans in data.resource_spans {
            let resource = resource_spans.resource.unwrap_or_default();
            let service = service(&resource.attributes);
            let scopes = resource_spans.scope_spans.into_iter();
            let own = scopes.flat_map(|scope| scope.spans);
            spans.extend(own.map(|span| Span::new(&service, span)));
        }
        Self { spans, partial }
    }
}

impl Span {
    fn new(service: &Arc<str>, wire: WireSpan) -> Self {
        let (start, end) = (wire.start_time_unix_nano, wire.end_time_unix_nano);
        let status = wire.status.as_ref().map(Status::code);
        let remote = |flag: SpanFlags| wire.flags & flag as u32 != 0;
        let says_so = remote(SpanFlags::ContextHasIsRemoteMask);
        Self {
            trace_id: hex(&wire.trace_id),
            id: hex(&wire.span_id),
            parent: parent(&wire.parent_span_id),
            has_remote_parent: says_so.then(|| remote(SpanFlags::ContextIsRemoteMask)),
            service: Arc::clone(service),
            kind: kind(wire.kind()),
            name: wire.name,
            start,
            end: start.max(end),
            error: status == Some(StatusCode::Error),
            attributes: attributes(wire.attributes),
        }
    }
}

/// Some senders encode a missing parent as zeros.
fn parent(id: &[u8]) -> Option<String> {
    id.iter().any(|byte| *byte != 0).then(|| hex(id))
}

fn service(resource: &[KeyValue]) -> Arc<str> {
    let name = resource.iter().find(|entry| entry.key == "service.name");
    let value = name.and_then(|entry| entry.value.as_ref()?.value.as_ref());
    match value {
        Some(Wire::StringValue(name)) => Arc::from(name.as_str()),
        _ => Arc::from(UNKNOWN),
    }
}

fn kind(kind: SpanKind) -> Kind {
    match kind {
        SpanKind::Unspecified => Kind::Unspecified,
        SpanKind::Internal => Kind::Internal,
        SpanKind::Server => Kind::Server,
        SpanKind::Client => Kind::Client,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
    }
}

/// Each span has two or three ids; by `fmt`, they were a seventh of the time for a trace.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xf] {
            hex.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    hex
}

fn attributes(list: Vec<KeyValue>) -> Map<String, Value> {
    let plain = |KeyValue { key, value, .. }| (key, value.map_or(Value::Null, json));
    list.into_iter().map(plain).collect()
}

fn json(value: AnyValue) -> Value {
    const EXACT: i64 = 1 << 53;
    match value.value {
        None => Value::Null,
        Some(Wire::StringValue(text)) => text.into(),
        Some(Wire::BoolValue(truth)) => truth.into(),
        Some(Wire::IntValue(whole)) if (-EXACT..=EXACT).contains(&whole) => whole.into(),
        Some(Wire::IntValue(whole)) => whole.to_string().into(),
        Some(Wire::DoubleValue(number)) if number.is_finite() => number.into(),
        Some(Wire::DoubleValue(number)) => number.to_string().into(),
        Some(Wire::ArrayValue(list)) => list.values.into_iter().map(json).collect(),
        Some(Wire::KvlistValue(list)) => Value::Object(attributes(list.values)),
        Some(Wire::BytesValue(bytes)) => hex(&bytes).into(),
        // Part of the profiling signal, which does not occur in traces.
        Some(Wire::StringValueStrindex(_)) => Value::Null,
    }
}
