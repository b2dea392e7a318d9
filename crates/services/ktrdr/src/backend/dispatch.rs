//! Requests to workers: run an operation, or stop one. Each is in the trace of the operation, under
//! the span that registered it.

use base_url::endpoint_of;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use telemetry::Cause;
use telemetry::client::CallError;
use tracing::{Instrument, info_span};
use url::Url;

use super::Backend;
use super::metrics::Requeue;
use super::state::Order;
use super::workers::Attempt;
use crate::protocol::Cancel;

/// A worker answers before it starts to compute.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Sends an order to a worker. A worker that does not accept it is lost until it registers again.
pub(super) async fn deliver(backend: Arc<Backend>, order: Order) {
    let assignment = &order.assignment;
    let operation_type = assignment.job.operation_type().as_str();
    let span = info_span!(
        parent: None,
        "operation.dispatch",
        operation.id = assignment.operation_id,
        "operation.type" = operation_type,
        operation.attempt = i64::from(assignment.attempt),
        worker.id = order.worker,
    );
    order.cause.adopt(&span);
    let url = endpoint_of(&order.url, &["api", "v1", "runs"]);
    let call = backend.client.send(Method::POST, url, |request| {
        request.json(assignment).timeout(TIMEOUT)
    });
    async {
        let (reason, problem) = match call.await {
            Ok(reply) if reply.status == StatusCode::ACCEPTED => return,
            Ok(reply) => (Requeue::Undelivered, reply.status.to_string()),
            Err(error @ CallError::Unreachable(_)) => (Requeue::Undelivered, error.cause()),
            // The worker may have accepted the order and may be running it.
            Err(error @ CallError::Timeout(_)) => (Requeue::WorkerLost, error.cause()),
        };
        tracing::warn!(
            operation_id = assignment.operation_id,
            operation_type,
            worker_id = order.worker,
            problem,
            "Worker lost: it did not accept an operation"
        );
        backend.change(|state| state.undelivered(&order, reason));
    }
    .instrument(span)
    .await;
}

/// Requests a worker to stop. If that fails, the answer to its next heartbeat repeats the request.
pub(super) async fn stop(backend: Arc<Backend>, attempt: Attempt, worker: Url, cause: Cause) {
    let Attempt {
        operation_id: id,
        number,
    } = attempt;
    let span = info_span!(
        parent: None,
        "operation.stop",
        operation.id = id,
        operation.attempt = i64::from(number),
    );
    cause.adopt(&span);
    let url = endpoint_of(&worker, &["api", "v1", "runs", &id, "cancel"]);
    let call = backend.client.send(Method::POST, url, |request| {
        request.query(&Cancel { attempt: number }).timeout(TIMEOUT)
    });
    if let Err(error) = call.instrument(span).await {
        tracing::warn!(
            operation_id = id,
            problem = error.cause(),
            "Cannot stop the run on the worker"
        );
    }
}
