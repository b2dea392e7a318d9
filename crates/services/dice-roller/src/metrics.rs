//! The service's own metrics. A common middleware counts the requests.

use std::sync::Arc;

use dice::{BatchSize, Catalogue, Specification};
use telemetry::metrics::{
    Histogram, HistogramVec, IntCounterVec, IntGauge, KnownValues, Registry, counters, gauge,
    gauge_read, histogram, histograms,
};

use crate::peak::Peak;

/// The two results of a roll, as label values.
const RESULTS: [&str; 2] = ["success", "error"];

/// The outcomes of a call to die-service, as label values.
const LOOKUPS: [&str; 4] = ["success", "not_found", "error", "timeout"];

/// In seconds: from a look-up on the same machine to the default timeout.
const LOOKUP_BOUNDS: [f64; 13] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
];

/// In seconds: centred on the default duration of a batch's slowest roll, about a second.
const BATCH_BOUNDS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0];

/// The metrics. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// Rolls of `/roll`, by die and result.
    pub(crate) rolls: IntCounterVec,
    /// Values of all successful rolls, by die.
    pub(crate) values: HistogramVec,
    /// Calls to die-service, by requested die and outcome.
    pub(crate) lookups: IntCounterVec,
    /// Duration of these calls.
    pub(crate) lookup_duration: Histogram,
    /// Rolls in batches, by die and result.
    pub(crate) async_rolls: IntCounterVec,
    /// Rolls per finished batch, observed together with its duration.
    pub(crate) batch_size: Histogram,
    /// Duration of whole batches.
    pub(crate) batch_duration: Histogram,
    /// Rolls in flight.
    pub(crate) in_progress: IntGauge,
    /// The recent maximum of rolls in flight.
    pub(crate) peak: Arc<Peak>,
}

impl Metrics {
    /// Registers all metrics; the series of the known dice start at 0.
    pub(crate) fn register(registry: &Registry, dice: &Catalogue) -> Self {
        let metrics = Self::register_families(registry);
        for die in dice.identifiers() {
            metrics.values.with_label_values(&[die]);
            for result in RESULTS {
                metrics.rolls.with_label_values(&[die, result]);
                metrics.async_rolls.with_label_values(&[die, result]);
            }
        }
        for die in KnownValues::new(dice.identifiers()).all() {
            for outcome in LOOKUPS {
                metrics.lookups.with_label_values(&[die, outcome]);
            }
        }
        metrics
    }

    /// Registers all metric families, without series for label values.
    fn register_families(registry: &Registry) -> Self {
        let in_progress = gauge(
            registry,
            "async_rolls_in_progress",
            "Rolls of batches currently in flight",
        );
        let peak = Arc::new(Peak::new(in_progress.clone()));
        let read = peak.clone();
        gauge_read(
            registry,
            "async_rolls_in_progress_max",
            "Maximum of async_rolls_in_progress since the scrape before the last, over at least 5 seconds",
            move || read.read(),
        );
        let faces: Vec<f64> = (0..=Specification::MAX_VALUE).map(f64::from).collect();
        let sizes: Vec<f64> = BatchSize::all().map(|size| f64::from(size.get())).collect();
        Self {
            rolls: counters(
                registry,
                "dice_rolls_total",
                "Single rolls, by die and result; rolls in batches are async_rolls_total",
                &["die_type", "result"],
            ),
            values: histograms(
                registry,
                "dice_roll_value",
                "Values of successful rolls, single and in batches, by die",
                &faces,
                &["die_type"],
            ),
            lookups: counters(
                registry,
                "die_service_requests_total",
                "Calls to die-service, by requested die and outcome",
                &["identifier", "status"],
            ),
            lookup_duration: histogram(
                registry,
                "die_service_request_duration_seconds",
                "Duration of calls to die-service in seconds",
                &LOOKUP_BOUNDS,
            ),
            async_rolls: counters(
                registry,
                "async_rolls_total",
                "Rolls in batches, by die and result",
                &["die_type", "result"],
            ),
            batch_size: histogram(
                registry,
                "async_roll_batch_size",
                "Rolls per finished batch",
                &sizes,
            ),
            batch_duration: histogram(
                registry,
                "async_roll_duration_seconds",
                "Duration of whole batches in seconds, which equals that of the slowest roll",
                &BATCH_BOUNDS,
            ),
            in_progress,
            peak,
        }
    }
}
