//! Spans as they are stored, and a trace as programs read it.

use std::fmt;
use std::sync::Arc;

use crate::head::Head;
use crate::source::Source;
use crate::{Kind, SpanId, Status, TraceId, Value};

/// A span as it arrived, except for what was trimmed. It is kept in OTLP's protobuf and read when
/// it is asked.
#[derive(Clone)]
pub struct Span {
    id: SpanId,
    /// An encoded `Span`.
    message: Arc<[u8]>,
    pub(crate) source: Arc<Source>,
}

/// The spans of one trace id that had arrived when it was read.
#[derive(Debug, Clone)]
pub struct Trace {
    id: TraceId,
    spans: Vec<Arc<Span>>,
    root: Option<usize>,
    start_unix_nano: u64,
    end_unix_nano: u64,
}

impl Span {
    /// Creates a span from its encoded message, whose ids are valid.
    pub(crate) fn new(id: SpanId, message: Arc<[u8]>, source: Arc<Source>) -> Self {
        Self {
            id,
            message,
            source,
        }
    }

    /// The encoded `Span`.
    pub(crate) fn message(&self) -> &[u8] {
        &self.message
    }

    fn head(&self) -> Head<'_> {
        Head::of(self)
    }

    /// The id of the span's trace.
    ///
    /// # Panics
    /// Never: only spans with a valid trace id are stored.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        let id = self.head().trace_id();
        id.expect("a stored span has a valid trace id")
    }

    /// The span's own id.
    #[must_use]
    pub fn id(&self) -> SpanId {
        self.id
    }

    /// The id of the parent span; none for a root.
    #[must_use]
    pub fn parent_id(&self) -> Option<SpanId> {
        self.head().parent_id()
    }

    /// The resource's `service.name`; empty if it has none.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.source.origin.service
    }

    /// The operation, such as `GET /roll`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.head().name()
    }

    /// The span's role in a call.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.head().kind()
    }

    /// The span's status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.head().status()
    }

    /// Start, in nanoseconds since 1970.
    #[must_use]
    pub fn start_unix_nano(&self) -> u64 {
        self.head().start
    }

    /// End, in nanoseconds since 1970.
    #[must_use]
    pub fn end_unix_nano(&self) -> u64 {
        self.head().end
    }

    /// Length in nanoseconds; 0 if the sender's clock ran backwards.
    #[must_use]
    pub fn duration_nanos(&self) -> u64 {
        self.head().duration_nanos()
    }

    /// The span's attribute with this name.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<Value<'_>> {
        self.head().attribute(key)
    }

    /// The attribute of the span's resource with this name.
    #[must_use]
    pub fn resource_attribute(&self, key: &str) -> Option<Value<'_>> {
        self.source.origin.attribute(key)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut message = String::new();
        crate::json::span(&self.message, &mut message);
        formatter
            .debug_struct("Span")
            .field("service", &self.service())
            .field("message", &format_args!("{message}"))
            .finish()
    }
}

/// The index of the first span without a parent, by start and then by arrival.
pub(crate) fn root(spans: &[Span]) -> Option<usize> {
    let heads = spans.iter().map(Head::of).enumerate();
    let roots = heads.filter(|(_, head)| head.parent_id().is_none());
    let first = roots.min_by_key(|(_, head)| head.start);
    first.map(|(index, _)| index)
}

impl Trace {
    /// The trace with these spans, of which there is at least one, between these times.
    pub(crate) fn new(id: TraceId, spans: &[Span], (start, end): (u64, u64)) -> Self {
        Self {
            id,
            root: root(spans),
            spans: spans.iter().cloned().map(Arc::new).collect(),
            start_unix_nano: start,
            end_unix_nano: end,
        }
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
        let spans = self.spans.iter().map(|span| &**span);
        spans.into_iter().find(|span| span.id == id)
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
