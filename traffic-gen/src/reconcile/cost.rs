//! What the run's own rolls cost each service: spans, log lines and their bytes, and what a scrape
//! has. The dashboard of costs shows the same figures, from the services' counters.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use signals::Reader;
use signals::exposition::Exposition;

use super::lines::Written;
use crate::table::Table;

/// The services that a roll passes.
pub(super) const SERVICES: [&str; 3] = ["frontend", "dice-roller", "die-service"];

/// The cost of the whole run in one service.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cost {
    pub(crate) service: &'static str,
    /// Spans of the run that the trace store keeps.
    pub(crate) spans: u64,
    /// Bytes of these spans: their number times the mean bytes of all spans of the service that arrived
    /// during the run, by Tempo's usage tracker; none if it is off.
    pub(crate) span_bytes: Option<u64>,
    /// Log lines with a trace id of the run; none if lines are not checked.
    pub(crate) lines: Option<u64>,
    /// Bytes of these lines, with their line breaks.
    pub(crate) line_bytes: Option<u64>,
    /// Samples of one scrape of all replicas; none if `/metrics` is not read.
    pub(crate) series: Option<u64>,
    /// Bytes of this scrape.
    pub(crate) scrape_bytes: Option<u64>,
}

/// What one scrape of a service has, all replicas together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scrape {
    samples: u64,
    bytes: u64,
    /// Spans that the service has exported.
    exported: f64,
}

/// What is known at one moment.
#[derive(Debug, Default)]
pub(super) struct Moment {
    pub(super) scrapes: BTreeMap<&'static str, Scrape>,
    /// Bytes of spans that Tempo has received, by service.
    pub(super) received: BTreeMap<String, f64>,
}

impl Scrape {
    /// Adds a scrape of another replica, unless there is no readable answer.
    pub(super) async fn add(&mut self, reader: &Reader) {
        let Ok(text) = reader.get("/metrics", &[]).text().await else {
            return;
        };
        let Ok(metrics) = text.parse::<Exposition>() else {
            return;
        };
        let exported = metrics.sum("telemetry_spans_total", &[("outcome", "exported")]);
        self.samples += metrics.samples().len() as u64;
        self.bytes += text.len() as u64;
        self.exported += exported.unwrap_or_default();
    }
}

/// The mean bytes of the spans of a service between two moments.
fn bytes_a_span(service: &str, before: &Moment, after: &Moment) -> Option<f64> {
    let (from, to) = (before.scrapes.get(service)?, after.scrapes.get(service)?);
    // Before its first span, a service is unknown to the tracker.
    let received = before.received.get(service).copied().unwrap_or_default();
    let bytes = after.received.get(service)? - received;
    let spans = to.exported - from.exported;
    (spans > 0.0 && bytes > 0.0).then_some(bytes / spans)
}

/// The costs of the run with the traces `ours`, which took place between two moments.
pub(super) fn costs(
    ours: &HashSet<String>,
    spans: &BTreeMap<String, u64>,
    written: Option<&Written>,
    (before, after): (&Moment, &Moment),
) -> Vec<Cost> {
    let cost = |service: &'static str| {
        let written = written.map(|written| written.of(service, ours));
        let scraped = after.scrapes.get(service);
        let spans = spans.get(service).copied().unwrap_or_default();
        let bytes = bytes_a_span(service, before, after);
        Cost {
            service,
            spans,
            span_bytes: bytes.map(|bytes| (spans as f64 * bytes).round() as u64),
            lines: written.map(|(lines, _)| lines),
            line_bytes: written.map(|(_, bytes)| bytes),
            series: scraped.map(|scrape| scrape.samples),
            scrape_bytes: scraped.map(|scrape| scrape.bytes),
        }
    };
    SERVICES.map(cost).into()
}

/// The costs for 1,000 rolls, as a table.
pub(super) fn table(costs: &[Cost], rolls: u64) -> Table {
    let mut table = Table::new([
        "for 1,000 rolls",
        "spans",
        "bytes of spans",
        "lines",
        "bytes of lines",
        "samples a scrape",
        "bytes a scrape",
    ]);
    let each = |count: u64| (1000 * count).checked_div(rolls);
    let shown = |count: Option<u64>| count.map_or("?".to_owned(), |count| count.to_string());
    for cost in costs {
        table.row([
            cost.service.to_owned(),
            shown(each(cost.spans)),
            shown(cost.span_bytes.and_then(each)),
            shown(cost.lines.and_then(each)),
            shown(cost.line_bytes.and_then(each)),
            shown(cost.series),
            shown(cost.scrape_bytes),
        ]);
    }
    table
}
