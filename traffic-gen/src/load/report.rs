//! What a load run tells.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use telemetry::client::redacted;

use super::target::Endpoint;
use super::worker::Seen;
use crate::latency::Latency;
use crate::output::{self, per_second};
use crate::table::Table;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// With it the targets are requested in the same order.
    pub(crate) seed: u64,
    /// Whether it was stopped before its end.
    pub(crate) interrupted: bool,
    /// Whether the highest rate was searched.
    pub(crate) searched: bool,
    /// The run, or the closed loop with which a search began.
    pub(crate) measured: Throughput,
    /// The highest rate that was kept, in requests a second, if one was searched and found.
    pub(crate) highest_rate: Option<f64>,
    /// What the search tried, in this order.
    pub(crate) steps: Vec<Step>,
}

/// Requests of one measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Throughput {
    /// Requests a second that were to be sent; none in a closed loop.
    pub(crate) target_rate: Option<f64>,
    /// How long was measured.
    pub(crate) seconds: f64,
    /// Requests answered, whatever the status.
    pub(crate) answered: u64,
    /// The same by time.
    pub(crate) requests_per_second: f64,
    /// Requests that were not answered with a 2xx.
    pub(crate) failed: u64,
    /// Over all targets.
    pub(crate) latency: Latency,
    /// One row for each target.
    pub(crate) targets: Vec<Row>,
}

/// One target's share.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// The URL.
    pub(crate) url: String,
    /// Answers by status, and requests without one by reason.
    pub(crate) results: BTreeMap<String, u64>,
    /// From when a request was due, or sent in a closed loop, to the last byte.
    pub(crate) latency: Latency,
}

/// One rate that a search tried.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    /// What happened at that rate.
    pub(crate) measured: Throughput,
    /// Whether it was kept: answered, without failures, with p99 within the bound.
    pub(crate) kept: bool,
}

impl Throughput {
    pub(super) fn new<'a>(
        target_rate: Option<f64>,
        took: Duration,
        endpoints: impl Iterator<Item = (&'a Endpoint, &'a Seen)>,
    ) -> Self {
        let mut all = Seen::default();
        let targets = endpoints.map(|(endpoint, seen)| {
            all.merge(seen);
            let statuses = seen.statuses.iter().map(|(s, n)| (s.to_string(), *n));
            let failures = seen.failures.iter().map(|(f, n)| (f.to_string(), *n));
            Row {
                url: redacted(&endpoint.url).to_string(),
                results: statuses.chain(failures).collect(),
                latency: seen.latencies.summary(),
            }
        });
        let targets = targets.collect();
        let answered = all.statuses.values().sum();
        let fine: u64 = all.statuses.range(200..300).map(|(_, count)| count).sum();
        let unanswered: u64 = all.failures.values().sum();
        Self {
            target_rate,
            seconds: took.as_secs_f64(),
            answered,
            requests_per_second: per_second(answered, took),
            failed: answered - fine + unanswered,
            latency: all.latencies.summary(),
            targets,
        }
    }
}

impl output::Report for Report {
    fn passed(&self) -> bool {
        if self.searched {
            return self.highest_rate.is_some();
        }
        self.measured.answered > 0 && self.measured.failed == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["target", "results"].into_iter().chain(Latency::TITLES));
        for row in &self.measured.targets {
            let cells = [row.url.clone(), output::counts(&row.results)];
            table.row(cells.into_iter().chain(row.latency.cells()));
        }
        write!(f, "{table}\n{}", self.measured)?;
        if !self.searched {
            return Ok(());
        }
        let mut table = Table::new(["rate tried", "answered", "failed", "p99", "kept"]);
        for Step { measured, kept } in &self.steps {
            table.row([
                format!("{:.0}/s", measured.target_rate.unwrap_or_default()),
                measured.answered.to_string(),
                measured.failed.to_string(),
                measured.latency.p99(),
                if *kept { "yes" } else { "no" }.to_owned(),
            ]);
        }
        write!(f, "\n{table}")?;
        match self.highest_rate {
            Some(rate) => writeln!(f, "\nhighest rate kept: {rate:.0}/s"),
            None => writeln!(f, "\nno rate that was tried was kept"),
        }
    }
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (answered, failed, seconds) = (self.answered, self.failed, self.seconds);
        let rate = self.requests_per_second;
        write!(
            f,
            "{answered} answers in {seconds:.1} s, {rate:.0}/s, {failed} failed; "
        )?;
        match self.target_rate {
            Some(target) => writeln!(
                f,
                "open loop at {target}/s, latencies from when requests were due"
            ),
            None => writeln!(
                f,
                "closed loop: latencies hide stalls, use --rate to see them"
            ),
        }
    }
}
