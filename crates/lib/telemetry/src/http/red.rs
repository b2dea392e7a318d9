//! The RED metrics of requests. The handles of the series that are known in advance are looked up
//! once: a look-up by label values for each request would cost more than the counting.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;

use super::{Route, method_label};
use crate::metrics::{
    self, Histogram, HistogramVec, InProgress, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    KnownValues, Registry,
};

/// The status recorded if the client disconnected before the answer, as in nginx.
pub(super) const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The statuses of every route besides its own: a client that disconnected, a panic, and a limit
/// that was reached. A wrong method is not among them: it is counted with that method.
const ANY_ROUTE: [u16; 3] = [CLIENT_CLOSED_REQUEST, 500, 503];

/// Upper bounds in seconds, from a look-up in memory to the frontend's longest wait. The bound at
/// 1.1 is for rolls of nearly a second: without it, percentiles would place them between 1.0 and
/// 2.5.
const DURATION_BOUNDS: [f64; 19] = [
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    0.75, 1.0, 1.1, 2.5, 5.0, 10.0,
];

/// The common metrics.
pub(super) struct HttpMetrics {
    requests: IntCounterVec,
    duration: HistogramVec,
    in_progress: IntGaugeVec,
    /// Requests whose trace begins here.
    without_context: IntCounter,
    known: Vec<Known>,
}

/// The series of one method and route.
struct Known {
    method: String,
    handler: String,
    in_progress: IntGauge,
    /// By usual status.
    answers: Vec<(u16, Answers)>,
}

/// The series of one method, route and status.
struct Answers {
    requests: IntCounter,
    duration: Histogram,
}

impl HttpMetrics {
    pub(super) fn register(registry: &Registry, routes: &[Route]) -> Self {
        const LABELS: [&str; 3] = ["method", "handler", "status"];
        let mut metrics = Self {
            requests: metrics::counters(
                registry,
                "http_requests_total",
                "Answered requests; status 499 means that the client disconnected first, 503 may be a limit \
                 that was reached, see http_requests_rejected_total",
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
            without_context: metrics::counter(
                registry,
                "http_requests_without_trace_context_total",
                "Requests without a valid traceparent header: their traces begin in this service",
            ),
            known: Vec::new(),
        };
        let no_route = Route::new(KnownValues::UNKNOWN, &[404]);
        let routes = routes.iter().chain([&no_route]);
        metrics.known = routes.map(|route| metrics.know(route)).collect();
        metrics
    }

    /// Creates the series of a route.
    fn know(&self, route: &Route) -> Known {
        let mut route = route.clone();
        for status in ANY_ROUTE {
            if !route.statuses.contains(&status) {
                route.statuses.push(status);
            }
        }
        let (method, handler) = (&*route.method, &*route.path);
        for status in &route.statuses {
            let labels = [method, handler, &status.to_string()];
            self.requests.with_label_values(&labels);
        }
        let answers = route.usual_statuses();
        let answers = answers.map(|status| (status, self.answers(method, handler, status)));
        Known {
            method: method.to_owned(),
            handler: handler.to_owned(),
            in_progress: self.in_progress.with_label_values(&[method, handler]),
            answers: answers.collect(),
        }
    }

    fn answers(&self, method: &str, handler: &str, status: u16) -> Answers {
        let status = status.to_string();
        let labels = [method, handler, &status];
        Answers {
            requests: self.requests.with_label_values(&labels),
            duration: self.duration.with_label_values(&labels),
        }
    }
}

impl Known {
    fn answers(&self, status: u16) -> Option<&Answers> {
        let mut answers = self.answers.iter();
        answers.find_map(|(of, answers)| (*of == status).then_some(answers))
    }
}

impl Answers {
    fn count(&self, seconds: f64) {
        self.requests.inc();
        self.duration.observe(seconds);
    }
}

/// A request in progress. It is recorded when dropped, so that a request whose client disconnects
/// is counted as well.
pub(super) struct Observation {
    metrics: Arc<HttpMetrics>,
    /// The place of its series among the known ones.
    known: Option<usize>,
    method: &'static str,
    route: Option<MatchedPath>,
    start: Instant,
    /// The status of the answer, once there is one.
    status: Option<StatusCode>,
    _in_progress: InProgress,
}

impl Observation {
    pub(super) fn start(metrics: Arc<HttpMetrics>, request: &Request) -> Self {
        let method = method_label(request.method());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let handler = label(route.as_ref());
        let mut known = metrics.known.iter();
        let known = known.position(|known| known.method == method && known.handler == handler);
        let in_progress = match known {
            Some(known) => InProgress::start(&metrics.known[known].in_progress),
            None => InProgress::start(&metrics.in_progress.with_label_values(&[method, handler])),
        };
        Self {
            metrics,
            known,
            method,
            route,
            start: Instant::now(),
            status: None,
            _in_progress: in_progress,
        }
    }

    /// Counts a request whose trace begins here.
    pub(super) fn count_without_context(&self) {
        self.metrics.without_context.inc();
    }

    /// Notes the status of the answer.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Logs the answer at level DEBUG.
    pub(super) fn log(&self, status: StatusCode) {
        tracing::debug!(
            method = self.method,
            handler = label(self.route.as_ref()),
            status = status.as_u16(),
            duration_ms = self.start.elapsed().as_secs_f64() * 1e3,
            "Request answered"
        );
    }
}

/// The label of a route.
fn label(route: Option<&MatchedPath>) -> &str {
    route.map_or(KnownValues::UNKNOWN, MatchedPath::as_str)
}

impl Drop for Observation {
    fn drop(&mut self) {
        let status = self.status.as_ref();
        let status = status.map_or(CLIENT_CLOSED_REQUEST, StatusCode::as_u16);
        let seconds = self.start.elapsed().as_secs_f64();
        let known = self.known.map(|known| &self.metrics.known[known]);
        match known.and_then(|known| known.answers(status)) {
            Some(answers) => answers.count(seconds),
            None => {
                let handler = label(self.route.as_ref());
                let answers = self.metrics.answers(self.method, handler, status);
                answers.count(seconds);
            }
        }
    }
}
