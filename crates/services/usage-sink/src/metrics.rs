//! The service's own metrics. A common middleware counts the requests.

use telemetry::metrics::{IntCounterVec, KnownValues, Registry, counters};

use crate::event::EventType;

/// The outcome of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Stored,
    /// Already stored: a delivery is repeated if its answer is lost.
    Duplicate,
    Rejected,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
        }
    }
}

/// The metrics.
pub(crate) struct Metrics {
    events: IntCounterVec,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        let metrics = Self {
            events: counters(
                registry,
                "usage_events_total",
                "Events of answered deliveries by type and outcome: stored, duplicate (already stored) or rejected (not a valid usage event)",
                &["event_type", "outcome"],
            ),
        };
        for kind in EventType::ALL.map(EventType::name) {
            metrics.add(kind, Outcome::Stored, 0);
            metrics.add(kind, Outcome::Duplicate, 0);
            metrics.add(kind, Outcome::Rejected, 0);
        }
        metrics.add(KnownValues::UNKNOWN, Outcome::Rejected, 0);
        metrics
    }

    pub(crate) fn add(&self, event_type: &'static str, outcome: Outcome, count: usize) {
        let labels = [event_type, outcome.name()];
        self.events.with_label_values(&labels).inc_by(count as u64);
    }
}
