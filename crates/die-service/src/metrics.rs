//! The service's own metrics. Requests as such are counted in the common middleware.

use dice::Catalogue;
use telemetry::metrics::{
    IntCounter, IntCounterVec, KnownValues, Registry, counter, counters, gauge,
};

/// The handles.
pub(crate) struct Metrics {
    known: KnownValues,
    specifications: IntCounterVec,
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
        let known = KnownValues::new(dice.identifiers());
        for identifier in known.all() {
            specifications.with_label_values(&[identifier]);
        }
        gauge(
            registry,
            "die_specifications_loaded",
            "Dice that can be asked for",
        )
        .set(i64::try_from(dice.count()).unwrap_or(i64::MAX));
        Self {
            known,
            specifications,
            lists: counter(
                registry,
                "die_list_requests_total",
                "Requests for the list of dice",
            ),
        }
    }

    /// Counts a look-up of one specification; dice that do not exist are one series.
    pub(crate) fn requested(&self, identifier: &str) {
        let labels = [self.known.guard(identifier)];
        self.specifications.with_label_values(&labels).inc();
    }
}
