//! The one middleware: a SERVER span and the RED metrics (rate, errors, duration) for each request.
//!
//! `/healthz` and `/metrics` are added outside it: they are neither traced, logged nor counted.

mod red;
mod span;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use tracing::Instrument;

use self::red::{HttpMetrics, Observation};
use self::span::ServerSpan;
use crate::metrics::{self, KnownValues, Registry};

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
