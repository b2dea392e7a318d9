//! The middleware of every server: admission, a SERVER span and the RED metrics (rate, errors,
//! duration) for each request.
//!
//! `/healthz` and `/metrics` are outside of it: they are not traced, logged or counted, and are
//! answered even if the limits are reached.

mod admission;
mod body;
mod red;
mod span;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt;
use tracing::Instrument;

pub use self::admission::{Admission, Limits, Surplus};
use self::red::{CLIENT_CLOSED_REQUEST, HttpMetrics, Observation};
use self::span::ServerSpan;
use crate::metrics::{self, KnownValues, Registry};

/// A route and the statuses of its answers; their series exist at 0 from the first scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method, in capitals.
    pub method: String,
    /// The path as the router has it, with parameters in braces.
    pub path: String,
    /// The statuses, except those of every route, such as 405.
    pub statuses: Vec<u16>,
}

impl Route {
    /// The route written as `"/path"` for GET or as `"POST /path"`.
    #[must_use]
    pub fn new(route: &str, statuses: &[u16]) -> Self {
        let (method, path) = route.split_once(' ').unwrap_or(("GET", route));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            statuses: statuses.to_vec(),
        }
    }

    /// The statuses of which durations have series from the first scrape: all but those of rare
    /// answers, because each status of a histogram takes some 20 lines of every scrape.
    pub fn usual_statuses(&self) -> impl Iterator<Item = u16> {
        let statuses = self.statuses.iter().copied();
        statuses.filter(|status| !RARE.contains(status))
    }
}

/// Statuses that report a mistake in the client's program, and 499.
const RARE: [u16; 6] = [400, 408, 413, 414, 415, CLIENT_CLOSED_REQUEST];

/// The state of the middleware.
struct Observed {
    metrics: HttpMetrics,
    admission: Admission,
}

/// Wraps `app`, whose metrics are in `registry`, and adds `/healthz` and `/metrics`. Requests
/// beyond the limits of `admission` do not reach `app`.
pub fn instrument(
    app: Router,
    registry: &Registry,
    routes: &[Route],
    admission: &Admission,
) -> Router {
    let observed = Arc::new(Observed {
        metrics: HttpMetrics::register(registry, routes),
        admission: admission.clone(),
    });
    let registry = registry.clone();
    let scrape = move || async move { metrics::render(&registry) };
    app.layer(from_fn_with_state(observed, observe))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(scrape))
}

async fn observe(State(observed): State<Arc<Observed>>, request: Request, next: Next) -> Response {
    let Observed { metrics, admission } = &*observed;
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let handler = matched
        .as_ref()
        .map_or(KnownValues::UNKNOWN, MatchedPath::as_str);
    let mut observation = Observation::start(metrics, method_label(request.method()), handler);
    let response = match admission.admit(&request) {
        Ok(_place) => {
            let span = ServerSpan::start(&request, matched.as_ref());
            if !span.continues_trace() {
                metrics.without_context.inc();
            }
            let answered = async {
                let response = answer(request, next, admission).await;
                observation.log(response.status());
                response
            };
            let response = answered.instrument(span.entered()).await;
            span.finish(response.status());
            response
        }
        Err(no_room) => no_room.into_response(),
    };
    observation.status = Some(response.status());
    response
}

/// The handler's answer; 500 if the handler panics, 408 if the request's body does not arrive in
/// time.
async fn answer(request: Request, next: Next, admission: &Admission) -> Response {
    let (request, lateness) = body::bound(request, admission);
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = handled.unwrap_or_else(|_| {
        // The panic has already been logged, see `panics.rs`.
        admission.count_panic();
        let detail = "internal error; the log of this service has the cause";
        admission::problem(StatusCode::INTERNAL_SERVER_ERROR, detail)
    });
    if lateness.is_late() {
        let detail = "the body did not arrive in time";
        response = admission::problem(StatusCode::REQUEST_TIMEOUT, detail);
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

/// The label of methods that the conventions do not know.
const OTHER_METHOD: &str = "_OTHER";

/// The label of a method: the methods of RFC 9110 and PATCH, and `_OTHER` for any other, as in the
/// conventions.
#[must_use]
pub fn method_label(method: &Method) -> &'static str {
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
        _ => OTHER_METHOD,
    }
}
