//! The SERVER span of a request.
//!
//! Attributes follow the HTTP semantic conventions,
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span>. They are set
//! once it is known that the span is recorded: describing the nine in ten requests that a sampler
//! leaves out would cost more than all the rest of their tracing.

use axum::extract::{MatchedPath, Request};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderName, StatusCode, Version};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanRef, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::method_label;

/// Bytes of an attribute that the client wrote: spans wait in memory, and their number alone would
/// bound nothing.
const MAX_TEXT: usize = 1024;

/// A started SERVER span: as `tracing` and as OpenTelemetry know it.
pub(super) struct ServerSpan {
    span: Span,
    context: Context,
}

impl ServerSpan {
    /// Starts the span of `request`, which continues its caller's trace.
    pub(super) fn start(request: &Request, matched: Option<&MatchedPath>) -> Self {
        let span = info_span!("request", otel.kind = "server");
        if let Some(parent) = remote_parent(request.headers()) {
            // Fails only for a span that the filter disabled.
            let _ = span.set_parent(parent);
        }
        let context = span.context();
        if context.span().is_recording() {
            describe(&context.span(), request, matched.map(MatchedPath::as_str));
        }
        Self { span, context }
    }

    /// What the handler's future is to be instrumented with.
    pub(super) fn entered(&self) -> Span {
        self.span.clone()
    }

    /// Records the outcome. Status is an error for 5xx only: a 4xx is the client's mistake, not
    /// this server's.
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
    let name = route.map(|route| format!("{method} {route}"));
    span.update_name(name.unwrap_or_else(|| method.to_owned()));
    let text = |key, value: Option<&str>| {
        let value = value?;
        let end = value.floor_char_boundary(MAX_TEXT);
        Some(KeyValue::new(key, value[..end].to_owned()))
    };
    let user_agent = request.headers().get(USER_AGENT);
    let always = [
        KeyValue::new("http.request.method", method),
        KeyValue::new("url.scheme", "http"),
        KeyValue::new(
            "network.protocol.version",
            protocol_version(request.version()),
        ),
    ];
    let known = [
        text("http.route", route),
        text("url.path", Some(request.uri().path())),
        text("url.query", request.uri().query()),
        text(
            "user_agent.original",
            user_agent.and_then(|value| value.to_str().ok()),
        ),
    ];
    span.set_attributes(always.into_iter().chain(known.into_iter().flatten()));
}

fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

/// The caller's span, from a valid `traceparent` header.
fn remote_parent(headers: &HeaderMap) -> Option<Context> {
    struct Headers<'a>(&'a HeaderMap);
    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key)?.to_str().ok()
        }
        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(HeaderName::as_str).collect()
        }
    }
    headers.get("traceparent")?;
    let context = TraceContextPropagator::new().extract(&Headers(headers));
    context.has_active_span().then_some(context)
}
