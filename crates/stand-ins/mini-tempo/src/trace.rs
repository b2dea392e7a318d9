//! One trace: its spans in order of arrival, and values derived from them.

use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as otlp;

use crate::value::find;
use crate::{Kind, SpanId, Status, TraceId, Value};

/// The memory of a trace besides its spans: itself, its first allocations and its entries in the
/// store.
pub(crate) const PER_TRACE: usize = 512;

/// A span as it arrived, except for what was trimmed.
#[derive(Debug)]
pub struct Span {
    pub(crate) trace_id: TraceId,
    pub(crate) id: SpanId,
    pub(crate) otlp: otlp::Span,
    pub(crate) source: Arc<Source>,
    /// Its size in memory, without its source.
    pub(crate) bytes: usize,
}

/// The scope of a span; the spans of one scope in one request share it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) origin: Arc<Origin>,
    pub(crate) scope: Option<InstrumentationScope>,
    pub(crate) schema_url: String,
    /// Its size in memory, without its origin.
    pub(crate) bytes: usize,
}

/// The resource of a span; the scopes of one resource in one request share it.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) service: String,
    pub(crate) resource: Option<Resource>,
    pub(crate) schema_url: String,
    /// Its size in memory.
    pub(crate) bytes: usize,
}

/// The spans of one trace id that have arrived so far.
#[derive(Debug, Clone)]
pub struct Trace {
    id: TraceId,
    spans: Vec<Arc<Span>>,
    by_id: HashMap<SpanId, usize>,
    root: Option<usize>,
    start_unix_nano: u64,
    end_unix_nano: u64,
    bytes: usize,
}

impl Span {
    /// The id of the span's trace.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The span's own id.
    #[must_use]
    pub fn id(&self) -> SpanId {
        self.id
    }

    /// The id of the parent span; none for a root.
    #[must_use]
    pub fn parent_id(&self) -> Option<SpanId> {
        SpanId::from_otlp(&self.otlp.parent_span_id)
    }

    /// The resource's `service.name`; empty if it has none.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.source.origin.service
    }

    /// The operation, such as `GET /roll`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.otlp.name
    }

    /// The span's role in a call.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::from_otlp(self.otlp.kind)
    }

    /// The span's status.
    #[must_use]
    pub fn status(&self) -> Status {
        let status = self.otlp.status.as_ref();
        status.map_or(Status::Unset, |status| Status::from_otlp(status.code))
    }

    /// Start, in nanoseconds since 1970.
    #[must_use]
    pub fn start_unix_nano(&self) -> u64 {
        self.otlp.start_time_unix_nano
    }

    /// End, in nanoseconds since 1970.
    #[must_use]
    pub fn end_unix_nano(&self) -> u64 {
        self.otlp.end_time_unix_nano
    }

    /// Length in nanoseconds; 0 if the sender's clock ran backwards.
    #[must_use]
    pub fn duration_nanos(&self) -> u64 {
        self.end_unix_nano().saturating_sub(self.start_unix_nano())
    }

    /// The span's attribute with this name.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<Value<'_>> {
        find(&self.otlp.attributes, key)
    }

    /// The attribute of the span's resource with this name.
    #[must_use]
    pub fn resource_attribute(&self, key: &str) -> Option<Value<'_>> {
        find(&self.source.origin.resource.as_ref()?.attributes, key)
    }
}

impl Trace {
    /// Creates a trace from the first span to arrive.
    pub(crate) fn new(first: Arc<Span>) -> Self {
        let mut trace = Self {
            id: first.trace_id,
            spans: Vec::new(),
            by_id: HashMap::new(),
            root: None,
            start_unix_nano: u64::MAX,
            end_unix_nano: 0,
            bytes: PER_TRACE,
        };
        trace.insert(first);
        trace
    }

    /// Adds a span whose id is new.
    pub(crate) fn insert(&mut self, span: Arc<Span>) {
        let index = self.spans.len();
        self.by_id.insert(span.id, index);
        self.start_unix_nano = self.start_unix_nano.min(span.start_unix_nano());
        self.end_unix_nano = self.end_unix_nano.max(span.end_unix_nano());
        if span.parent_id().is_none()
            && self
                .root()
                .is_none_or(|root| span.start_unix_nano() < root.start_unix_nano())
        {
            self.root = Some(index);
        }
        self.bytes += span.bytes;
        self.spans.push(span);
    }

    /// Its size in memory, in bytes, without the sources of its spans.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The trace id of its spans.
    #[must_use]
    pub fn id(&self) -> TraceId {
        self.id
    }

    /// The spans in order of arrival, at least one.
    #[must_use]
    pub fn spans(&self) -> &[Arc<Span>] {
        &self.spans
    }

    /// The span with this id.
    #[must_use]
    pub fn span(&self, id: SpanId) -> Option<&Span> {
        self.by_id.get(&id).map(|index| &*self.spans[*index])
    }

    /// The first span without a parent; none until it has arrived.
    #[must_use]
    pub fn root(&self) -> Option<&Span> {
        self.root.map(|index| &*self.spans[index])
    }

    /// The spans that name `parent` as their parent.
    pub fn children(&self, parent: SpanId) -> impl Iterator<Item = &Span> {
        let of_parent = move |span: &&Span| span.parent_id() == Some(parent);
        self.spans.iter().map(|span| &**span).filter(of_parent)
    }

    /// The earliest start, in nanoseconds since 1970.
    #[must_use]
    pub fn start_unix_nano(&self) -> u64 {
        self.start_unix_nano
    }

    /// The latest end, in nanoseconds since 1970.
    #[must_use]
    pub fn end_unix_nano(&self) -> u64 {
        self.end_unix_nano
    }

    /// From the earliest start to the latest end, in nanoseconds.
    #[must_use]
    pub fn duration_nanos(&self) -> u64 {
        self.end_unix_nano.saturating_sub(self.start_unix_nano)
    }
}
