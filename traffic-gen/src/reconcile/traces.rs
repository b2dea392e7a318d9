//! The run's own traces: what should be in each, and what is there so far.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::plan::Sent;
use super::tempo::{Spans, Tempo};
use crate::error::Error;

/// Traces that are read at once.
const AT_ONCE: usize = 8;

/// Traces with missing spans that a report names.
const NAMED: usize = 5;

/// One trace.
struct Trace {
    expected: Spans,
    found: Spans,
    /// Spans that came again.
    repeated: u64,
}

/// All of them, by id.
#[derive(Default)]
pub(super) struct Traces(BTreeMap<String, Trace>);

impl Traces {
    /// One for each request. None when a request has no trace.
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

    /// Reads those that were not complete yet.
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

    /// Spans that came more than once.
    pub(super) fn repeated(&self) -> u64 {
        self.0.values().map(|trace| trace.repeated).sum()
    }

    /// Some of the traces in which spans are missing.
    pub(super) fn incomplete(&self) -> Vec<String> {
        let incomplete = self.0.iter();
        let incomplete = incomplete.filter(|(_, trace)| trace.found != trace.expected);
        incomplete.map(|(id, _)| id.clone()).take(NAMED).collect()
    }
}
