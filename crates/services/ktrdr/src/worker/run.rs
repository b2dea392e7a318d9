//! One operation, from its assignment to its report.
//!
//! The computation runs in short slices on a thread where blocking is allowed. The pauses between
//! slices make it stoppable, make its duration depend on its size, and leave CPU time to other
//! processes.

use base_url::endpoint_of;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use faults::Fault;
use telemetry::Cause;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::sleep;
use tracing::{Instrument, Span, field, info_span};

use super::Worker;
use super::slot::Stop;
use crate::jobs::{Computation, Job, Step};
use crate::protocol::{Assignment, OperationType, Outcome, Report};

/// From the start of one slice to the start of the next.
const PERIOD: Duration = Duration::from_millis(40);

/// Timeout of a report.
const REPORT_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause between two attempts to report.
const REPORT_PAUSE: Duration = Duration::from_millis(500);

/// Days or epochs in a slice: 500 a second, so that the allowed sizes take 0.2 s to 20 s.
const STEPS: u32 = 20;

/// Runs the assignment in the slot, clears the slot, and reports.
pub(super) async fn run(worker: Arc<Worker>, assignment: Assignment, cause: Cause) {
    let span = run_span(&worker, &assignment);
    cause.adopt(&span);
    let ended = compute(&worker, &assignment.job)
        .instrument(span.clone())
        .await;
    span.in_scope(|| record(&span, &assignment, &ended));
    let cause = span.in_scope(Cause::current);
    drop(span);
    worker.slot.clear();
    if let Some(outcome) = ended {
        report(&worker, &assignment, outcome, &cause).await;
    }
}

fn run_span(worker: &Worker, assignment: &Assignment) -> Span {
    info_span!(
        parent: None,
        "operation.run",
        otel.status_code = field::Empty,
        otel.status_description = field::Empty,
        operation.id = assignment.operation_id,
        "operation.type" = assignment.job.operation_type().as_str(),
        operation.status = field::Empty,
        operation.attempt = i64::from(assignment.attempt),
        worker.id = worker.id,
    )
}

/// The outcome; none if the run was abandoned.
async fn compute(worker: &Worker, job: &Job) -> Option<Outcome> {
    let share = worker.config.failure_share;
    let own = job.clone();
    let mut computation = spawn_blocking(move || Computation::new(&own, share)).await;
    loop {
        let start = Instant::now();
        let advance = match computation {
            Ok(mut computation) => spawn_blocking(move || {
                let step = computation.advance(STEPS);
                (computation, step)
            }),
            Err(error) => return Some(panicked(&error)),
        };
        let step;
        (computation, step) = match advance.await {
            Ok((computation, step)) => (Ok(computation), step),
            Err(error) => return Some(panicked(&error)),
        };
        match step {
            Step::Done(result) => return Some(Outcome::Completed { result }),
            Step::Failed(error) => return Some(Outcome::Failed { error }),
            Step::Going(progress) => worker.slot.set_progress(progress),
        }
        tokio::select! {
            () = rest(worker, start.elapsed()) => {}
            why = worker.slot.stopped() => return (why == Stop::Cancel).then_some(Outcome::Cancelled),
        }
    }
}

/// The pause between two slices. While [`Fault::HungWorker`] is on, a backtest does not get past it.
async fn rest(worker: &Worker, busy: Duration) {
    sleep(pause(busy, worker.config.max_duty)).await;
    if worker.config.worker_type == OperationType::Backtest {
        while faults::is_on(Fault::HungWorker) {
            sleep(faults::TICK).await;
        }
    }
}

/// The pause until the next period, longer if the slice used more than its share of the CPU.
fn pause(busy: Duration, max_duty: f64) -> Duration {
    let owed = busy.mul_f64(1.0 / max_duty - 1.0);
    owed.max(PERIOD.saturating_sub(busy))
}

fn panicked(error: &JoinError) -> Outcome {
    tracing::error!(%error, "Computation panicked");
    Outcome::Failed {
        error: "the computation panicked".to_owned(),
    }
}

fn record(span: &Span, assignment: &Assignment, ended: &Option<Outcome>) {
    let status = ended.as_ref().map_or("ABANDONED", |o| o.status().as_str());
    span.record("operation.status", status);
    let operation_type = assignment.job.operation_type().as_str();
    let operation_id = &assignment.operation_id;
    if let Some(Outcome::Failed { error }) = ended {
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_description", error);
        tracing::warn!(operation_id, operation_type, status, error, "Run ended");
    } else {
        tracing::info!(operation_id, operation_type, status, "Run ended");
    }
}

/// Sends the report and retries until the backend answers. The backend rejects it if the operation
/// was assigned to another worker or is unknown.
async fn report(worker: &Worker, assignment: &Assignment, outcome: Outcome, cause: &Cause) {
    let id = assignment.operation_id.as_str();
    let span = info_span!(parent: None, "operation.report", operation.id = id);
    cause.adopt(&span);
    let url = endpoint_of(
        &worker.config.backend_url,
        &["api", "v1", "operations", id, "report"],
    );
    let report = Report {
        worker_id: worker.id.clone(),
        attempt: assignment.attempt,
        outcome,
    };
    async {
        loop {
            let sent = worker.client.send(Method::POST, url.clone(), |request| {
                request.json(&report).timeout(REPORT_TIMEOUT)
            });
            match sent.await {
                Ok(reply) if !reply.status.is_server_error() => return settled(id, reply.status),
                Ok(_) | Err(_) => sleep(REPORT_PAUSE).await,
            }
        }
    }
    .instrument(span)
    .await;
}

fn settled(operation_id: &str, status: StatusCode) {
    if !status.is_success() {
        tracing::info!(
            operation_id,
            answer = status.as_u16(),
            "The backend rejected the result"
        );
    }
}
