//! The one middleware: a SERVER span and the RED metrics (rate, errors, duration) for each request.
//!
//! Attributes follow the HTTP semantic conventions,
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span>.
//! `/healthz` and `/metrics` are added outside it: they are neither traced, logged nor counted.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Instrument, Span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::metrics::{
    self, HistogramVec, InProgress, IntCounterVec, IntGaugeVec, KnownValues, Registry,
};

/// The status recorded for a client that went away before the answer, as nginx does.
const CLIENT_CLOSED_REQUEST: &str = "499";

/// Upper bounds in seconds: from a lookup in memory to the frontend's longest wait. The one at 1.1
/// is for rolls of nearly a second: without it they would be shown as anything up to 2.5.
const DURATION_BOUNDS: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.1, 2.5, 5.0, 10.0,
];

/// A route, as `"/path"` for GET or as `"POST /path"`, and the statuses it answers with; their
/// series exist at 0 from the first scrape.
pub type Route = (&'static str, &'static [u16]);

/// The method and the path of a [`Route`].
#[must_use]
pub fn method_and_path(route: &'static str) -> (&'static str, &'static str) {
    route.split_once(' ').unwrap_or(("GET", route))
}

/// Wraps `app`, whose metrics are in `registry`, and adds `/healthz` and `/metrics`.
pub fn instrument(app: Router, registry: &Registry, routes: &[Route]) -> Router {
    let metrics = Arc::new(HttpMetrics::register(registry, routes));
    let registry = registry.clone();
    let scrape = move || async move { metrics::render(&registry) };
    app.layer(from_fn_with_state(metrics, observe))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(scrape))
}

/// The handles of the common metrics.
struct HttpMetrics {
    requests: IntCounterVec,
    duration: HistogramVec,
    in_progress: IntGaugeVec,
}

impl HttpMetrics {
    fn register(registry: &Registry, routes: &[Route]) -> Self {
        const LABELS: [&str; 3] = ["method", "handler", "status"];
        let metrics = Self {
            requests: metrics::counters(
                registry,
                "http_requests_total",
                "Requests answered; status 499 is a client that did not wait",
                &LABELS,
            ),
            duration: metrics::histograms(
                registry,
                "http_request_duration_seconds",
                "Time from the request's head to the response's head in seconds",
                &DURATION_BOUNDS,
                &LABELS,
            ),
            in_progress: metrics::gauges(
                registry,
                "http_requests_in_progress",
                "Requests being handled now",
                &LABELS[..2],
            ),
        };
        for (route, statuses) in routes {
            let (method, handler) = method_and_path(route);
            metrics.in_progress.with_label_values(&[method, handler]);
            for status in *statuses {
                let labels = [method, handler, &status.to_string()];
                metrics.requests.with_label_values(&labels);
                metrics.duration.with_label_values(&labels);
            }
        }
        metrics
    }
}

async fn observe(
    State(metrics): State<Arc<HttpMetrics>>,
    request: Request,
    next: Next,
) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let handler = matched
        .as_ref()
        .map_or(KnownValues::UNKNOWN, MatchedPath::as_str);
    let span = server_span(&request, matched.as_ref());
    let mut observation = Observation::start(&metrics, method_label(request.method()), handler);
    let response = next.run(request).instrument(span.clone()).await;
    record_status(&span, response.status());
    observation.status = Some(response.status());
    response
}

/// A request on its way. Recorded when dropped, so that one whose client went away counts too.
struct Observation<'a> {
    metrics: &'a HttpMetrics,
    method: &'static str,
    handler: &'a str,
    start: Instant,
    status: Option<StatusCode>,
    _in_progress: InProgress,
}

impl<'a> Observation<'a> {
    fn start(metrics: &'a HttpMetrics, method: &'static str, handler: &'a str) -> Self {
        let gauge = metrics.in_progress.with_label_values(&[method, handler]);
        Self {
            metrics,
            method,
            handler,
            start: Instant::now(),
            status: None,
            _in_progress: InProgress::start(&gauge),
        }
    }
}

impl Drop for Observation<'_> {
    fn drop(&mut self) {
        let status = self
            .status
            .as_ref()
            .map_or(CLIENT_CLOSED_REQUEST, StatusCode::as_str);
        let labels = [self.method, self.handler, status];
        self.metrics.requests.with_label_values(&labels).inc();
        let seconds = self.start.elapsed().as_secs_f64();
        self.metrics
            .duration
            .with_label_values(&labels)
            .observe(seconds);
    }
}

fn server_span(request: &Request, matched: Option<&MatchedPath>) -> Span {
    let method = method_label(request.method());
    let route = matched.map(MatchedPath::as_str);
    let span = info_span!(
        "request",
        otel.name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}")),
        otel.kind = "server",
        otel.status_code = field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
        "error.type" = field::Empty,
        url.scheme = "http",
        url.path = request.uri().path(),
        url.query = request.uri().query(),
        user_agent.original = request
            .headers()
            .get(USER_AGENT)
            .and_then(|v| v.to_str().ok()),
        network.protocol.version = protocol_version(request.version()),
    );
    if let Some(parent) = remote_parent(request.headers()) {
        // Fails only for a span that the filter disabled.
        let _ = span.set_parent(parent);
    }
    span
}

/// Status is an error for 5xx only: a 4xx is the client's mistake, not this server's.
fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("error.type", status.as_str());
        span.record("otel.status_code", "ERROR");
    }
}

/// The methods of RFC 9110 and PATCH; anything else is `_OTHER`, as in the conventions.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        _ => "_OTHER",
    }
}

fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

/// The caller's span, from a valid `traceparent` header.
fn remote_parent(headers: &HeaderMap) -> Option<opentelemetry::Context> {
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
