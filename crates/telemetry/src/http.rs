//! The one middleware: a SERVER span and the RED metrics (rate, errors, duration) for each request.
//!
//! `/healthz` and `/metrics` are added outside it: they are neither traced, logged nor counted.

mod span;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use tracing::Instrument;

use self::span::ServerSpan;
use crate::metrics::{
    self, HistogramVec, InProgress, IntCounterVec, IntGaugeVec, KnownValues, Registry,
};

/// The status recorded for a client that went away before the answer, as nginx does.
const CLIENT_CLOSED_REQUEST: &str = "499";

/// What any route can end in besides its own statuses: a wrong method, and a client that left.
const ANY_ROUTE: [u16; 2] = [405, 499];

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
        let no_route: Route = (KnownValues::UNKNOWN, &[404]);
        for (route, statuses) in routes.iter().chain([&no_route]) {
            let (method, handler) = method_and_path(route);
            metrics.in_progress.with_label_values(&[method, handler]);
            for status in statuses.iter().chain(&ANY_ROUTE) {
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
    let span = ServerSpan::start(&request, matched.as_ref());
    let mut observation = Observation::start(&metrics, method_label(request.method()), handler);
    let response = next.run(request).instrument(span.entered()).await;
    span.finish(response.status());
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
