//! The service's own metrics. A common middleware counts the requests.

use dice::Catalogue;
use telemetry::metrics::{
    IntCounter, IntCounterVec, IntGauge, KnownValues, Registry, counter, counters, gauge,
};

/// The metrics.
pub(crate) struct Metrics {
    known: KnownValues,
    specifications: IntCounterVec,
    /// Requests for the list.
    pub(crate) lists: IntCounter,
    /// The number of dice.
    pub(crate) loaded: IntGauge,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        let specifications = counters(
            registry,
            "die_specifications_requested_total",
            "Requests for one specification, by die",
            &["identifier"],
        );
        // A die added to the database counts as `unknown`: labels must not grow with a table.
        let known = KnownValues::new(Catalogue::embedded().identifiers());
        for identifier in known.all() {
            specifications.with_label_values(&[identifier]);
        }
        Self {
            known,
            specifications,
            lists: counter(
                registry,
                "die_list_requests_total",
                "Requests for the list of dice",
            ),
            loaded: gauge(registry, "die_specifications_loaded", "Dice that exist"),
        }
    }

    /// Counts a look-up of one specification; unknown dice share one series.
    pub(crate) fn requested(&self, identifier: &str) {
        let labels = [self.known.guard(identifier)];
        self.specifications.with_label_values(&labels).inc();
    }
}
