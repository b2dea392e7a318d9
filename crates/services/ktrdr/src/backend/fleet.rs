//! Requests from workers: register, heartbeat, leave, report.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use service::Query;
use telemetry::set_attribute;

use super::Backend;
use super::error::Error;
use crate::http::{Body, Segment};
use crate::protocol::{Beat, BeatReply, Lease, MAX_OUTCOME, Registration, Report, is_id};
use crate::schema::{Id, Number};

/// Register a worker
#[utoipa::path(
    post,
    path = "/api/v1/workers",
    request_body(
        content = Registration,
        example = json!({"id": "w1", "worker_type": "training", "url": "http://127.0.0.1:5005"}),
    ),
    responses(
        (status = 200, description = "The worker is idle and must send heartbeats.", body = Lease),
        (status = 503, description = "The limit of workers is reached."),
    ),
)]
pub(super) async fn register(
    State(backend): State<Arc<Backend>>,
    Body(registration): Body<Registration>,
) -> Result<Json<Lease>, Error> {
    let lease = backend.change(|state| state.register(registration))?;
    let heartbeat_ms = u64::try_from(backend.heartbeat.as_millis()).unwrap_or(u64::MAX);
    Ok(Json(Lease {
        lease,
        heartbeat_ms,
    }))
}

/// Send a heartbeat
#[utoipa::path(
    post,
    path = "/api/v1/workers/{id}/heartbeat",
    params(("id" = inline(Id), Path)),
    request_body = Beat,
    responses(
        (status = 200, description = "Whether the worker must stop its run.", body = BeatReply),
        (status = 404, description = "The worker does not hold this lease and must register."),
    ),
)]
pub(super) async fn beat(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
    Body(beat): Body<Beat>,
) -> Result<Json<BeatReply>, Error> {
    let progress = beat.running.as_ref().map(|running| running.progress);
    if let Some(progress) = progress.filter(|progress| !(0.0..=1.0).contains(progress)) {
        return Err(Error::Progress(progress.to_string()));
    }
    let reply = backend.change(|state| state.beat(&id, beat))?;
    tracing::debug!(worker_id = id, progress, "Heartbeat accepted");
    Ok(Json(reply))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Leaving {
    /// The lease of its registration.
    #[param(inline, value_type = Number)]
    lease: u32,
}

/// Remove a worker
#[utoipa::path(
    delete,
    path = "/api/v1/workers/{id}",
    params(("id" = inline(Id), Path), Leaving),
    responses(
        (status = 204, description = "The operation of the worker goes back to the queue."),
        (status = 404, description = "The worker does not hold this lease."),
    ),
)]
pub(super) async fn leave(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
    Query(Leaving { lease }): Query<Leaving>,
) -> Result<StatusCode, Error> {
    backend.change(|state| state.leave(&id, lease))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Report the outcome of an attempt
#[utoipa::path(
    post,
    path = "/api/v1/operations/{id}/report",
    params(("id" = inline(Id), Path)),
    request_body = Report,
    responses(
        (status = 200, description = "The report is accepted."),
        (status = 404, description = "The operation was never started, or was removed."),
        (status = 409, description = "The attempt is not running; its result is ignored."),
    ),
)]
pub(super) async fn report(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
    Body(report): Body<Report>,
) -> Result<(), Error> {
    set_attribute("operation.id", id.clone());
    if !is_id(&report.worker_id) {
        return Err(Error::Id("worker_id"));
    }
    let size = report.outcome.size();
    if size > MAX_OUTCOME {
        return Err(Error::Outcome(size));
    }
    set_attribute("operation.status", report.outcome.status().as_str());
    let (worker_id, attempt) = (report.worker_id.clone(), i64::from(report.attempt));
    backend
        .change(|state| state.report(&id, report))
        .inspect_err(|error| {
            tracing::warn!(operation_id = id, worker_id, attempt, %error, "Report rejected");
        })
}
