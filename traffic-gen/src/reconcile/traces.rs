//! The run's own traces: the spans expected in each, and those that have arrived.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::plan::Sent;
use super::tempo::{Arrived, Spans, Tempo};
use crate::error::Error;

/// Traces read concurrently. A look-up costs Tempo 0.15 s of CPU time, and on two cores eight at once
/// took longer than the timeout.
const AT_ONCE: usize = 4;

/// Maximum number of incomplete traces in a report.
const NAMED: usize = 5;

/// One trace.
struct Trace {
    expected: Spans,
    arrived: Arrived,
}

impl Trace {
    fn is_complete(&self) -> bool {
        self.arrived.spans == self.expected
    }
}

/// The run's traces, by id.
#[derive(Default)]
pub(super) struct Traces(BTreeMap<String, Trace>);

impl Traces {
    /// Creates one trace for each request; none if a request has no trace id.
    pub(super) fn of(sent: &[Sent]) -> Option<Self> {
        let trace = |sent: &Sent| {
            let trace = Trace {
                expected: Spans {
                    frontend: 1,
                    rolls: sent.request.rolls(),
                    die_service: 1,
                },
                arrived: Arrived::default(),
            };
            Some((sent.answer.trace_id.clone()?, trace))
        };
        sent.iter().map(trace).collect::<Option<_>>().map(Self)
    }

    pub(super) fn ids(&self) -> HashSet<String> {
        self.0.keys().cloned().collect()
    }

    /// Reads the traces that are not complete yet.
    pub(super) async fn read(&mut self, tempo: &Tempo) -> Result<(), Error> {
        let incomplete = self.0.iter_mut();
        let incomplete = incomplete.filter(|(_, trace)| !trace.is_complete());
        read_all(incomplete, tempo).await
    }

    /// Reads all traces once more: spans that are not expected by name may have arrived later.
    pub(super) async fn read_again(&mut self, tempo: &Tempo) -> Result<(), Error> {
        read_all(self.0.iter_mut(), tempo).await
    }

    /// What is expected of the traces of which nothing has arrived, and how many these are.
    pub(super) fn absent(&self) -> (Spans, u64) {
        let absent = self.0.values().filter(|trace| trace.arrived.is_empty());
        let expected: Spans = absent.clone().map(|trace| trace.expected).sum();
        (expected, absent.count() as u64)
    }

    /// All spans that have arrived, by service.
    pub(super) fn by_service(&self) -> BTreeMap<String, u64> {
        let mut sums = BTreeMap::new();
        let all = self.0.values().flat_map(|trace| &trace.arrived.by_service);
        for (service, spans) in all {
            *sums.entry(service.clone()).or_default() += spans;
        }
        sums
    }

    pub(super) fn found(&self) -> Spans {
        self.0.values().map(|trace| trace.arrived.spans).sum()
    }

    /// The number of duplicate spans.
    pub(super) fn repeated(&self) -> u64 {
        self.0.values().map(|trace| trace.arrived.repeated).sum()
    }

    /// Some of the traces with missing spans.
    pub(super) fn incomplete(&self, sampled: bool) -> Vec<String> {
        let incomplete = self.0.iter();
        // One that was not kept at all is reported as such.
        let is_excused = |trace: &Trace| trace.is_complete() || sampled && trace.arrived.is_empty();
        let incomplete = incomplete.filter(|(_, trace)| !is_excused(trace));
        incomplete.map(|(id, _)| id.clone()).take(NAMED).collect()
    }
}

async fn read_all(
    traces: impl Iterator<Item = (&String, &mut Trace)>,
    tempo: &Tempo,
) -> Result<(), Error> {
    let reading = stream::iter(traces).map(|(id, trace)| async move {
        trace.arrived = tempo.read(id).await?;
        Ok(())
    });
    reading.buffer_unordered(AT_ONCE).try_collect().await
}
