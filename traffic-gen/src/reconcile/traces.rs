//! The run's own traces: the spans expected in each, and those that have arrived.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::plan::Sent;
use super::tempo::{Spans, Tempo};
use crate::error::Error;

/// Traces read concurrently.
const AT_ONCE: usize = 8;

/// Maximum number of incomplete traces in a report.
const NAMED: usize = 5;

/// One trace.
struct Trace {
    expected: Spans,
    found: Spans,
    /// Duplicate spans.
    repeated: u64,
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
                found: Spans::default(),
                repeated: 0,
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
        let incomplete = incomplete.filter(|(_, trace)| trace.found != trace.expected);
        let reading = stream::iter(incomplete).map(|(id, trace)| async move {
            (trace.found, trace.repeated) = tempo.spans(id).await?;
            Ok(())
        });
        reading.buffer_unordered(AT_ONCE).try_collect().await
    }

    pub(super) fn found(&self) -> Spans {
        self.0.values().map(|trace| trace.found).sum()
    }

    /// The number of duplicate spans.
    pub(super) fn repeated(&self) -> u64 {
        self.0.values().map(|trace| trace.repeated).sum()
    }

    /// Some of the traces with missing spans.
    pub(super) fn incomplete(&self) -> Vec<String> {
        let incomplete = self.0.iter();
        let incomplete = incomplete.filter(|(_, trace)| trace.found != trace.expected);
        incomplete.map(|(id, _)| id.clone()).take(NAMED).collect()
    }
}
