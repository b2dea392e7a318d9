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
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags, Tracer,
};
use opentelemetry::{Context, ContextGuard, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};

use super::{OTHER_METHOD, method_label};
use crate::secrets::redacted_query;
use crate::span::bounded;
use crate::trace_context::{RANDOM, TRACEPARENT, TRACESTATE, state_within_limits};
use crate::tracer::with_tracer;

/// The SERVER span of a request, as a context of OpenTelemetry in which its handler runs.
///
/// It is not a span of `tracing`: that would cost 9,600 instructions more if it is recorded, and
/// 6,500 if it is not. Spans that a handler makes with `tracing` are its children all the same, as
/// `tracing-opentelemetry` looks for their parent in the current context.
pub(super) struct ServerSpan {
    context: Context,
    continues_trace: bool,
}

impl ServerSpan {
    /// Starts the span of `request`, which continues its caller's trace. Without an SDK, the
    /// context is the caller's.
    pub(super) fn start(request: &Request) -> Self {
        let parent = remote_parent(request.headers());
        let continues_trace = parent.is_some();
        let parent = parent.unwrap_or_default();
        let started = with_tracer(|tracer| started(tracer, request, &parent));
        Self {
            context: started.unwrap_or(parent),
            continues_trace,
        }
    }

    /// Whether it continues its caller's trace.
    pub(super) fn continues_trace(&self) -> bool {
        self.continues_trace
    }

    /// Makes the span the current one until the guard is dropped.
    pub(super) fn enter(&self) -> ContextGuard {
        self.context.clone().attach()
    }

    /// Records the status and ends the span. Only a 5xx is an error of this server; a 4xx is one of
    /// the client.
    pub(super) fn finish(&self, status: StatusCode) {
        let span = self.context.span();
        if !span.span_context().is_sampled() {
            return;
        }
        let code = i64::from(status.as_u16());
        let is_error = status.is_server_error();
        let error = || KeyValue::new("error.type", status.as_str().to_owned());
        let code = KeyValue::new("http.response.status_code", code);
        span.set_attributes([Some(code), is_error.then(error)].into_iter().flatten());
        if is_error {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// A context with a span for `request`. If the trace is not recorded, it has the span's ids only.
fn started(tracer: &SdkTracer, request: &Request, parent: &Context) -> Context {
    let span = SpanBuilder::from_name("request").with_kind(SpanKind::Server);
    let mut span = tracer.build_with_context(span, parent);
    if !span.is_recording() {
        return parent.with_remote_span_context(span.span_context().clone());
    }
    describe(&mut span, request);
    parent.with_span(span)
}

fn describe(span: &mut SdkSpan, request: &Request) {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map(MatchedPath::as_str);
    let method = method_label(request.method());
    // The conventions call an unknown method HTTP in the name of the span.
    let known = method != OTHER_METHOD;
    let verb = if known { method } else { "HTTP" };
    match route {
        Some(route) => span.update_name([verb, " ", route].concat()),
        None => span.update_name(verb),
    }
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
    let mut parents = headers.get_all(&TRACEPARENT).iter();
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
            _ if TRACEPARENT == key => Some(self.parent),
            _ if TRACESTATE == key => self.state.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT.as_str(), TRACESTATE.as_str()]
    }
}

/// The `tracestate` headers as one, within limits; none if one of them is not text.
fn trace_state(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut lines = headers.get_all(&TRACESTATE).iter();
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
