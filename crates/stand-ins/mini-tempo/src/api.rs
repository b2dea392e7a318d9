//! The part of Tempo's HTTP API that mini-tempo implements.

mod format;
mod found;
mod params;
mod search;

use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::api::format::Format;
use crate::{InvalidTraceId, Store, TraceId, metrics};

const NOT_FOUND: &str = "mini-tempo, a stand-in for Tempo, answers only GET /ready, /metrics, /usage_metrics, /api/echo, /api/status/buildinfo, /api/traces/{id}, \
    /api/v2/traces/{id} and /api/search\n";

/// Tempo's HTTP API, to be served on its own listener (Tempo's port is 3200).
///
/// Statuses are Tempo's: 400 with the reason as text for a malformed trace id, parameter or query.
/// For an unknown trace, `/api/traces/{id}` answers 404 with an empty body and no content type, and
/// `/api/v2/traces/{id}` answers 200 with an empty trace. mini-tempo also answers 400 to TraceQL
/// and parameters that it does not support, and 404 to endpoints that it does not have.
///
/// A trace is protobuf for a client whose `Accept` names `application/protobuf`, and JSON for any
/// other.
pub fn api(store: Store) -> Router {
    Router::new()
        .route("/ready", get("ready\n"))
        .route("/metrics", get(scrape))
        .route("/usage_metrics", get(usage))
        .route("/api/echo", get("echo\n"))
        .route("/api/status/buildinfo", get(buildinfo))
        .route("/api/traces/{id}", get(trace))
        .route("/api/v2/traces/{id}", get(trace_v2))
        .route("/api/search", get(search))
        .fallback((StatusCode::NOT_FOUND, NOT_FOUND))
        .with_state(store)
}

/// Why a request fails; each variant has one status.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    /// 400
    #[error("{0}")]
    TraceId(#[from] InvalidTraceId),
    /// 400
    #[error("{0}")]
    Parameter(#[from] params::InvalidParameter),
    /// 404, without a body
    #[error("trace not found")]
    NotFound,
}

async fn scrape(State(store): State<Store>) -> Response {
    exposition(metrics::render(&store))
}

/// The bytes of each service, as Tempo's usage tracker counts them.
async fn usage(State(store): State<Store>) -> Response {
    exposition(metrics::usage(&store))
}

fn exposition(text: String) -> Response {
    let content_type = (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    ([content_type], text).into_response()
}

/// Tempo's fields; `version` sorts before every release, so no client mistakes it for a known
/// Tempo.
async fn buildinfo() -> Json<Value> {
    Json(json!({
        "version": concat!("0.0.0-mini-tempo-", env!("CARGO_PKG_VERSION")),
        "revision": "",
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
        "description": "mini-tempo: an in-memory stand-in, not Grafana Tempo",
    }))
}

async fn trace(
    State(store): State<Store>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id: TraceId = id.parse()?;
    let trace = store.entry(id).ok_or(ApiError::NotFound)?;
    Ok(Format::accepted(&headers).v1(&trace.spans))
}

async fn trace_v2(
    State(store): State<Store>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id: TraceId = id.parse()?;
    let trace = store.entry(id);
    let spans = trace.as_ref().map(|trace| trace.spans.as_slice());
    Ok(Format::accepted(&headers).v2(spans.unwrap_or_default()))
}

async fn search(
    State(store): State<Store>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let search = params::parse(&parameters)?;
    Ok(Json(search.run(&store)))
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::TraceId(_) | Self::Parameter(_) => {
                (StatusCode::BAD_REQUEST, format!("{self}\n")).into_response()
            }
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
        }
    }
}
