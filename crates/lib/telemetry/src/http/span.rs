//! The SERVER span of a request.
//!
//! Attributes follow the HTTP semantic conventions,
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span>. They are set
//! only if the span is recorded: for a request that is not sampled, they would cost more than the
//! rest of its tracing.

use std::borrow::Cow;

use axum::extract::{MatchedPath, Request};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode, Version};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanRef, Status, TraceContextExt, TraceFlags};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{OTHER_METHOD, method_label};
use crate::secrets::redacted_query;
use crate::span::bounded;
use crate::trace_context::{RANDOM, TRACEPARENT, TRACESTATE, state_within_limits};

/// A started SERVER span, as a span of `tracing` and as a context of OpenTelemetry.
pub(super) struct ServerSpan {
    span: Span,
    context: Context,
    continues_trace: bool,
}

impl ServerSpan {
    /// Starts the span of `request`, which continues its caller's trace.
    pub(super) fn start(request: &Request, matched: Option<&MatchedPath>) -> Self {
        let span = info_span!("request", otel.kind = "server");
        let parent = remote_parent(request.headers());
        let continues_trace = parent.is_some();
        if let Some(parent) = parent {
            // Fails only for a span that the filter disabled.
            let _ = span.set_parent(parent);
        }
        let context = span.context();
        if context.span().is_recording() {
            describe(&context.span(), request, matched.map(MatchedPath::as_str));
        }
        Self {
            span,
            context,
            continues_trace,
        }
    }

    /// Whether it continues its caller's trace.
    pub(super) fn continues_trace(&self) -> bool {
        self.continues_trace
    }

    /// The span for the handler's future.
    pub(super) fn entered(&self) -> Span {
        self.span.clone()
    }

    /// Records the status. Only a 5xx is an error of this server; a 4xx is one of the client.
    pub(super) fn finish(&self, status: StatusCode) {
        let span = self.context.span();
        let code = i64::from(status.as_u16());
        span.set_attribute(KeyValue::new("http.response.status_code", code));
        if status.is_server_error() {
            span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
            span.set_status(Status::error(""));
        }
    }
}

fn describe(span: &SpanRef<'_>, request: &Request, route: Option<&str>) {
    let method = method_label(request.method());
    // The conventions call an unknown method HTTP in the name of the span.
    let known = method != OTHER_METHOD;
    let verb = if known { method } else { "HTTP" };
    let name = route.map(|route| format!("{verb} {route}"));
    span.update_name(name.unwrap_or_else(|| verb.to_owned()));
    let text = |key, value: Option<&str>| Some(KeyValue::new(key, bounded(value?).to_owned()));
    let original = (!known).then(|| request.method().as_str());
    let user_agent = request.headers().get(USER_AGENT);
    let query = request.uri().query().map(redacted_query);
    let always = [
        KeyValue::new("http.request.method", method),
        KeyValue::new("url.scheme", "http"),
        KeyValue::new(
            "network.protocol.version",
            protocol_version(request.version()),
        ),
    ];
    let optional = [
        text("http.request.method_original", original),
        text("http.route", route),
        text("url.path", Some(request.uri().path())),
        text("url.query", query.as_deref()),
        text(
            "user_agent.original",
            user_agent.and_then(|value| value.to_str().ok()),
        ),
    ];
    span.set_attributes(always.into_iter().chain(optional.into_iter().flatten()));
}

fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

/// The caller's span, from a valid `traceparent` header and all `tracestate` headers.
/// <https://www.w3.org/TR/trace-context-2/>
///
/// Two `traceparent` headers contradict each other, so a new trace is started. Several `tracestate`
/// headers form one list, in their order. The flag for random trace ids is kept; the SDK's
/// propagator reads only the sampled flag.
fn remote_parent(headers: &HeaderMap) -> Option<Context> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let parent = parents.next()?.to_str().ok()?;
    if parents.next().is_some() {
        return None;
    }
    let carrier = Carrier {
        parent,
        state: trace_state(headers),
    };
    let context = TraceContextPropagator::new().extract(&carrier);
    let span = context.span().span_context().clone();
    if !span.is_valid() {
        return None;
    }
    let flags = TraceFlags::new(span.trace_flags().to_u8() | random_flag(parent));
    let (trace, id, state) = (span.trace_id(), span.span_id(), span.trace_state().clone());
    let span = SpanContext::new(trace, id, flags, true, state);
    Some(Context::new().with_remote_span_context(span))
}

struct Carrier<'a> {
    parent: &'a str,
    state: Option<Cow<'a, str>>,
}

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => Some(self.parent),
            TRACESTATE => self.state.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}

/// The `tracestate` headers as one, within limits; none if one of them is not text.
fn trace_state(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut lines = headers.get_all(TRACESTATE).iter();
    let mut state = Cow::Borrowed(lines.next()?.to_str().ok()?);
    for line in lines {
        let state = state.to_mut();
        state.push(',');
        state.push_str(line.to_str().ok()?);
    }
    state_within_limits(state)
}

/// The random flag of a valid `traceparent`, whose flags are its fourth field.
fn random_flag(parent: &str) -> u8 {
    let flags = parent.split('-').nth(3);
    let flags = flags.and_then(|flags| u8::from_str_radix(flags, 16).ok());
    flags.unwrap_or_default() & RANDOM
}
