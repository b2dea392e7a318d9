//! The traces in memory: bounded, shared, and counted so that senders' own numbers can be compared with them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use crate::otlp::take_apart;
use crate::{Span, Trace, TraceId};

/// How many spans a store holds unless told otherwise. With ten attributes each they take about 400 MB.
pub const DEFAULT_MAX_SPANS: usize = 200_000;

/// How many different `service.name`s are counted separately.
pub const MAX_SERVICES: usize = 1_000;

/// Under this name the spans of all services beyond [`MAX_SERVICES`] are counted.
pub const OTHER_SERVICES: &str = "_other";

/// The traces in memory. Clones share them.
///
/// A request's spans become visible together. Reading takes a snapshot and does not hold up senders.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max_spans: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    traces: HashMap<TraceId, Arc<Trace>>,
    /// The keys of `traces` by the arrival of their first span.
    oldest_first: VecDeque<TraceId>,
    counters: Counters,
}

/// What has happened since the store was made. At any time
/// `spans_received == spans_stored + spans_duplicate + spans_evicted + spans_rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Every span that arrived in a readable request, also one that came twice.
    pub spans_received: u64,
    /// Spans held now.
    pub spans_stored: u64,
    /// Spans that were held already when they came again.
    pub spans_duplicate: u64,
    /// Spans dropped with their trace to stay within the bound.
    pub spans_evicted: u64,
    /// Spans refused because their trace id or span id is invalid.
    pub spans_rejected: u64,
    /// Traces held now.
    pub traces_stored: u64,
    /// Traces dropped to stay within the bound; one whose spans keep coming can be dropped several times.
    pub traces_evicted: u64,
    /// `spans_received` without the rejected ones, by `service.name` (empty if a span has none).
    pub received_by_service: BTreeMap<String, u64>,
}

impl Store {
    /// An empty store that holds at most `max_spans` spans, whatever their size; 0 holds none.
    ///
    /// One span more, and whole traces are dropped, the one whose first span came earliest first.
    #[must_use]
    pub fn new(max_spans: usize) -> Self {
        Self(Arc::new(Inner {
            max_spans,
            state: Mutex::default(),
        }))
    }

    /// The counters, all of the same instant.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.lock().counters.clone()
    }

    /// What has arrived of a trace so far.
    #[must_use]
    pub fn trace(&self, id: TraceId) -> Option<Arc<Trace>> {
        self.lock().traces.get(&id).cloned()
    }

    /// All traces, by the arrival of their first span, oldest first.
    #[must_use]
    pub fn traces(&self) -> Vec<Arc<Trace>> {
        let state = self.lock();
        let ids = state.oldest_first.iter();
        ids.map(|id| Arc::clone(&state.traces[id])).collect()
    }

    /// Takes in a request and says how many of its spans were rejected.
    pub(crate) fn receive(&self, request: ExportTraceServiceRequest) -> u64 {
        let (spans, rejected) = take_apart(request);
        let mut state = self.lock();
        state.counters.spans_received += rejected;
        state.counters.spans_rejected += rejected;
        for span in spans {
            state.insert(span);
        }
        state.evict(self.0.max_spans);
        rejected
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("nothing panics under this lock")
    }
}

impl State {
    fn insert(&mut self, span: Arc<Span>) {
        self.counters.receive(span.service());
        let id = span.trace_id;
        let is_new = match self.traces.get_mut(&id) {
            // Copies the trace's list of spans only while somebody is reading it.
            Some(trace) => Arc::make_mut(trace).insert(span),
            None => {
                self.traces.insert(id, Arc::new(Trace::new(span)));
                self.oldest_first.push_back(id);
                self.counters.traces_stored += 1;
                true
            }
        };
        if is_new {
            self.counters.spans_stored += 1;
        } else {
            self.counters.spans_duplicate += 1;
        }
    }

    fn evict(&mut self, max_spans: usize) {
        while self.counters.spans_stored > max_spans as u64 {
            let oldest = self.oldest_first.pop_front();
            let evicted = oldest.and_then(|id| self.traces.remove(&id));
            let spans = evicted.expect("stored spans belong to a listed trace");
            let spans = spans.spans().len() as u64;
            self.counters.spans_stored -= spans;
            self.counters.spans_evicted += spans;
            self.counters.traces_stored -= 1;
            self.counters.traces_evicted += 1;
        }
    }
}

impl Counters {
    fn receive(&mut self, service: &str) {
        self.spans_received += 1;
        let services = &mut self.received_by_service;
        if let Some(count) = services.get_mut(service) {
            *count += 1;
        } else {
            // Names come from outside: they must not fill the memory.
            let full = services.len() >= MAX_SERVICES;
            let name = if full { OTHER_SERVICES } else { service };
            *services.entry(name.to_owned()).or_default() += 1;
        }
    }
}
