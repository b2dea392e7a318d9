//! The service's own metrics. The common middleware counts requests in general.
//!
//! The names begin with `streamlit_` because the Python original's frontend was a Streamlit app
//! and its dashboards and queries must work here.

use dice::{BatchSize, Catalogue};
use telemetry::metrics::{
    HistogramVec, IntCounterVec, KnownValues, Registry, counters, histograms,
};

/// Seconds: from a roll without delay to the longest wait for a batch. Most batches take just under
/// 1 s; the bound above it keeps quantiles from pointing at the next.
const DURATION_BOUNDS: [f64; 12] = [
    0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.1, 2.5, 5.0, 10.0,
];

/// The possible statuses of a roll.
const STATUSES: [&str; 7] = ["200", "404", "414", "422", "500", "503", "504"];

/// The handles.
pub(crate) struct Metrics {
    /// The dice that are label values.
    pub(crate) dice: KnownValues,
    /// Requested rolls and batches, by die.
    pub(crate) clicks: IntCounterVec,
    /// Their answers, by die and status.
    pub(crate) requests: IntCounterVec,
    /// How long dice-roller took, by die.
    pub(crate) duration: HistogramVec,
    /// Requested batches, by size.
    pub(crate) batches: IntCounterVec,
}

impl Metrics {
    /// Registers everything, with the series of the known dice and sizes at 0.
    pub(crate) fn register(registry: &Registry, dice: &Catalogue) -> Self {
        let metrics = Self::register_families(registry, KnownValues::new(dice.identifiers()));
        for die in metrics.dice.all() {
            metrics.clicks.with_label_values(&[die]);
            metrics.duration.with_label_values(&[die]);
            for status in STATUSES {
                metrics.requests.with_label_values(&[die, status]);
            }
        }
        for size in BatchSize::all() {
            metrics.batches.with_label_values(&[&size.to_string()]);
        }
        metrics
    }

    /// Registers everything, without any series of labelled metrics.
    fn register_families(registry: &Registry, dice: KnownValues) -> Self {
        Self {
            dice,
            clicks: counters(
                registry,
                "streamlit_button_clicks_total",
                "Requested rolls and batches, by die",
                &["die_type"],
            ),
            requests: counters(
                registry,
                "streamlit_requests_total",
                "Requests to dice-roller, by die and status; 503 and 504 include missing answers",
                &["die_type", "status_code"],
            ),
            duration: histograms(
                registry,
                "streamlit_request_duration_seconds",
                "Duration of requests to dice-roller in seconds, by die",
                &DURATION_BOUNDS,
                &["die_type"],
            ),
            batches: counters(
                registry,
                "async_roll_requests_total",
                "Requested batches, by size",
                &["batch_size"],
            ),
        }
    }
}
