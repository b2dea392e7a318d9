//! The service's own metrics. Requests as such are counted in the common middleware.

use dice::Catalogue;
use telemetry::metrics::{IntCounter, IntCounterVec, Registry, counter, counters, gauge};

/// The handles.
pub(crate) struct Metrics {
    /// Look-ups of one specification, by die; dice that do not exist are one label.
    pub(crate) specifications: IntCounterVec,
    /// Requests for the list.
    pub(crate) lists: IntCounter,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry, dice: &Catalogue) -> Self {
        let specifications = counters(
            registry,
            "die_specifications_requested_total",
            "Requests for one specification, by die",
            &["identifier"],
        );
        for label in dice.labels() {
            specifications.with_label_values(&[label]);
        }
        gauge(
            registry,
            "die_specifications_loaded",
            "Dice that can be asked for",
        )
        .set(i64::try_from(dice.count()).unwrap_or(i64::MAX));
        Self {
            specifications,
            lists: counter(
                registry,
                "die_list_requests_total",
                "Requests for the list of dice",
            ),
        }
    }
}
