//! Requests from clients: start, list, show and cancel operations, and get price data.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use service::openapi::TraceId;
use service::{About, Query};
use telemetry::{Cause, set_attribute};
use utoipa::ToSchema;

use super::error::Error;
use super::ledger::OperationView;
use super::workers::WorkerView;
use super::{Backend, dispatch};
use crate::http::{Body, Segment};
use crate::jobs::market::{Closes, Symbol};
use crate::jobs::{Job, backtest, training};
use crate::protocol::{OperationType, Status};
use crate::schema::{Id, Number};

/// Maximum number of closes in one answer.
const MAX_DAYS: u32 = 1000;

/// Maximum number of operations in one answer.
const MAX_LISTED: u32 = 100;

/// Describe the service
#[utoipa::path(get, path = "/", responses(
    (status = 200, description = "The service, its version, and its paths.", body = About),
))]
pub(super) async fn about(State(backend): State<Arc<Backend>>) -> Json<About> {
    Json(backend.about.clone())
}

/// An operation that was started.
#[derive(Serialize, ToSchema)]
pub(super) struct Started {
    operation_id: String,
    operation_type: OperationType,
    status: Status,
    #[schema(required, value_type = Option<TraceId>)]
    trace_id: Option<String>,
}

/// Start a backtest
#[utoipa::path(
    post,
    path = "/api/v1/backtests/start",
    request_body(
        content = backtest::Parameters,
        description = "`slow` must be more than `fast`.",
        example = json!({"symbol": "AAPL", "days": 100}),
    ),
    responses(
        (
            status = 202,
            description = "The operation waits for a worker.",
            body = Started,
            headers(("Location" = String, description = "The URL of the operation.")),
        ),
        (status = 503, description = "No worker is free and the queue is full."),
    ),
)]
pub(super) async fn start_backtest(
    State(backend): State<Arc<Backend>>,
    Body(parameters): Body<backtest::Parameters>,
) -> Result<Response, Error> {
    start(&backend, Job::Backtest(parameters))
}

/// Start a training
#[utoipa::path(
    post,
    path = "/api/v1/trainings/start",
    request_body(content = training::Parameters, example = json!({"symbol": "AAPL", "epochs": 100})),
    responses(
        (
            status = 202,
            description = "The operation waits for a worker.",
            body = Started,
            headers(("Location" = String, description = "The URL of the operation.")),
        ),
        (status = 503, description = "No worker is free and the queue is full."),
    ),
)]
pub(super) async fn start_training(
    State(backend): State<Arc<Backend>>,
    Body(parameters): Body<training::Parameters>,
) -> Result<Response, Error> {
    start(&backend, Job::Training(parameters))
}

fn start(backend: &Arc<Backend>, job: Job) -> Result<Response, Error> {
    let operation_type = job.operation_type();
    let submitted = job
        .check()
        .map_err(Error::from)
        .and_then(|()| backend.change(|state| state.submit(job)));
    let id = submitted.inspect_err(|error| {
        let operation_type = operation_type.as_str();
        tracing::warn!(operation_type, %error, "Operation rejected");
    })?;
    set_attribute("operation.id", id.clone());
    set_attribute("operation.type", operation_type.as_str());
    let location = [(LOCATION, format!("/api/v1/operations/{id}"))];
    let answer = Started {
        operation_id: id,
        operation_type,
        status: Status::Pending,
        trace_id: telemetry::trace_id(),
    };
    Ok((StatusCode::ACCEPTED, location, Json(answer)).into_response())
}

/// Show an operation
#[utoipa::path(get, path = "/api/v1/operations/{id}", params(("id" = inline(Id), Path)), responses(
    (status = 200, description = "The state of the operation.", body = OperationView),
    (status = 404, description = "The operation was never started, or was removed."),
))]
pub(super) async fn operation(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
) -> Result<Json<OperationView>, Error> {
    set_attribute("operation.id", id.clone());
    backend.read(|state| Ok(Json(state.operation(&id)?.view(&id))))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    #[param(inline)]
    operation_type: Option<OperationType>,
    #[param(inline)]
    status: Option<Status>,
    /// Maximum number of operations to list; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Operations, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Operations {
    operations: Vec<OperationView>,
}

