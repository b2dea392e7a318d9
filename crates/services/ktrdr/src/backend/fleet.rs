//! What workers say: I am there, I am still there, I am going, I am done.

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

pub(super) async fn beat(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
    Body(beat): Body<Beat>,
) -> Result<Json<BeatReply>, Error> {
    backend.change(|state| state.beat(&id, beat)).map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaving {
    lease: u32,
}

pub(super) async fn leave(
    State(backend): State<Arc<Backend>>,
    Segment(id): Segment,
    Query(Leaving { lease }): Query<Leaving>,
) -> Result<StatusCode, Error> {
    backend.change(|state| state.leave(&id, lease))?;
    Ok(StatusCode::NO_CONTENT)
}

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
            tracing::warn!(operation_id = id, worker_id, attempt, %error, "Report refused");
        })
}
