//! Spans from Tempo's HTTP API: our own by trace id, those of other traffic by search.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::iter::Sum;

use signals::AskError;
use signals::exposition::Exposition;
use signals::tempo::{Found, Search};
use url::Url;

use super::counters::Counter;
use super::source::Source;
use crate::error::Error;

/// Maximum number of traces in a search; with more, other traffic is too dense to separate.
const LIMIT: usize = 10_000;

/// Spans per trace in a search result, at Tempo's own maximum. A batch has at most 20 rolls.
const SPANS: usize = 100;

/// mini-tempo's counter of spans received more than once.
const RECEIVED_TWICE: &str = "mini_tempo_spans_received_twice_total";

/// Tempo's counter of bytes by service, at a path of its own.
const RECEIVED_BYTES: &str = "tempo_usage_tracker_bytes_received_total";

const SECOND: u64 = 1_000_000_000;

/// One Tempo.
pub(super) struct Tempo {
    source: Source,
    tempo: signals::tempo::Tempo,
}

/// Spans of one trace, by what they record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spans {
    /// SERVER spans of single rolls and batches.
    pub(super) frontend: u64,
    /// Rolls, single and in batches.
    pub(super) rolls: u64,
    /// SERVER spans of die look-ups.
    pub(super) die_service: u64,
}

/// What has arrived of a trace.
#[derive(Debug, Clone, Default)]
pub(super) struct Arrived {
    /// Without duplicates.
    pub(super) spans: Spans,
    /// All spans, by service, without duplicates.
    pub(super) by_service: BTreeMap<String, u64>,
    /// Duplicates.
    pub(super) repeated: u64,
}

impl Arrived {
    /// Whether nothing has arrived.
    pub(super) fn is_empty(&self) -> bool {
        self.by_service.is_empty()
    }
}

impl Tempo {
    pub(super) fn new(url: &Url) -> Self {
        let source = Source::new("Tempo", url, "--tempo");
        let tempo = signals::tempo::Tempo::new(source.reader.clone());
        Self { source, tempo }
    }

    /// How many spans the store received twice and kept once since its start, in all traces. None
    /// for Tempo, which keeps duplicates and has no such counter.
    pub(super) async fn received_twice(&self) -> Result<Option<u64>, Error> {
        let metrics = AskError::found(Exposition::scrape(&self.source.reader).await);
        let metrics = metrics.map_err(|error| self.source.error(error))?;
        let twice = metrics.and_then(|metrics| metrics.sum(RECEIVED_TWICE, &[]));
        Ok(twice.map(|twice| twice as u64))
    }

    /// Bytes of spans received since the start, by service, as the usage tracker counts them; empty
    /// if it is off.
    pub(super) async fn received_bytes(&self) -> Result<BTreeMap<String, f64>, Error> {
        let usage = self.source.reader.get("/usage_metrics", &[]).text().await;
        let usage = AskError::found(usage).map_err(|error| self.source.error(error))?;
        let usage: Exposition = usage.unwrap_or_default().parse().unwrap_or_default();
        let samples = usage.select(RECEIVED_BYTES, &[]);
        let by_service = samples.filter_map(|sample| {
            let service = sample.labels.get("service")?;
            Some((service.clone(), sample.value))
        });
        Ok(by_service.collect())
    }

    /// What has arrived of a trace.
    pub(super) async fn read(&self, trace_id: &str) -> Result<Arrived, Error> {
        let trace = self.tempo.trace(trace_id).await;
        let trace = trace.map_err(|error| self.source.error(error))?;
        let mut arrived = Arrived::default();
        let mut ids = BTreeSet::new();
        for span in trace.iter().flat_map(|trace| &trace.spans) {
            if ids.insert(&span.id) {
                arrived.spans.count(&span.service, &span.name);
                *arrived
                    .by_service
                    .entry(span.service.to_string())
                    .or_default() += 1;
            } else {
                arrived.repeated += 1;
            }
        }
        Ok(arrived)
    }

    /// End times of the spans of other traces than `ours` that correspond to increments of
    /// `counter`. `from` and `to` are in nanoseconds since 1970.
    pub(super) async fn others(
        &self,
        counter: &Counter,
        ours: &HashSet<String>,
        from: u64,
        to: u64,
    ) -> Result<Vec<u64>, Error> {
        let search = Search {
            query: counter.spans,
            start: from / SECOND,
            end: to / SECOND + 1,
            limit: LIMIT,
            spans: SPANS,
        };
        let found = self.tempo.search(&search).await;
        let found = found.map_err(|error| self.source.error(error))?;
        if found.len() >= LIMIT {
            let problem = format!("{LIMIT} or more traces: too much other traffic to separate");
            return Err(self.source.unusable(problem));
        }
        let others = found.iter().filter(|trace| !ours.contains(&trace.trace_id));
        Ok(others.flat_map(ends).collect())
    }
}

/// End times of a trace's spans, without duplicates.
fn ends(trace: &Found) -> Vec<u64> {
    let mut ids = BTreeSet::new();
    let spans = trace.spans.iter().filter(|span| ids.insert(&span.id));
    spans.map(|span| span.end).collect()
}

impl Sum for Spans {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, spans| Self {
            frontend: sum.frontend + spans.frontend,
            rolls: sum.rolls + spans.rolls,
            die_service: sum.die_service + spans.die_service,
        })
    }
}

impl Spans {
    fn count(&mut self, service: &str, name: &str) {
        match (service, name) {
            ("frontend", "GET /roll" | "GET /roll-async") => self.frontend += 1,
            ("dice-roller", "roll") => self.rolls += 1,
            ("dice-roller", name) if is_batch_roll(name) => self.rolls += 1,
            ("die-service", "GET /dice") => self.die_service += 1,
            _ => {}
        }
    }
}

fn is_batch_roll(name: &str) -> bool {
    let index = name.strip_prefix("async_roll_");
    index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}
