//! The middleware of every server: admission, a SERVER span and the RED metrics (rate, errors,
//! duration) for each request.
//!
//! `/healthz` and `/metrics` are outside of it: they are not traced, logged or counted, and are
//! answered even if the limits are reached.

mod admission;
mod body;
mod middleware;
mod red;
mod span;

use axum::Router;
use axum::http::Method;
use axum::routing::get;

pub use self::admission::{Admission, Limits, Surplus};
use self::middleware::Observe;
use self::red::{CLIENT_CLOSED_REQUEST, HttpMetrics};
use crate::metrics::{self, Registry};

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

/// Wraps `app`, whose metrics are in `registry`, and adds `/healthz` and `/metrics`. Requests
/// beyond the limits of `admission` do not reach `app`.
pub fn instrument(
    app: Router,
    registry: &Registry,
    routes: &[Route],
    admission: &Admission,
) -> Router {
    let metrics = HttpMetrics::register(registry, routes);
    let observe = Observe::new(metrics, admission.clone());
    let registry = registry.clone();
    let scrape = move || async move { metrics::render(&registry) };
    app.layer(observe)
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(scrape))
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
