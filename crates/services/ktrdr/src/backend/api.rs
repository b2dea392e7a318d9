//! What clients ask: start, look, cancel, and price data.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use service::Query;
use telemetry::{Cause, set_attribute};

use super::error::Error;
use super::{Backend, PROGRAM, ROUTES, dispatch};
use crate::http::{Body, Segment};
use crate::jobs::market::{Closes, Symbol};
use crate::jobs::{Job, backtest, training};
use crate::protocol::{OperationType, Status};

/// Most closes in one answer.
const MAX_DAYS: u32 = 1000;

/// Most operations in one answer.
const MAX_LISTED: u32 = 100;

pub(super) async fn about() -> Json<Value> {
    Json(service::about(PROGRAM.service, &ROUTES, &[]))
}

pub(super) async fn start_backtest(
    State(backend): State<Arc<Backend>>,
    Body(parameters): Body<backtest::Parameters>,
) -> Result<Response, Error> {
    start(&backend, Job::Backtest(parameters))
}

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
        tracing::warn!(operation_type, %error, "Operation refused");
    })?;
    set_attribute("operation.id", id.clone());
    set_attribute("operation.type", operation_type.as_str());
    let location = [(LOCATION, format!("/api/v1/operations/{id}"))];
    let answer = json!({
        "operation_id": id,
        "operation_type": operation_type,
        "status": Status::Pending,
        "trace_id": telemetry::trace_id(),
    });
    Ok((StatusCode::ACCEPTED, location, Json(answer)).into_response())
}

pub(super) async fn operation(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
) -> Result<Json<Value>, Error> {
    set_attribute("operation.id", id.clone());
    backend.read(|state| Ok(Json(state.operation(&id)?.view(&id))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    operation_type: Option<OperationType>,
    status: Option<Status>,
    limit: Option<u32>,
}

pub(super) async fn operations(
    State(backend): State<Arc<Backend>>,
    Query(filter): Query<Filter>,
) -> Result<Json<Value>, Error> {
    let limit = up_to("limit", filter.limit.unwrap_or(20), MAX_LISTED)?;
    let operations: Vec<Value> = backend.read(|state| {
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
    Ok(Json(json!({ "operations": operations })))
}

pub(super) async fn cancel(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
) -> Result<Json<Value>, Error> {
    set_attribute("operation.id", id.clone());
    let running = backend.change(|state| state.cancel(&id))?;
    if let Some((attempt, worker)) = running {
        let stop = dispatch::stop(Arc::clone(&backend), attempt, worker, Cause::current());
        backend.background.spawn(stop);
    }
    backend.read(|state| Ok(Json(state.operation(&id)?.view(&id))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Series {
    days: Option<u32>,
    seed: Option<u32>,
}

pub(super) async fn data(
    Segment(symbol): Segment,
    Query(series): Query<Series>,
) -> Result<Json<Value>, Error> {
    let known = Symbol::from_name(&symbol).ok_or(Error::UnknownSymbol(symbol))?;
    let days = up_to("days", series.days.unwrap_or(250), MAX_DAYS)?;
    let seed = series.seed.unwrap_or(0);
    let closes: Vec<f64> = Closes::new(known, seed, 1).take(days as usize).collect();
    Ok(Json(
        json!({ "symbol": known, "seed": seed, "days": days, "closes": closes }),
    ))
}

pub(super) async fn workers(State(backend): State<Arc<Backend>>) -> Json<Value> {
    Json(json!({ "workers": backend.read(|state| state.workers.views()) }))
}

fn up_to(field: &'static str, given: u32, high: u32) -> Result<u32, Error> {
    if (1..=high).contains(&given) {
        return Ok(given);
    }
    Err(Error::Range { field, given, high })
}
