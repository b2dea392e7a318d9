//! The report of a comparison.

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::latency::{Latency, Millis};
use crate::look_next::LookNext;
use crate::output;
use crate::table::Table;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// The attribute `traffic.run` of every root span.
    pub(crate) run: String,
    /// One roll at a time.
    pub(crate) sequential: Row,
    /// One row for each size of batch.
    pub(crate) batches: Vec<Row>,
    /// Requests that failed.
    pub(crate) failures: u64,
    /// Whether the run was stopped early.
    pub(crate) interrupted: bool,
    #[serde(skip)]
    pub(super) frontend: Url,
}

/// Requests with the same number of rolls.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What was requested.
    pub(crate) kind: Kind,
    /// Rolls in one request.
    pub(crate) rolls: u8,
    /// Requests answered.
    pub(crate) requests: u64,
    /// How long a request took.
    pub(crate) latency: Latency,
    /// The expected mean delay of a request, in milliseconds.
    pub(crate) expected_mean_ms: f64,
    /// Time for this many sequential rolls divided by the time for this batch.
    pub(crate) speed_up: Option<f64>,
    /// The expected factor: (n+1)/2 with a delay.
    pub(crate) expected_speed_up: Option<f64>,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// One roll, after the previous one.
    Sequential,
    /// Concurrent rolls.
    Batch,
}

impl output::Report for Report {
    fn passed(&self) -> bool {
        self.failures == 0
    }

    fn look_next(&self) -> LookNext<'_> {
        LookNext {
            frontend: Some(&self.frontend),
            run: Some(&self.run),
            ..LookNext::default()
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = [
            "request",
            "count",
            "mean",
            "expected",
            "p50",
            "p95",
            "speed-up",
            "expected (n+1)/2",
        ];
        let mut table = Table::new(titles);
        let factor = |factor: Option<f64>| factor.map_or_else(String::new, |x| format!("{x:.2} x"));
        for row in std::iter::once(&self.sequential).chain(&self.batches) {
            let name = match row.kind {
                Kind::Sequential => "one roll".to_owned(),
                Kind::Batch => format!("batch of {}", row.rolls),
            };
            let [mean, p50, p95, ..] = row.latency.cells();
            table.row([
                name,
                row.requests.to_string(),
                mean,
                Millis(row.expected_mean_ms).to_string(),
                p50,
                p95,
                factor(row.speed_up),
                factor(row.expected_speed_up),
            ]);
        }
        writeln!(f, "{table}")?;
        writeln!(
            f,
            "speed-up: time of n sequential rolls divided by the time of one batch of n"
        )?;
        if self.failures > 0 {
            writeln!(f, "{} requests failed and are left out", self.failures)?;
        }
        let mut rows = std::iter::once(&self.sequential).chain(&self.batches);
        if rows.any(|row| row.requests == 0) {
            writeln!(
                f,
                "-: no request of this kind was answered, so there is nothing to compare"
            )?;
        }
        Ok(())
    }
}
