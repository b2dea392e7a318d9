//! Spans from Tempo's HTTP API: ours trace by trace, other traffic's by search.

use std::collections::{BTreeSet, HashSet};
use std::iter::Sum;

use serde::Deserialize;

use super::counters::Counter;
use super::source::Source;
use crate::Error;
use crate::reach::endpoint;

/// Traces that a search may find; more are too much other traffic to tell apart.
const LIMIT: usize = 10_000;

/// Spans of a trace that a search shows, Tempo's own limit. A batch has at most 20 rolls.
const SPANS: &str = "100";

/// mini-tempo's metric of the spans that it received again.
const RECEIVED_TWICE: &str = "mini_tempo_spans_received_twice_total ";

const SECOND: u64 = 1_000_000_000;

/// One Tempo.
pub(super) struct Tempo(Source);

/// Spans of one trace, by what they stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spans {
    /// SERVER spans of rolls and batches.
    pub(super) frontend: u64,
    /// Rolls, single and in batches.
    pub(super) rolls: u64,
    /// SERVER spans of look-ups.
    pub(super) die_service: u64,
}

#[derive(Deserialize)]
struct Trace {
    #[serde(default, alias = "resourceSpans")]
    batches: Vec<Batch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    #[serde(default)]
    resource: Resource,
    #[serde(default)]
    scope_spans: Vec<Scope>,
}

#[derive(Deserialize, Default)]
struct Resource {
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: AttributeValue,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct AttributeValue {
    string_value: Option<String>,
}

#[derive(Deserialize)]
struct Scope {
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    #[serde(default)]
    name: String,
    #[serde(default)]
    span_id: String,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    traces: Vec<FoundTrace>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundTrace {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(default)]
    span_sets: Vec<SpanSet>,
}

#[derive(Deserialize)]
struct SpanSet {
    #[serde(default)]
    spans: Vec<FoundSpan>,
}

/// Tempo writes 64-bit numbers as text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundSpan {
    #[serde(rename = "spanID")]
    span_id: String,
    start_time_unix_nano: String,
    #[serde(default)]
    duration_nanos: String,
}

impl Tempo {
    pub(super) fn new(url: &url::Url) -> Self {
        Self(Source::new("Tempo", url, "--tempo"))
    }

    /// How many spans the store has received twice and kept once since it started, whatever their
    /// trace. None where it does not say so: Tempo itself keeps them all.
    pub(super) async fn received_twice(&self) -> Result<Option<u64>, Error> {
        let text = self.0.text(endpoint(&self.0.base, "/metrics", &[])).await?;
        let text = text.unwrap_or_default();
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(RECEIVED_TWICE));
        Ok(value.and_then(|value| value.trim().parse().ok()))
    }

    /// What is there of a trace, each span once, and how many came again.
    pub(super) async fn spans(&self, trace_id: &str) -> Result<(Spans, u64), Error> {
        let url = endpoint(&self.0.base, &format!("/api/traces/{trace_id}"), &[]);
        let trace: Option<Trace> = self.0.json(url).await?;
        let mut spans = Spans::default();
        let (mut ids, mut repeated) = (BTreeSet::new(), 0);
        for batch in trace.iter().flat_map(|trace| &trace.batches) {
            let service = batch.resource.service();
            for span in batch.scope_spans.iter().flat_map(|scope| &scope.spans) {
                if ids.insert(&span.span_id) {
                    spans.count(service, &span.name);
                } else {
                    repeated += 1;
                }
            }
        }
        Ok((spans, repeated))
    }

    /// When the spans of other traces than `ours` ended that stand for increments of `counter`.
    /// From and to are in nanoseconds since 1970.
    pub(super) async fn others(
        &self,
        counter: &Counter,
        ours: &HashSet<String>,
        from: u64,
        to: u64,
    ) -> Result<Vec<u64>, Error> {
        let (start, end) = (from / SECOND, to / SECOND + 1);
        let (start, end, limit) = (start.to_string(), end.to_string(), LIMIT.to_string());
        let query = [
            ("q", counter.spans),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("spss", SPANS),
        ];
        let url = endpoint(&self.0.base, "/api/search", &query);
        let found: Option<Found> = self.0.json(url).await?;
        let found = found.ok_or_else(|| self.0.unusable("there is no /api/search"))?;
        if found.traces.len() >= LIMIT {
            let problem = format!("{LIMIT} traces or more: too much other traffic to tell apart");
            return Err(self.0.unusable(problem));
        }
        let others = found.traces.iter();
        // Leading zeros are left out of the ids that a search shows.
        let others = others.filter(|trace| !ours.contains(&format!("{:0>32}", trace.trace_id)));
        let ends = others.flat_map(FoundTrace::ends);
        let ends = ends.collect::<Option<Vec<u64>>>();
        ends.ok_or_else(|| self.0.unusable("a span's times are not numbers"))
    }
}

impl FoundTrace {
    /// When its spans ended; one that was received twice counts once.
    fn ends(&self) -> Vec<Option<u64>> {
        let mut ids = BTreeSet::new();
        let spans = self.span_sets.iter().flat_map(|set| &set.spans);
        let spans = spans.filter(|span| ids.insert(span.span_id.as_str()));
        spans.map(FoundSpan::end).collect()
    }
}

impl Resource {
    fn service(&self) -> &str {
        let mut attributes = self.attributes.iter();
        let name = attributes.find(|attribute| attribute.key == "service.name");
        let value = name.and_then(|attribute| attribute.value.string_value.as_deref());
        value.unwrap_or_default()
    }
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

impl FoundSpan {
    fn end(&self) -> Option<u64> {
        let start: u64 = self.start_time_unix_nano.parse().ok()?;
        // Protobuf's JSON leaves out a duration of 0.
        if self.duration_nanos.is_empty() {
            return Some(start);
        }
        let duration: u64 = self.duration_nanos.parse().ok()?;
        Some(start + duration)
    }
}
