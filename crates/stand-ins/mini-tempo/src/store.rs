//! The traces in memory: bounded, shared, and counted, so that the counts can be compared with the
//! senders'.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use opentelemetry_proto::tonic::common::v1::KeyValue;

use crate::otlp::Spans;
use crate::pages::{Entry, Pages};
use crate::rejection::Rejections;
use crate::signature::Owner;
use crate::state::{Arrival, State};
use crate::tail::{Calls, TailSampling, Undecided};
use crate::vocabulary::Vocabulary;
use crate::{Trace, TraceId};

/// The default maximum number of spans in a store.
pub const DEFAULT_MAX_SPANS: usize = 200_000;

/// The default maximum memory of a store, in bytes (64 MiB): room for some 100,000 spans with ten
/// attributes each.
pub const DEFAULT_MAX_BYTES: usize = 64 << 20;

/// The maximum number of `service.name`s that are counted separately.
pub const MAX_SERVICES: usize = 1_000;

/// The name under which the spans of all services beyond [`MAX_SERVICES`] are counted.
pub const OTHER_SERVICES: &str = "_other";

/// The traces in memory. Clones share them.
///
/// The spans of a request become visible together. Reading takes a snapshot and does not block
/// senders.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bounds: Bounds,
    state: Mutex<State>,
    vocabulary: Mutex<Arc<Vocabulary>>,
}

/// The bounds of a store. When they are reached, whole traces are dropped, beginning with the one
/// whose first span arrived earliest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Number of spans, whatever their size; with 0 the store stays empty.
    pub spans: usize,
    /// Memory of the spans in bytes, including their resources, their scopes and the index.
    pub bytes: usize,
}

/// The traces of a store at one instant.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) pages: Pages,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) traces: u64,
    pub(crate) spans: u64,
}

impl Default for Bounds {
    /// [`DEFAULT_MAX_SPANS`] and [`DEFAULT_MAX_BYTES`].
    fn default() -> Self {
        Self {
            spans: DEFAULT_MAX_SPANS,
            bytes: DEFAULT_MAX_BYTES,
        }
    }
}

/// What has happened since the store was created. At any time
/// `spans_received == spans_stored + spans_duplicate + spans_evicted + spans_rejected + spans_sampled_out`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Every span that arrived in a valid request, including duplicates.
    pub spans_received: u64,
    /// Spans stored now.
    pub spans_stored: u64,
    /// Spans that arrived again: an exporter repeats a request if its answer does not arrive in
    /// time. Tempo stores, returns and counts each of them; mini-tempo stores one.
    pub spans_duplicate: u64,
    /// Spans dropped with their trace to stay within the bound.
    pub spans_evicted: u64,
    /// Rejected spans; `rejections` has the reasons.
    pub spans_rejected: u64,
    /// `spans_rejected` by reason.
    pub rejections: Rejections,
    /// Memory of the stored spans, in bytes.
    pub bytes_stored: u64,
    /// Texts that were truncated to [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES), and values that were
    /// omitted because they were nested deeper than [`MAX_VALUE_DEPTH`](crate::MAX_VALUE_DEPTH).
    pub values_cut: u64,
    /// Requests that were rejected as a whole, by HTTP status.
    pub requests_refused: BTreeMap<u16, u64>,
    /// Traces stored now.
    pub traces_stored: u64,
    /// Traces dropped to stay within the bound; a trace that keeps growing can be dropped several
    /// times.
    pub traces_evicted: u64,
    /// `spans_received` without the rejected ones, by `service.name` (empty if a span has none).
    pub received_by_service: BTreeMap<String, u64>,
    /// Spans of traces that tail sampling dropped.
    pub spans_sampled_out: u64,
    /// Traces stored now on which tail sampling has not decided.
    pub traces_undecided: u64,
    /// Traces that tail sampling dropped.
    pub traces_sampled_out: u64,
    /// All spans that were stored at some time, as metrics count them that are made before sampling.
    pub calls: Calls,
    /// Those of them that tail sampling dropped: metrics that are made after it do not count them.
    pub calls_sampled_out: Calls,
    /// Bytes of the requests' `ResourceSpans` in protobuf, by `service.name`, whatever became of their
    /// spans.
    pub bytes_by_service: BTreeMap<String, u64>,
}

impl Store {
    /// Creates an empty store for at most `max_spans` spans and [`DEFAULT_MAX_BYTES`].
    #[must_use]
    pub fn new(max_spans: usize) -> Self {
        Self::bounded(Bounds {
            spans: max_spans,
            ..Bounds::default()
        })
    }

