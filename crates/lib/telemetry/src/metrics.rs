//! Metrics in Prometheus' text format, with one registry for each server.
//!
//! A metric is a field of a struct of handles, created by [`counter`], [`counters`], [`gauge`],
//! [`histogram`] or [`histograms`]. The owner of a metric creates the label sets that can occur at
//! 0, so that `rate()` and `increase()` see the first event. Label values from requests pass
//! through [`KnownValues`].

mod build;
mod flags;
mod known;
mod process;

use self::build::BuildInfo;
use self::flags::FlagReloads;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
pub use known::KnownValues;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, Opts, TextEncoder};
pub use prometheus::{
    GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Registry,
};

use crate::{Losses, Service};

/// A registry with the metrics of every process: `process_*`, `build_info`, and the `losses` of its
/// pipeline.
#[must_use]
pub fn registry(service: Service, losses: &Losses) -> Registry {
    let registry = Registry::new();
    registry.register(BuildInfo::of(service)).expect(ONCE);
    registry.register(FlagReloads::new()).expect(ONCE);
    let process = Box::new(process::ProcessMetrics::new());
    registry.register(process).expect(VALID);
    let Losses {
        spans,
        lines,
        panics,
    } = losses.clone();
    register(&registry, spans.total);
    register(&registry, spans.retries);
    register(&registry, spans.bytes);
    register(&registry, lines.made);
    register(&registry, lines.bytes);
    register(&registry, lines.total);
    register(&registry, panics);
    registry
}

/// The answer to a scrape: text format 0.0.4 with its Content-Type.
#[must_use]
pub fn render(registry: &Registry) -> Response {
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    match encoder.encode(&registry.gather(), &mut text) {
        Ok(()) => ([(CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "Cannot encode metrics");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A counter without labels.
pub fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    register(registry, IntCounter::new(name, help).expect(VALID))
}

/// A counter for each set of label values.
pub fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    register(
        registry,
        IntCounterVec::new(Opts::new(name, help), labels).expect(VALID),
    )
}

/// A gauge without labels.
pub fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    register(registry, IntGauge::new(name, help).expect(VALID))
}

/// A gauge whose value is the result of `read` at each scrape.
pub fn gauge_read(
    registry: &Registry,
    name: &str,
    help: &str,
    read: impl Fn() -> i64 + Send + Sync + 'static,
) {
    let gauge = IntGauge::new(name, help).expect(VALID);
    let collector = Box::new(ReadWhenScraped { gauge, read });
    registry.register(collector).expect(ONCE);
}

/// A gauge for each set of label values.
pub fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    register(
        registry,
        IntGaugeVec::new(Opts::new(name, help), labels).expect(VALID),
    )
}

/// A gauge with a fraction for each set of label values.
pub fn float_gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
    register(
        registry,
        GaugeVec::new(Opts::new(name, help), labels).expect(VALID),
    )
}

/// A histogram without labels, with upper bounds in the metric's own unit.
pub fn histogram(registry: &Registry, name: &str, help: &str, bounds: &[f64]) -> Histogram {
    let opts = HistogramOpts::new(name, help).buckets(bounds.to_vec());
    register(registry, Histogram::with_opts(opts).expect(VALID))
}

/// A histogram for each set of label values, with upper bounds in the metric's own unit.
pub fn histograms(
    registry: &Registry,
    name: &str,
    help: &str,
    bounds: &[f64],
    labels: &[&str],
) -> HistogramVec {
    let opts = HistogramOpts::new(name, help).buckets(bounds.to_vec());
    register(registry, HistogramVec::new(opts, labels).expect(VALID))
}

/// A guard that adds one to a gauge until it is dropped, however the work ends.
#[derive(Debug)]
#[must_use = "dropped at once, it counts nothing"]
pub struct InProgress(IntGauge);

impl InProgress {
    /// Adds one to `gauge`.
    pub fn start(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.dec();
    }
}

const VALID: &str = "metric names and labels in the source are valid";
const ONCE: &str = "each metric is registered once per registry";

fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> C {
    registry.register(Box::new(collector.clone())).expect(ONCE);
    collector
}

/// A gauge whose value is read when scraped.
struct ReadWhenScraped<F> {
    gauge: IntGauge,
    read: F,
}

impl<F: Fn() -> i64 + Send + Sync> Collector for ReadWhenScraped<F> {
    fn desc(&self) -> Vec<&Desc> {
        self.gauge.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.gauge.set((self.read)());
        self.gauge.collect()
    }
}
