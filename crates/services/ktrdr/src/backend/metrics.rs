//! The backend's own metrics. Only the backend counts operations: each one once, when it ends.

use std::time::Duration;

use telemetry::metrics::{
    HistogramVec, IntCounterVec, IntGaugeVec, Registry, counters, gauges, histograms,
};

use super::workers::WorkerState;
use crate::protocol::{OperationType, Status};

/// Upper bounds in seconds: operations take 0.2 to 20 by design, and longer on a busy machine.
const DURATION_BOUNDS: [f64; 11] = [0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0];

/// Why an operation went back to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requeue {
    /// Its worker stopped answering.
    WorkerLost,
    /// Its worker was stopped, or ended the run without a request from the backend.
    HandedBack,
    /// Its worker could not be reached, or did not accept it.
    Undelivered,
}

impl Requeue {
    const ALL: [Self; 3] = [Self::WorkerLost, Self::HandedBack, Self::Undelivered];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::WorkerLost => "worker_lost",
            Self::HandedBack => "handed_back",
            Self::Undelivered => "undelivered",
        }
    }
}

/// The metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    operations: IntCounterVec,
    durations: HistogramVec,
    in_progress: IntGaugeVec,
    requeued: IntCounterVec,
    workers: IntGaugeVec,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry, queue_capacity: usize) -> Self {
        let metrics = Self {
            operations: counters(
                registry,
                "operations_total",
                "Operations that ended, by status: completed, failed or cancelled",
                &["operation_type", "status"],
            ),
            durations: histograms(
                registry,
                "operation_duration_seconds",
                "Time in seconds from the start of an operation on a worker to its completion",
                &DURATION_BOUNDS,
                &["operation_type"],
            ),
            in_progress: gauges(
                registry,
                "operations_in_progress",
                "Operations that wait for a worker (pending, the queue's depth) or run on one (running)",
                &["operation_type", "state"],
            ),
            requeued: counters(
                registry,
                "operations_requeued_total",
                "Operations that were put back into the queue, by reason",
                &["operation_type", "reason"],
            ),
            workers: gauges(
                registry,
                "workers_registered",
                "Registered workers by their current state: available, busy or lost",
                &["worker_type", "state"],
            ),
        };
        metrics.initialise(registry, queue_capacity);
        metrics
    }

    fn initialise(&self, registry: &Registry, queue_capacity: usize) {
        let capacity = gauges(
            registry,
            "operation_queue_capacity",
            "Operations that may wait before new ones are rejected with 503",
            &["operation_type"],
        );
        for kind in OperationType::ALL {
            let kind = kind.as_str();
            capacity
                .with_label_values(&[kind])
                .set(i64::try_from(queue_capacity).unwrap_or(i64::MAX));
            self.durations.with_label_values(&[kind]);
            for status in Status::FINAL {
                self.operations.with_label_values(&[kind, status.label()]);
            }
            for status in [Status::Pending, Status::Running] {
                self.in_progress.with_label_values(&[kind, status.label()]);
            }
            for reason in Requeue::ALL {
                self.requeued.with_label_values(&[kind, reason.as_str()]);
            }
            for state in WorkerState::ALL {
                self.workers.with_label_values(&[kind, state.as_str()]);
            }
        }
    }

    /// Counts an ended operation; `duration` is the time since its worker started, if one did.
    pub(crate) fn ended(&self, kind: OperationType, status: Status, duration: Option<Duration>) {
        let labels = [kind.as_str(), status.label()];
        self.operations.with_label_values(&labels).inc();
        if let (Status::Completed, Some(duration)) = (status, duration) {
            let durations = self.durations.with_label_values(&labels[..1]);
            durations.observe(duration.as_secs_f64());
        }
    }

    pub(crate) fn requeued(&self, kind: OperationType, reason: Requeue) {
        let labels = [kind.as_str(), reason.as_str()];
        self.requeued.with_label_values(&labels).inc();
    }

    pub(crate) fn in_progress(&self, kind: OperationType, pending: usize, running: usize) {
        for (state, count) in [(Status::Pending, pending), (Status::Running, running)] {
            self.in_progress
                .with_label_values(&[kind.as_str(), state.label()])
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    pub(crate) fn workers(&self, kind: OperationType, state: WorkerState, count: usize) {
        self.workers
            .with_label_values(&[kind.as_str(), state.as_str()])
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}
