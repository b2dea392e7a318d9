//! The service's own metrics. Requests as such are counted in the common middleware.

use dice::Catalogue;
use telemetry::metrics::{
    IntCounter, IntCounterVec, IntGauge, KnownValues, Registry, counter, counters, gauge,
};

/// The handles.
pub(crate) struct Metrics {
    known: KnownValues,
    specifications: IntCounterVec,
    /// Requests for the list.
    pub(crate) lists: IntCounter,
    /// Dice that can be asked for.
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
        // A die that was added to the database is `unknown` here: labels do not grow with a table.
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
            loaded: gauge(
                registry,
                "die_specifications_loaded",
                "Dice that can be asked for",
            ),
        }
    }

    /// Counts a look-up of one specification; dice that do not exist are one series.
    pub(crate) fn requested(&self, identifier: &str) {
        let labels = [self.known.guard(identifier)];
        self.specifications.with_label_values(&labels).inc();
    }
}
