//! The operation that a worker runs, if any.

use telemetry::metrics::{InProgress, IntGauge};
use tokio::sync::watch;

use crate::protocol::{Assignment, Running};

/// Why a run ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The operation was cancelled; the worker reports when the run has stopped.
    Cancel,
    /// The operation is no longer assigned to this worker; there is nothing to report.
    Abandon,
}

#[derive(Debug)]
struct Current {
    running: Running,
    stop: Option<Stop>,
    _busy: InProgress,
}

/// Room for one operation.
#[derive(Debug)]
pub(super) struct Slot {
    current: watch::Sender<Option<Current>>,
    busy: IntGauge,
}

impl Slot {
    /// Creates an empty slot. `busy` is 1 while it is occupied.
    pub(super) fn new(busy: IntGauge) -> Self {
        Self {
            current: watch::Sender::new(None),
            busy,
        }
    }

    /// Occupies the slot with an operation if it is empty.
    pub(super) fn take(&self, assignment: &Assignment) -> bool {
        self.current.send_if_modified(|current| {
            let free = current.is_none();
            current.get_or_insert_with(|| Current {
                running: Running {
                    operation_id: assignment.operation_id.clone(),
                    attempt: assignment.attempt,
                    progress: 0.0,
                },
                stop: None,
                _busy: InProgress::start(&self.busy),
            });
            free
        })
    }

    pub(super) fn running(&self) -> Option<Running> {
        let current = self.current.borrow();
        current.as_ref().map(|current| current.running.clone())
    }

    pub(super) fn set_progress(&self, progress: f64) {
        self.current.send_if_modified(|current| {
            if let Some(current) = current {
                current.running.progress = progress;
            }
            // Progress does not wake any waiter.
            false
        });
    }

    /// Requests the run to stop, if it matches `only`; returns whether it does.
    pub(super) fn stop(&self, only: Option<(&str, u32)>, why: Stop) -> bool {
        self.current.send_if_modified(|current| {
            let Some(current) = current else { return false };
            let Running {
                operation_id,
                attempt,
                ..
            } = &current.running;
            let meant = only.is_none_or(|only| only == (operation_id, *attempt));
            if meant {
                current.stop = Some(why);
            }
            meant
        })
    }

    /// Ready when the run must stop.
    pub(super) async fn stopped(&self) -> Stop {
        let mut current = self.current.subscribe();
        let stopped = current
            .wait_for(|current| current.as_ref().is_none_or(|it| it.stop.is_some()))
            .await;
        let stopped = stopped.expect("the sender lives as long as this borrows it");
        stopped
            .as_ref()
            .and_then(|it| it.stop)
            .unwrap_or(Stop::Abandon)
    }

    pub(super) fn clear(&self) {
        self.current.send_replace(None);
    }

    /// Ready when the slot is empty.
    pub(super) async fn cleared(&self) {
        let mut current = self.current.subscribe();
        let empty = current.wait_for(Option::is_none).await;
        empty.expect("the sender lives as long as this borrows it");
    }
}
