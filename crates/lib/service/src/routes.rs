//! The routes and layers around a service's own routes.

use axum::Router;
use axum::http::header::ALLOW;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use telemetry::bounded;
use telemetry::http::{Admission, Route, instrument};
use telemetry::metrics::Registry;

use crate::Problem;

/// A service's routes with everything around them: [`with_fallbacks`], the middleware, `/healthz`
/// and `/metrics`; and an empty `/favicon.ico`, which browsers request on their own. The metrics
/// have series for `routes` from the start.
pub fn app(own: Router, registry: &Registry, routes: &[Route], admission: &Admission) -> Router {
    // Applied again, for the routes outside the middleware.
    instrument(with_fallbacks(own), registry, routes, admission)
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .method_not_allowed_fallback(wrong_method)
}

/// Answers 404 and 405 as [`Problem`]s. Routes added later do not get this 405, and layers added
/// earlier do not see it.
pub fn with_fallbacks(own: Router) -> Router {
    own.fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
}

/// The route of a GET that changes something, as a roll does. HEAD must not change anything, so it
/// is a wrong method there; axum would handle it like GET.
pub fn get_only<S: Clone + Send + Sync + 'static>(route: MethodRouter<S>) -> MethodRouter<S> {
    route.head(only_get).fallback(only_get)
}

async fn only_get(method: Method, uri: Uri) -> Response {
    let mut response = wrong_method(method, uri).await.into_response();
    let get = HeaderValue::from_static("GET");
    response.headers_mut().insert(ALLOW, get);
    response
}

async fn no_route(uri: Uri) -> Problem {
    let detail = format!("there is no {}", bounded(uri.path()));
    Problem::new(StatusCode::NOT_FOUND, detail)
}

/// The allowed methods differ by route; axum lists them in the Allow header.
pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let (path, method) = (bounded(uri.path()), bounded(method.as_str()));
    let detail = format!("{path} does not accept {method}; see the Allow header");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
