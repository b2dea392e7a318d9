//! The current span, for those who do not name OpenTelemetry.

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue, Value};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Adds an attribute to the span of the request being handled, under its conventional name.
/// Nothing happens outside a span, or in one that is not recorded.
pub fn set_attribute(key: &'static str, value: impl Into<Value>) {
    Context::map_current(|context| context.span().set_attribute(KeyValue::new(key, value)));
}

/// The trace id of the current span, 32 hexadecimal digits. None outside a span.
#[must_use]
pub fn trace_id() -> Option<String> {
    with_current(|context| context.trace_id().to_string())
}

/// The current span as the value of a `traceresponse` header: version, trace id, span id, flags.
/// <https://www.w3.org/TR/trace-context-2/#traceresponse-header>
#[must_use]
pub fn traceresponse() -> Option<String> {
    with_current(|context| {
        format!(
            "00-{}-{}-{:02x}",
            context.trace_id(),
            context.span_id(),
            context.trace_flags()
        )
    })
}

/// A place in a trace, kept for work that it causes later, when its own span has ended.
///
/// A `tracing` parent stays open until its children have ended; what is adopted here lets it go.
#[derive(Debug, Clone, Default)]
pub struct Cause(Context);

impl Cause {
    /// The current span. Outside a span, what is adopted begins a trace of its own.
    #[must_use]
    pub fn current() -> Self {
        let place = with_current(SpanContext::clone);
        Self(place.map_or_else(Context::new, |place| {
            Context::new().with_remote_span_context(place)
        }))
    }

    /// Makes `span`, created with `parent: None` and not entered yet, a child of that place.
    pub fn adopt(&self, span: &Span) {
        // Fails only for a span that the filter disabled.
        let _ = span.set_parent(self.0.clone());
    }
}

/// Calls `read` with the entered span's context, if there is one.
pub(crate) fn with_current<T>(read: impl FnOnce(&SpanContext) -> T) -> Option<T> {
    Context::map_current(|context| {
        let span = context.span();
        let context = span.span_context();
        context.is_valid().then(|| read(context))
    })
}
