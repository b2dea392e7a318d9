//! What the backend and the workers add to every HTTP service: POST bodies, path segments, and the
//! histogram with the name that the KTRDR dashboards use.

use std::time::Instant;

use axum::extract::rejection::JsonRejection;
use axum::extract::{
    DefaultBodyLimit, FromRequest, FromRequestParts, MatchedPath, Path, Request, State,
};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use service::{Document, Problem, Program, Server, openapi};
use telemetry::http::{Limits, method_label};
use telemetry::metrics::{HistogramVec, Registry, histograms};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::ParameterIn;

use crate::protocol::{IDS, is_id};

/// Maximum length of a body in bytes; a result has about 300.
const MAX_BODY: usize = 16 * 1024;

/// Error answers of [`Body`].
const BODY_ERRORS: [(StatusCode, &str); 4] = [
    (StatusCode::BAD_REQUEST, "The body is not JSON."),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is longer than 16384 bytes.",
    ),
    (
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body's Content-Type is not application/json.",
    ),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        "A field of the body is missing, unknown or malformed.",
    ),
];

/// Upper bounds in milliseconds: from an answer from memory to a stalled client.
const DURATION_BOUNDS: [f64; 17] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0,
    5000.0, 10000.0,
];

/// Adds the common routes and layers to a server's own routes, and the OpenAPI document.
pub(crate) fn server(
    own: Router,
    registry: &Registry,
    document: Document,
    limits: Limits,
) -> Server {
    let durations = histograms(
        registry,
        "http_server_duration_milliseconds",
        "Time from the request's head to the response's head in milliseconds",
        &DURATION_BOUNDS,
        &["http_method", "http_route", "http_status_code"],
    );
    for route in document.routes() {
        // 500 means a bug in this program.
        for status in route.usual_statuses().filter(|status| *status != 500) {
            durations.with_label_values(&[&route.method, &route.path, &status.to_string()]);
        }
    }
    // This is inside the measuring layer, which therefore counts the 405s.
    let own = service::with_fallbacks(own)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .route_layer(from_fn_with_state(durations, measure));
    Server::documented(own, registry, document, limits)
}

/// The OpenAPI document of `program`, with the error answers of [`Body`] and [`Segment`].
pub(crate) fn document(program: Program, mut own: OpenApi) -> Document {
    for operation in openapi::operations_mut(&mut own) {
        if operation.request_body.is_some() {
            for (status, description) in BODY_ERRORS {
                openapi::add_answer(operation, status, description);
            }
        }
        if openapi::has_parameter(operation, &ParameterIn::Path) {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            openapi::add_answer(
                operation,
                status,
                "The path is not UTF-8 once it is decoded.",
            );
        }
    }
    Document::new(program, own)
}

async fn measure(
    State(durations): State<HistogramVec>,
    method: Method,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let response = next.run(request).await;
    durations
        .with_label_values(&[
            method_label(&method),
            path.as_str(),
            response.status().as_str(),
        ])
        .observe(start.elapsed().as_secs_f64() * 1000.0);
    response
}

/// A JSON body, parsed as `T`.
///
/// # Errors
/// 422 with the field's name if one is missing, unknown or malformed; 400 for invalid JSON; 413 for
/// more than 16 KiB; 415 without `Content-Type: application/json`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(explain(&rejection)),
        }
    }
}

fn explain(rejection: &JsonRejection) -> Problem {
    let status = rejection.status();
    let text = rejection.body_text();
    let detail = match rejection {
        // The innermost message names the field; axum's prefix does not help a client.
        JsonRejection::JsonDataError(_) => text.split_once(": ").map_or(&*text, |(_, why)| why),
        JsonRejection::JsonSyntaxError(_) => "the body is not JSON",
        JsonRejection::MissingJsonContentType(_) => "expected Content-Type: application/json",
        _ if status == StatusCode::PAYLOAD_TOO_LARGE => {
            return Problem::new(status, format!("the body is longer than {MAX_BODY} bytes"));
        }
        _ => "the body is incomplete",
    };
    Problem::new(status, detail)
}

/// The one parameter of the path, decoded: an id or a name.
///
/// # Errors
/// 422 if it is not UTF-8; 404 if it is not a valid id, see [`is_id`].
#[derive(Debug, Clone)]
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path::<String>(segment)) if is_id(&segment) => Ok(Self(segment)),
            Ok(Path(segment)) => {
                let length = segment.chars().count();
                let detail = format!("the id of {length} characters is invalid; {IDS}");
                Err(Problem::new(StatusCode::NOT_FOUND, detail))
            }
            Err(_) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "the percent-decoded path is not valid UTF-8",
            )),
        }
    }
}
