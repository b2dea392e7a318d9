//! The W3C trace context as this system writes it. <https://www.w3.org/TR/trace-context-2/>
//!
//! Not by the SDK's propagator: that one drops the random flag, and sends an empty `tracestate`
//! with every call.

use opentelemetry::trace::SpanContext;
use reqwest::header::{HeaderMap, HeaderValue};

pub(crate) const TRACEPARENT: &str = "traceparent";
pub(crate) const TRACESTATE: &str = "tracestate";

/// The flag that says that at least the last 7 bytes of the trace id are random.
pub(crate) const RANDOM: u8 = 0b10;

/// Flags that level 2 defines; others must be sent as 0.
const KNOWN_FLAGS: u8 = 0b11;

/// `version-traceid-spanid-flags`: the value of `traceparent`, and of `traceresponse`.
pub(crate) fn parent(span: &SpanContext) -> String {
    let (trace, id) = (span.trace_id(), span.span_id());
    let flags = span.trace_flags().to_u8() & KNOWN_FLAGS;
    format!("00-{trace}-{id}-{flags:02x}")
}

/// The headers that continue the trace of `span`; none outside a trace.
pub(crate) fn headers(span: &SpanContext) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !span.is_valid() {
        return headers;
    }
    if let Ok(parent) = HeaderValue::try_from(parent(span)) {
        headers.insert(TRACEPARENT, parent);
    }
    let state = span.trace_state().header();
    if !state.is_empty()
        && let Ok(state) = HeaderValue::try_from(state)
    {
        headers.insert(TRACESTATE, state);
    }
    headers
}