/// List the newest operations
#[utoipa::path(get, path = "/api/v1/operations", params(Filter), responses(
    (status = 200, description = "The operations, newest first.", body = Operations),
))]
pub(super) async fn operations(
    State(backend): State<Arc<Backend>>,
    Query(filter): Query<Filter>,
) -> Result<Json<Operations>, Error> {
    let limit = up_to("limit", filter.limit.unwrap_or(20), MAX_LISTED)?;
    let operations = backend.read(|state| {
        let wanted = state.ledger.newest().filter(|(_, operation)| {
            filter
                .operation_type
                .is_none_or(|it| it == operation.kind())
                && filter.status.is_none_or(|it| it == operation.status)
        });
        wanted
            .take(limit as usize)
            .map(|(id, operation)| operation.view(id))
            .collect()
    });
    Ok(Json(Operations { operations }))
}

/// Stop an operation
#[utoipa::path(
    post,
    path = "/api/v1/operations/{id}/cancel",
    params(("id" = inline(Id), Path)),
    responses(
        (status = 200, description = "The operation is cancelled.", body = OperationView),
        (status = 404, description = "The operation was never started, or was removed."),
        (status = 409, description = "The operation has already ended."),
    ),
)]
pub(super) async fn cancel(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
) -> Result<Json<OperationView>, Error> {
    set_attribute("operation.id", id.clone());
    let running = backend.change(|state| state.cancel(&id))?;
    if let Some((attempt, worker)) = running {
        let stop = dispatch::stop(Arc::clone(&backend), attempt, worker, Cause::current());
        backend.background.spawn(stop);
    }
    backend.read(|state| Ok(Json(state.operation(&id)?.view(&id))))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Series {
    /// Number of trading days; 250 by default.
    #[param(minimum = 1, maximum = 1000)]
    days: Option<u32>,
    /// Seed of the series; 0 by default.
    #[param(inline, value_type = Option<Number>)]
    seed: Option<u32>,
}

/// Daily prices.
#[derive(Serialize, ToSchema)]
pub(super) struct Prices {
    symbol: Symbol,
    seed: u32,
    days: u32,
    /// The closing price of each day.
    closes: Vec<f64>,
}

/// Get daily prices of a symbol
#[utoipa::path(
    get,
    path = "/api/v1/data/{symbol}",
    params(("symbol" = inline(Symbol), Path), Series),
    responses(
        (status = 200, description = "A random walk, the same for the same seed.", body = Prices),
        (status = 404, description = "The symbol does not exist."),
    ),
)]
pub(super) async fn data(
    Segment(symbol): Segment,
    Query(series): Query<Series>,
) -> Result<Json<Prices>, Error> {
    let symbol = Symbol::from_name(&symbol).ok_or(Error::UnknownSymbol(symbol))?;
    let days = up_to("days", series.days.unwrap_or(250), MAX_DAYS)?;
    let seed = series.seed.unwrap_or(0);
    let closes = Closes::new(symbol, seed, 1).take(days as usize).collect();
    Ok(Json(Prices {
        symbol,
        seed,
        days,
        closes,
    }))
}

/// The workers, by id.
#[derive(Serialize, ToSchema)]
pub(super) struct Workers {
    workers: Vec<WorkerView>,
}

/// List the workers
#[utoipa::path(get, path = "/api/v1/workers", responses(
    (status = 200, description = "The registered workers, including lost ones.", body = Workers),
))]
pub(super) async fn workers(State(backend): State<Arc<Backend>>) -> Json<Workers> {
    let workers = backend.read(|state| state.workers.views());
    Json(Workers { workers })
}

fn up_to(field: &'static str, given: u32, high: u32) -> Result<u32, Error> {
    if (1..=high).contains(&given) {
        return Ok(given);
    }
    Err(Error::Range { field, given, high })
}
