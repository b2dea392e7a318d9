//! The report of a load run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use telemetry::client::redacted;

use super::target::Endpoint;
use super::watch::Component;
use super::worker::Seen;
use crate::latency::Latency;
use crate::output::{self, per_second};
use crate::table::Table;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// Repeats the order of the targets.
    pub(crate) seed: u64,
    /// Whether the run was stopped early.
    pub(crate) interrupted: bool,
    /// Whether this was a search for the highest rate.
    pub(crate) searched: bool,
    /// The run, or the closed loop at the start of a search.
    pub(crate) measured: Throughput,
    /// The highest rate sustained, in requests a second, if the search found one.
    pub(crate) highest_rate: Option<f64>,
    /// Whether the connections, not the server, limited the rate that the search found.
    pub(crate) limited_by_connections: bool,
    /// The number of connections.
    pub(crate) connections: usize,
    /// The rates that the search tried, in order.
    pub(crate) steps: Vec<Step>,
}

/// Requests of one measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Throughput {
    /// The target rate in requests a second; none in a closed loop.
    pub(crate) target_rate: Option<f64>,
    /// The measured time in seconds.
    pub(crate) seconds: f64,
    /// Requests answered, whatever the status.
    pub(crate) answered: u64,
    /// Answers a second.
    pub(crate) requests_per_second: f64,
    /// Requests without a 2xx answer.
    pub(crate) failed: u64,
    /// Latency over all targets.
    pub(crate) latency: Latency,
    /// One row for each target.
    pub(crate) targets: Vec<Row>,
}

/// The results of one target.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// The URL.
    pub(crate) url: String,
    /// Answers by status, and failed requests by reason.
    pub(crate) results: BTreeMap<String, u64>,
    /// From the due time (in a closed loop: the send time) to the last byte.
    pub(crate) latency: Latency,
}

/// One rate of a search.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    /// The measurement at that rate.
    pub(crate) measured: Throughput,
    /// Whether the rate was sustained: answered without failures, with p99 within the bound.
    pub(crate) kept: bool,
    /// What the watched components used and lost.
    pub(crate) components: Vec<Component>,
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
        let mut table = Table::new(["rate tried", "answered", "failed", "p99", "sustained"]);
        for Step { measured, kept, .. } in &self.steps {
            table.row([
                format!("{:.0}/s", measured.target_rate.unwrap_or_default()),
                measured.answered.to_string(),
                measured.failed.to_string(),
                measured.latency.p99(),
                if *kept { "yes" } else { "no" }.to_owned(),
            ]);
        }
        write!(f, "\n{table}{}", self.components())?;
        match self.highest_rate {
            Some(rate) => writeln!(f, "\nhighest rate sustained: {rate:.0}/s")?,
            None => writeln!(f, "\nno rate was sustained")?,
        }
        match self.limited_by_connections {
            true => writeln!(
                f,
                "the limit is the {} connections, each of which was busy while the server answered as fast as \
                 at half the rate: repeat with a larger --connections",
                self.connections
            ),
            false => Ok(()),
        }
    }
}

impl Report {
    /// What each component used and lost at each rate, from the lowest; empty if none is watched.
    fn components(&self) -> String {
        if self.steps.iter().all(|step| step.components.is_empty()) {
            return String::new();
        }
        let titles = ["rate", "sustained", "component", "cores", "memory", "lost"];
        let mut table = Table::new(titles);
        let mut steps: Vec<&Step> = self.steps.iter().collect();
        steps.sort_by(|one, other| {
            let rate = |step: &Step| step.measured.target_rate.unwrap_or_default();
            rate(one).total_cmp(&rate(other))
        });
        for Step {
            measured,
            kept,
            components,
        } in steps
        {
            for component in components {
                let shown = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
                let lost = component.lost.iter();
                let lost: Vec<_> = lost
                    .map(|(what, count)| format!("{count} {what}"))
                    .collect();
                let mebibytes = component
                    .resident_bytes
                    .map(|bytes| bytes / f64::from(1 << 20));
                table.row([
                    format!("{:.0}/s", measured.target_rate.unwrap_or_default()),
                    if *kept { "yes" } else { "no" }.to_owned(),
                    component.name.clone(),
                    shown(component.cores.map(|cores| format!("{cores:.2}"))),
                    shown(mebibytes.map(|mebibytes| format!("{mebibytes:.0} MiB"))),
                    lost.join(", "),
                ]);
            }
        }
        format!("\n{table}")
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
                "closed loop: its latencies hide stalls; use --rate to show them"
            ),
        }
    }
}
