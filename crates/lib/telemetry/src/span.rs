//! The current span, for code that does not use OpenTelemetry directly.

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue, Value};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::trace_context;

/// The maximum length in bytes of a text from a client in an attribute or a log line. Spans and
/// lines wait in memory; a limit of their number alone would not limit their size.
pub const MAX_TEXT: usize = 1024;

/// `text`, cut to at most [`MAX_TEXT`] bytes between characters.
#[must_use]
pub fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

/// Adds an attribute to the current span. A text is cut to [`MAX_TEXT`] bytes. Nothing happens
/// outside a span, or in a span that is not recorded.
pub fn set_attribute(key: &'static str, value: impl Into<Value>) {
    Context::map_current(|context| {
        let span = context.span();
        if span.span_context().is_sampled() {
            span.set_attribute(KeyValue::new(key, bounded_value(value.into())));
        }
    });
}

fn bounded_value(value: Value) -> Value {
    match value {
        Value::String(text) if text.as_str().len() > MAX_TEXT => {
            Value::from(bounded(text.as_str()).to_owned())
        }
        value => value,
    }
}

/// The trace id of the current span, 32 hexadecimal digits; none outside a span.
#[must_use]
pub fn trace_id() -> Option<String> {
    with_current(|context| context.trace_id().to_string())
}

/// The current span as the value of a `traceresponse` header: version, trace id, span id, flags.
/// <https://www.w3.org/TR/trace-context-2/#traceresponse-header>
#[must_use]
pub fn traceresponse() -> Option<String> {
    with_current(trace_context::parent)
}

/// A place in a trace, for work that it causes later, when its own span has ended.
///
/// A `tracing` parent stays open until its children have ended; the parent of an adopted span does
/// not.
#[derive(Debug, Clone, Default)]
pub struct Cause(Context);

impl Cause {
    /// The current span. Outside a span, an adopted span begins a new trace.
    #[must_use]
    pub fn current() -> Self {
        let place = with_current(SpanContext::clone);
        Self(place.map_or_else(Context::new, |place| {
            Context::new().with_remote_span_context(place)
        }))
    }

    /// Makes `span` a child of that place. It must be created with `parent: None` and not have been
    /// entered yet.
    pub fn adopt(&self, span: &Span) {
        // Fails only for a span that the filter disabled.
        let _ = span.set_parent(self.0.clone());
    }
}

/// Calls `read` with the context of the current span, if there is one.
pub(crate) fn with_current<T>(read: impl FnOnce(&SpanContext) -> T) -> Option<T> {
    Context::map_current(|context| {
        let span = context.span();
        let context = span.span_context();
        context.is_valid().then(|| read(context))
    })
}
