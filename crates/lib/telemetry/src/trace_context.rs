//! Writes the W3C trace context. <https://www.w3.org/TR/trace-context-2/>
//!
//! The SDK's propagator is not used, because it drops the random flag and sends an empty
//! `tracestate` with every call.

use std::borrow::Cow;

use opentelemetry::trace::SpanContext;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

pub(crate) static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The flag for trace ids of which at least the last 7 bytes are random.
pub(crate) const RANDOM: u8 = 0b10;

/// Flags that level 2 defines; others must be sent as 0.
const KNOWN_FLAGS: u8 = 0b11;

/// The maximum length of a trace state in bytes: each span keeps a copy until it is exported.
/// <https://www.w3.org/TR/trace-context-2/#tracestate-limits>
const MAX_STATE: usize = 512;

/// Longer entries, in bytes, are removed first from a trace state that is too long.
const LONG_ENTRY: usize = 128;

/// The maximum number of entries; a longer list is invalid.
const MAX_ENTRIES: usize = 32;

/// A client's trace state within the limits. If it is too long, the specification demands that long
/// entries are removed first, then those at the end.
pub(crate) fn state_within_limits(state: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let entries = || state.split(',').filter(|entry| !entry.trim().is_empty());
    if entries().count() > MAX_ENTRIES {
        return None;
    }
    if state.len() <= MAX_STATE {
        return Some(state);
    }
    let mut kept = String::with_capacity(MAX_STATE);
    for entry in entries().filter(|entry| entry.len() <= LONG_ENTRY) {
        if kept.len() + ",".len() + entry.len() > MAX_STATE {
            break;
        }
        if !kept.is_empty() {
            kept.push(',');
        }
        kept.push_str(entry);
    }
    Some(Cow::Owned(kept))
}

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
        headers.insert(&TRACEPARENT, parent);
    }
    let state = span.trace_state().header();
    if !state.is_empty()
        && let Ok(state) = HeaderValue::try_from(state)
    {
        headers.insert(&TRACESTATE, state);
    }
    headers
}
