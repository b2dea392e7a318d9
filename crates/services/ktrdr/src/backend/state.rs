//! The backend's mutable state and its rules: each method is one transition, under the one lock in
//! `Backend`.
//!
//! An operation ends exactly once, in `State::end`. A worker loses its operation if it stops
//! answering, registers anew, leaves, does not accept the operation, or ends the run unrequested;
//! all five cases call `State::give_up`.

use std::time::Duration;

use serde_json::Value;
use telemetry::Cause;
use tracing::info_span;
use url::Url;

use super::error::Error;
use super::ledger::{Ledger, Operation};
use super::metrics::{Metrics, Requeue};
use super::workers::{Attempt, WorkerState, Workers};
use crate::jobs::Job;
use crate::protocol::{
    Assignment, Beat, BeatReply, OperationType, Outcome, Registration, Report, Status,
};

/// An assignment to send to a worker.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) worker: String,
    pub(crate) url: Url,
    pub(crate) assignment: Assignment,
    pub(crate) cause: Cause,
}

impl Order {
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt {
            operation_id: self.assignment.operation_id.clone(),
            number: self.assignment.attempt,
        }
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ledger: Ledger,
    pub(crate) workers: Workers,
    metrics: Metrics,
    /// Maximum number of waiting operations of each type.
    queue_capacity: usize,
}

impl State {
    pub(crate) fn new(metrics: Metrics, queue_capacity: usize) -> Self {
        Self {
            ledger: Ledger::default(),
            workers: Workers::default(),
            metrics,
            queue_capacity,
        }
    }

    /// A client submits `job`; returns the operation's id.
    pub(crate) fn submit(&mut self, job: Job) -> Result<String, Error> {
        let kind = job.operation_type();
        let waiting = self.ledger.waiting(kind);
        let free = self.workers.count(kind, WorkerState::Available) > 0;
        if !free && waiting >= self.queue_capacity {
            return Err(Error::QueueFull {
                operation_type: kind,
                waiting,
            });
        }
        let id = self.ledger.vacant_id();
        let span = info_span!(
            "operation.register",
            operation.id = id,
            "operation.type" = kind.as_str(),
            operation.status = Status::Pending.as_str(),
        );
        let cause = span.in_scope(|| {
            tracing::info!(
                operation_id = id,
                operation_type = kind.as_str(),
                status = Status::Pending.as_str(),
                "Operation registered"
            );
            Cause::current()
        });
        self.ledger.add(id.clone(), job, cause);
        Ok(id)
    }

    /// A client cancels an operation; returns the running attempt and its worker's URL, if any.
    pub(crate) fn cancel(&mut self, id: &str) -> Result<Option<(Attempt, Url)>, Error> {
        let operation = self.operation(id)?;
        let (status, worker) = (operation.status, operation.worker.clone());
        let attempt = Attempt {
            operation_id: id.to_owned(),
            number: operation.attempt,
        };
        if status.is_final() {
            return Err(Error::Ended {
                id: id.to_owned(),
                status,
            });
        }
        self.end(id, Status::Cancelled, None, None);
        let worker = worker.filter(|_| status == Status::Running);
        let url = worker.and_then(|worker| Some(self.workers.get(&worker)?.url.clone()));
        Ok(url.map(|url| (attempt, url)))
    }

    /// A worker reports the end of a run.
    pub(crate) fn report(&mut self, id: &str, report: Report) -> Result<(), Error> {
        let attempt = Attempt {
            operation_id: id.to_owned(),
            number: report.attempt,
        };
        self.workers.release(&report.worker_id, &attempt);
        if self.ledger.at(&attempt).is_none() {
            let operation = self.operation(id)?;
            let cancelled = operation.status == Status::Cancelled;
            // The worker confirms a cancellation by the backend.
            if cancelled && report.outcome == Outcome::Cancelled {
                return Ok(());
            }
            return Err(Error::LateReport {
                id: id.to_owned(),
                attempt: report.attempt,
            });
        }
        let status = report.outcome.status();
        match report.outcome {
            Outcome::Completed { result } => self.end(id, status, Some(result), None),
            Outcome::Failed { error } => self.end(id, status, None, Some(error)),
            // Unrequested: a cancelled operation has no running attempt any more.
            Outcome::Cancelled => self.give_up(&report.worker_id, &attempt, Requeue::HandedBack),
        }
        Ok(())
    }

    /// A worker registers as idle, whatever the backend knew about it.
    pub(crate) fn register(&mut self, registration: Registration) -> Result<u32, Error> {
        let id = registration.id.clone();
        let worker_type = registration.worker_type.as_str();
        let (lease, interrupted) = self.workers.register(registration)?;
        tracing::info!(worker_id = id, worker_type, "Worker registered");
        if let Some(attempt) = interrupted {
            self.give_up(&id, &attempt, Requeue::WorkerLost);
        }
        Ok(lease)
    }

