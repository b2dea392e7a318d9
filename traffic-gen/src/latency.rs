//! Latencies in an HDR histogram, with a precision of 0.1 %.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// A distribution of latencies, in microseconds. Two of them can be merged.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new(3).expect("3 digits are a valid precision"))
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        // The histogram resizes itself; recording fails only beyond 64 bits.
        let _ = self.0.record(micros);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    pub(crate) fn summary(&self) -> Latency {
        let quantile = |q| millis(self.0.value_at_quantile(q));
        Latency {
            mean_ms: self.0.mean() / 1000.0,
            p50_ms: quantile(0.5),
            p95_ms: quantile(0.95),
            p99_ms: quantile(0.99),
            max_ms: millis(self.0.max()),
        }
    }
}

/// Summary of a distribution, in milliseconds; all zeros when nothing was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Latency {
    /// The mean.
    pub(crate) mean_ms: f64,
    /// The median.
    pub(crate) p50_ms: f64,
    /// The 95th percentile.
    pub(crate) p95_ms: f64,
    /// The 99th percentile.
    pub(crate) p99_ms: f64,
    /// The maximum.
    pub(crate) max_ms: f64,
}

impl Latency {
    /// The column titles for [`cells`](Self::cells).
    pub(crate) const TITLES: [&str; 5] = ["mean", "p50", "p95", "p99", "max"];

    /// The 99th percentile as shown in tables.
    pub(crate) fn p99(&self) -> String {
        let [_, _, _, p99, _] = self.cells();
        p99
    }

    /// The fields as shown in tables; dashes when nothing was recorded.
    pub(crate) fn cells(&self) -> [String; 5] {
        if *self == Self::default() {
            return std::array::from_fn(|_| "-".to_owned());
        }
        let values = [
            self.mean_ms,
            self.p50_ms,
            self.p95_ms,
            self.p99_ms,
            self.max_ms,
        ];
        values.map(|value| Millis(value).to_string())
    }
}

/// Milliseconds, displayed with a sensible number of decimals.
pub(crate) struct Millis(pub(crate) f64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            value if value < 10.0 => write!(f, "{value:.2} ms"),
            value if value < 1000.0 => write!(f, "{value:.0} ms"),
            value => write!(f, "{:.2} s", value / 1000.0),
        }
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}
