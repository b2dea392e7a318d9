//! OTLP/JSON: protobuf's JSON mapping, but with hexadecimal ids and enums as numbers. 64-bit
//! integers may be numbers or strings, null means a missing field, and unknown fields are ignored.
//!
//! `opentelemetry-proto` can parse it too, but only with a dependency on a property-testing
//! library.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::resource::v1::Resource as OtlpResource;
use opentelemetry_proto::tonic::trace::v1::{self as trace, span};
use serde::Deserialize;

mod scalar;
mod value;

use scalar::{hexadecimal, kind, number, status_code};
use value::{Attributes, attributes};

/// Maximum length of an explanation in bytes: serde's may repeat whole texts of the body.
const MAX_REASON: usize = 200;

/// Parses a request.
///
/// # Errors
/// A text with the mistake and its position.
pub(crate) fn decode(body: &[u8]) -> Result<ExportTraceServiceRequest, String> {
    let request: Request = serde_json::from_slice(body).map_err(|error| {
        let reason = error.to_string();
        let (line, column) = (error.line(), error.column());
        match reason.len() <= MAX_REASON {
            true => reason,
            false => format!("invalid value at line {line} column {column}"),
        }
    })?;
    Ok(ExportTraceServiceRequest {
        resource_spans: list(request.resource_spans),
    })
}

/// Converts a JSON list to a list of `T`.
fn list<J, T: From<J>>(items: Option<Vec<J>>) -> Vec<T> {
    let items = items.unwrap_or_default().into_iter();
    items.map(T::from).collect()
}

#[derive(Deserialize)]
#[serde(expecting = "an object with resourceSpans")]
struct Request {
    #[serde(alias = "resourceSpans")]
    resource_spans: Option<Vec<ResourceSpans>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with scopeSpans")]
struct ResourceSpans {
    resource: Option<Resource>,
    #[serde(alias = "scopeSpans")]
    scope_spans: Option<Vec<ScopeSpans>>,
    #[serde(alias = "schemaUrl")]
    schema_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a resource")]
struct Resource {
    attributes: Attributes,
    #[serde(alias = "droppedAttributesCount")]
    dropped_attributes_count: Option<u32>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with spans")]
struct ScopeSpans {
    scope: Option<Scope>,
    spans: Option<Vec<Span>>,
    #[serde(alias = "schemaUrl")]
    schema_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a scope")]
struct Scope {
    name: Option<String>,
    version: Option<String>,
    attributes: Attributes,
    #[serde(alias = "droppedAttributesCount")]
    dropped_attributes_count: Option<u32>,
}

#[derive(Deserialize)]
#[serde(expecting = "a span")]
struct Span {
    #[serde(alias = "traceId", default, deserialize_with = "hexadecimal")]
    trace_id: Vec<u8>,
    #[serde(alias = "spanId", default, deserialize_with = "hexadecimal")]
    span_id: Vec<u8>,
    #[serde(alias = "traceState")]
    trace_state: Option<String>,
    #[serde(alias = "parentSpanId", default, deserialize_with = "hexadecimal")]
    parent_span_id: Vec<u8>,
    flags: Option<u32>,
    name: Option<String>,
    #[serde(default, deserialize_with = "kind")]
    kind: i32,
    #[serde(alias = "startTimeUnixNano", default, deserialize_with = "number")]
    start_time_unix_nano: u64,
    #[serde(alias = "endTimeUnixNano", default, deserialize_with = "number")]
    end_time_unix_nano: u64,
    attributes: Attributes,
    #[serde(alias = "droppedAttributesCount")]
    dropped_attributes_count: Option<u32>,
    events: Option<Vec<Event>>,
    #[serde(alias = "droppedEventsCount")]
    dropped_events_count: Option<u32>,
    links: Option<Vec<Link>>,
    #[serde(alias = "droppedLinksCount")]
    dropped_links_count: Option<u32>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(expecting = "an event")]
struct Event {
    #[serde(alias = "timeUnixNano", default, deserialize_with = "number")]
    time_unix_nano: u64,
    name: Option<String>,
    attributes: Attributes,
    #[serde(alias = "droppedAttributesCount")]
    dropped_attributes_count: Option<u32>,
}

#[derive(Deserialize)]
#[serde(expecting = "a link")]
struct Link {
    #[serde(alias = "traceId", default, deserialize_with = "hexadecimal")]
    trace_id: Vec<u8>,
    #[serde(alias = "spanId", default, deserialize_with = "hexadecimal")]
    span_id: Vec<u8>,
    #[serde(alias = "traceState")]
    trace_state: Option<String>,
    attributes: Attributes,
    #[serde(alias = "droppedAttributesCount")]
    dropped_attributes_count: Option<u32>,
    flags: Option<u32>,
}

#[derive(Deserialize)]
#[serde(expecting = "a status")]
struct Status {
    message: Option<String>,
    #[serde(default, deserialize_with = "status_code")]
    code: i32,
}

impl From<ResourceSpans> for trace::ResourceSpans {
    fn from(json: ResourceSpans) -> Self {
        let resource = json.resource.map(|resource| OtlpResource {
            attributes: attributes(resource.attributes),
            dropped_attributes_count: resource.dropped_attributes_count.unwrap_or_default(),
            entity_refs: Vec::new(),
        });
        Self {
            resource,
            scope_spans: list(json.scope_spans),
            schema_url: json.schema_url.unwrap_or_default(),
        }
    }
}

impl From<ScopeSpans> for trace::ScopeSpans {
    fn from(json: ScopeSpans) -> Self {
        let scope = json.scope.map(|scope| common::InstrumentationScope {
            name: scope.name.unwrap_or_default(),
            version: scope.version.unwrap_or_default(),
            attributes: attributes(scope.attributes),
            dropped_attributes_count: scope.dropped_attributes_count.unwrap_or_default(),
        });
        Self {
            scope,
            spans: list(json.spans),
            schema_url: json.schema_url.unwrap_or_default(),
        }
    }
}

impl From<Span> for trace::Span {
    fn from(json: Span) -> Self {
        let status = json.status.map(|status| trace::Status {
            message: status.message.unwrap_or_default(),
            code: status.code,
        });
        Self {
            trace_id: json.trace_id,
            span_id: json.span_id,
            trace_state: json.trace_state.unwrap_or_default(),
            parent_span_id: json.parent_span_id,
            flags: json.flags.unwrap_or_default(),
            name: json.name.unwrap_or_default(),
            kind: json.kind,
            start_time_unix_nano: json.start_time_unix_nano,
            end_time_unix_nano: json.end_time_unix_nano,
            attributes: attributes(json.attributes),
            dropped_attributes_count: json.dropped_attributes_count.unwrap_or_default(),
            events: list(json.events),
            dropped_events_count: json.dropped_events_count.unwrap_or_default(),
            links: list(json.links),
            dropped_links_count: json.dropped_links_count.unwrap_or_default(),
            status,
        }
    }
}

impl From<Event> for span::Event {
    fn from(json: Event) -> Self {
        Self {
            time_unix_nano: json.time_unix_nano,
            name: json.name.unwrap_or_default(),
            attributes: attributes(json.attributes),
            dropped_attributes_count: json.dropped_attributes_count.unwrap_or_default(),
        }
    }
}

impl From<Link> for span::Link {
    fn from(json: Link) -> Self {
        Self {
            trace_id: json.trace_id,
            span_id: json.span_id,
            trace_state: json.trace_state.unwrap_or_default(),
            attributes: attributes(json.attributes),
            dropped_attributes_count: json.dropped_attributes_count.unwrap_or_default(),
            flags: json.flags.unwrap_or_default(),
        }
    }
}