    /// A worker sends a heartbeat.
    pub(crate) fn beat(&mut self, id: &str, beat: Beat) -> Result<BeatReply, Error> {
        self.workers.holding(id, beat.lease)?;
        let Some(running) = beat.running else {
            return Ok(BeatReply { stop: false });
        };
        let attempt = Attempt {
            operation_id: running.operation_id,
            number: running.attempt,
        };
        let operation = self.ledger.at(&attempt);
        let stop = operation.is_none();
        if let Some(operation) = operation {
            operation.progress = running.progress;
        }
        Ok(BeatReply { stop })
    }

    /// A worker leaves and returns its operation.
    pub(crate) fn leave(&mut self, id: &str, lease: u32) -> Result<(), Error> {
        let interrupted = self.workers.leave(id, lease)?;
        tracing::info!(worker_id = id, "Worker left");
        if let Some(attempt) = interrupted {
            self.give_up(id, &attempt, Requeue::HandedBack);
        }
        Ok(())
    }

    /// Marks workers as lost after `silence` without a heartbeat.
    pub(crate) fn sweep(&mut self, silence: Duration) {
        for (id, interrupted) in self.workers.sweep(silence) {
            tracing::warn!(
                worker_id = id,
                ?silence,
                "Worker lost: it stopped answering"
            );
            if let Some(attempt) = interrupted {
                self.give_up(&id, &attempt, Requeue::WorkerLost);
            }
        }
    }

    /// An order could not be delivered: the worker must register again.
    pub(crate) fn undelivered(&mut self, order: &Order, reason: Requeue) {
        let attempt = order.attempt();
        if self.workers.lose(&order.worker, &attempt) {
            self.give_up(&order.worker, &attempt, reason);
        }
    }

    /// An attempt failed: starts another one, unless there were too many.
    fn give_up(&mut self, worker: &str, attempt: &Attempt, reason: Requeue) {
        let Some(operation) = self.ledger.at(attempt) else {
            return;
        };
        let (id, kind) = (&attempt.operation_id, operation.kind());
        let span = info_span!(
            parent: None,
            "operation.requeue",
            operation.id = id,
            "operation.type" = kind.as_str(),
            operation.attempt = i64::from(attempt.number),
            operation.requeue_reason = reason.as_str(),
            worker.id = worker,
        );
        operation.cause.adopt(&span);
        let _entered = span.enter();
        if let Some(error) = operation.give_up(worker, reason) {
            self.end(id, Status::Failed, None, Some(error));
            return;
        }
        self.ledger.requeue(id);
        self.metrics.requeued(kind, reason);
        tracing::warn!(
            operation_id = id,
            operation_type = kind.as_str(),
            status = Status::Pending.as_str(),
            worker_id = worker,
            reason = reason.as_str(),
            "Operation put back into the queue"
        );
    }

    /// Ends an operation; this is the only way in which one ends.
    fn end(&mut self, id: &str, status: Status, result: Option<Value>, error: Option<String>) {
        let Some(kind) = self.ledger.get(id).map(Operation::kind) else {
            return;
        };
        let reason = error.clone();
        let took = self.ledger.end(id, status, result, error);
        self.metrics.ended(kind, status, took);
        tracing::info!(
            operation_id = id,
            operation_type = kind.as_str(),
            status = status.as_str(),
            duration_seconds = took.map(|took| took.as_secs_f64()),
            reason,
            "Operation ended"
        );
    }

    /// Assigns waiting operations to available workers.
    pub(crate) fn assign(&mut self) -> Vec<Order> {
        let mut orders = Vec::new();
        for kind in OperationType::ALL {
            while let Some((id, worker)) = self.workers.next_available(kind) {
                let Some((assignment, cause)) = self.ledger.start_next(kind, id) else {
                    break;
                };
                worker.current = Some(Attempt {
                    operation_id: assignment.operation_id.clone(),
                    number: assignment.attempt,
                });
                orders.push(Order {
                    worker: id.to_owned(),
                    url: worker.url.clone(),
                    assignment,
                    cause,
                });
            }
        }
        orders
    }

    /// Sets the gauges to the current state.
    pub(crate) fn update_gauges(&self) {
        for kind in OperationType::ALL {
            let (waiting, running) = (self.ledger.waiting(kind), self.ledger.running(kind));
            self.metrics.in_progress(kind, waiting, running);
            for state in WorkerState::ALL {
                let count = self.workers.count(kind, state);
                self.metrics.workers(kind, state, count);
            }
        }
    }

    pub(crate) fn operation(&self, id: &str) -> Result<&Operation, Error> {
        let unknown = || Error::UnknownOperation(id.to_owned());
        self.ledger.get(id).ok_or_else(unknown)
    }
}
