//! The service's own metrics. A common middleware counts the requests.

use std::collections::BTreeMap;

use dice::Catalogue;
use telemetry::metrics::{IntCounter, IntGauge, KnownValues, Registry, counter, counters, gauge};

/// The metrics.
pub(crate) struct Metrics {
    /// By die. A look-up of the series by its label would cost more than counting.
    specifications: BTreeMap<String, IntCounter>,
    unknown: IntCounter,
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
        let of = |identifier| specifications.with_label_values(&[identifier]);
        let dice = Catalogue::embedded();
        let dice = dice.identifiers();
        Self {
            specifications: dice.map(|die| (die.to_owned(), of(die))).collect(),
            unknown: of(KnownValues::UNKNOWN),
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
        let known = self.specifications.get(identifier);
        known.unwrap_or(&self.unknown).inc();
    }
}
