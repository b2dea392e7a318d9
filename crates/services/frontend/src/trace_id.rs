//! Every answer says which trace it belongs to: a `traceresponse` header, and `trace_id` in JSON.

use axum::Json;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use service::Problem;

/// <https://www.w3.org/TR/trace-context-2/#traceresponse-header>
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// A [`Problem`] that can be looked up.
#[derive(Serialize)]
struct TracedProblem {
    #[serde(flatten)]
    problem: Problem,
    trace_id: Option<String>,
}

/// Adds the header to `response`, and the id to its body when that is a [`Problem`].
pub(crate) async fn add(mut response: Response) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let traced = TracedProblem {
            trace_id: telemetry::trace_id(),
            problem,
        };
        let (mut parts, _) = response.into_parts();
        let (json, body) = Json(traced).into_response().into_parts();
        parts.headers.extend(json.headers);
        response = Response::from_parts(parts, body);
    }
    let traceresponse = telemetry::traceresponse().map(HeaderValue::try_from);
    if let Some(Ok(value)) = traceresponse {
        response.headers_mut().insert(TRACERESPONSE, value);
    }
    response
}