    /// Creates an empty store with these bounds.
    #[must_use]
    pub fn bounded(bounds: Bounds) -> Self {
        Self(Arc::new(Inner {
            bounds,
            state: Mutex::default(),
            vocabulary: Mutex::default(),
        }))
    }

    /// Creates an empty store behind a collector with tail sampling.
    #[must_use]
    pub fn sampled(bounds: Bounds, sampling: TailSampling) -> Self {
        let store = Self::bounded(bounds);
        store.lock().undecided = Some(Undecided::new(sampling));
        store
    }

    /// The store's bounds.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.0.bounds
    }

    /// The counters, all at the same instant.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let state = self.lock();
        let mut counters = state.counters.clone();
        counters.traces_undecided = state.undecided.as_ref().map_or(0, Undecided::waiting);
        counters
    }

    /// The spans of a trace that have arrived so far; none if it is unknown.
    #[must_use]
    pub fn trace(&self, id: TraceId) -> Option<Arc<Trace>> {
        let entry = self.entry(id)?;
        Some(Arc::new(entry.trace()))
    }

    /// A snapshot of a trace.
    pub(crate) fn entry(&self, id: TraceId) -> Option<Entry> {
        self.lock().entry(id).cloned()
    }

    /// All traces, in order of the arrival of their first span, oldest first.
    #[must_use]
    pub fn traces(&self) -> Vec<Arc<Trace>> {
        let pages = self.snapshot().pages;
        let traces = pages.entries().map(Entry::trace);
        traces.map(Arc::new).collect()
    }

    /// All traces, at the same instant.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let state = self.lock();
        Snapshot {
            // Attributes are noted before their span is stored.
            vocabulary: Arc::clone(&self.vocabulary()),
            pages: state.pages.clone(),
            traces: state.counters.traces_stored,
            spans: state.counters.spans_stored,
        }
    }

    /// Takes note of attributes that are about to be stored.
    pub(crate) fn learn(&self, owner: Owner, attributes: &[KeyValue]) {
        let mut vocabulary = self.vocabulary();
        if !vocabulary.knows(owner, attributes) {
            Arc::make_mut(&mut vocabulary).learn(owner, attributes);
        }
    }

    fn vocabulary(&self) -> MutexGuard<'_, Arc<Vocabulary>> {
        let vocabulary = self.0.vocabulary.lock();
        vocabulary.expect("nothing panics under this lock")
    }

    /// Stores a request's spans; returns the rejected ones.
    pub(crate) fn receive(&self, spans: Spans) -> Rejections {
        let Spans {
            batches,
            mut rejections,
            cuts,
        } = spans;
        let mut state = self.lock();
        let mut arrival = Arrival::default();
        for batch in batches {
            let service = &batch.origin.service;
            *entry(&mut state.counters.bytes_by_service, service) += batch.bytes;
            let origin = state.sources.origin(batch.origin);
            for scope in batch.scopes {
                let source = state.sources.source(&origin, scope.envelope);
                for span in scope.spans {
                    let inserted = state.insert(span, &source, self.0.bounds, &mut arrival);
                    if let Err(reason) = inserted {
                        rejections.add(reason);
                    }
                }
            }
        }
        let counters = &mut state.counters;
        counters.spans_received += rejections.total();
        counters.spans_rejected += rejections.total();
        counters.rejections.extend(&rejections);
        counters.values_cut += cuts;
        rejections
    }

    /// Counts a request that was rejected as a whole.
    pub(crate) fn count_rejected_request(&self, status: u16) {
        let mut state = self.lock();
        *state.counters.requests_refused.entry(status).or_default() += 1;
    }

    /// Traces are decided on whenever something is read or stored: nobody sees one that is overdue.
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.state.lock().expect("nothing panics under this lock");
        state.decide();
        state
    }
}

impl Counters {
    /// Counts a span of `service` that was not rejected.
    pub(crate) fn receive(&mut self, service: &str) {
        self.spans_received += 1;
        *entry(&mut self.received_by_service, service) += 1;
    }
}

/// The count of `service`. Names come from clients, so their number is bounded.
fn entry<'a>(services: &'a mut BTreeMap<String, u64>, service: &str) -> &'a mut u64 {
    let full = services.len() >= MAX_SERVICES && !services.contains_key(service);
    let name = if full { OTHER_SERVICES } else { service };
    services.entry(name.to_owned()).or_default()
}
