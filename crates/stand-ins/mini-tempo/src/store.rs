//! The traces in memory: bounded, shared, and counted so that senders' own numbers can be compared with them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use crate::otlp::{Spans, take_apart};
use crate::rejection::Rejections;
use crate::state::{Arrival, State};
use crate::{Trace, TraceId};

/// How many spans a store holds unless told otherwise.
pub const DEFAULT_MAX_SPANS: usize = 200_000;

/// How much memory, in bytes, the traces of a store take unless told otherwise (64 MiB): some 30,000
/// spans with ten attributes each.
pub const DEFAULT_MAX_BYTES: usize = 64 << 20;

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
    bounds: Bounds,
    state: Mutex<State>,
}

/// How much a store holds. With one span more, whole traces are dropped, the one whose first span came
/// earliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Spans, whatever their size; 0 holds none.
    pub spans: usize,
    /// Memory of the spans, in bytes, with the resources and scopes that they come from, and with what
    /// it takes to keep and to find them.
    pub bytes: usize,
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

/// What has happened since the store was made. At any time
/// `spans_received == spans_stored + spans_duplicate + spans_evicted + spans_rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Every span that arrived in a readable request, also one that came twice.
    pub spans_received: u64,
    /// Spans held now.
    pub spans_stored: u64,
    /// Spans that were held already when they came again: an exporter sends a request again whose answer it did not
    /// get in time. Tempo keeps, shows and counts each of them; here one is kept.
    pub spans_duplicate: u64,
    /// Spans dropped with their trace to stay within the bound.
    pub spans_evicted: u64,
    /// Spans refused, for one of the reasons in `rejections`.
    pub spans_rejected: u64,
    /// `spans_rejected` by reason.
    pub rejections: Rejections,
    /// Memory of what is held now, in bytes.
    pub bytes_stored: u64,
    /// Texts that were cut at [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES), and values that were left out because they were
    /// nested deeper than [`MAX_VALUE_DEPTH`](crate::MAX_VALUE_DEPTH).
    pub values_cut: u64,
    /// Requests that were refused as a whole, by HTTP status.
    pub requests_refused: BTreeMap<u16, u64>,
    /// Traces held now.
    pub traces_stored: u64,
    /// Traces dropped to stay within the bound; one whose spans keep coming can be dropped several times.
    pub traces_evicted: u64,
    /// `spans_received` without the rejected ones, by `service.name` (empty if a span has none).
    pub received_by_service: BTreeMap<String, u64>,
}

impl Store {
    /// An empty store that holds at most `max_spans` spans in at most [`DEFAULT_MAX_BYTES`].
    #[must_use]
    pub fn new(max_spans: usize) -> Self {
        Self::bounded(Bounds {
            spans: max_spans,
            ..Bounds::default()
        })
    }

    /// An empty store that holds as much as `bounds` allow.
    #[must_use]
    pub fn bounded(bounds: Bounds) -> Self {
        Self(Arc::new(Inner {
            bounds,
            state: Mutex::default(),
        }))
    }

    /// How much it may hold.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.0.bounds
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

    /// Takes in a request and says which of its spans were rejected.
    pub(crate) fn receive(&self, request: ExportTraceServiceRequest) -> Rejections {
        let Spans {
            valid,
            mut rejections,
            cuts,
        } = take_apart(request);
        let mut state = self.lock();
        let mut arrival = Arrival::default();
        for span in valid {
            if let Err(reason) = state.insert(span, self.0.bounds, &mut arrival) {
                rejections.add(reason);
            }
        }
        state.finish(arrival);
        let counters = &mut state.counters;
        counters.spans_received += rejections.total();
        counters.spans_rejected += rejections.total();
        counters.rejections.extend(&rejections);
        counters.values_cut += cuts;
        rejections
    }

    /// Counts a request that was refused as a whole.
    pub(crate) fn refused(&self, status: u16) {
        let mut state = self.lock();
        *state.counters.requests_refused.entry(status).or_default() += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("nothing panics under this lock")
    }
}

impl Counters {
    /// Counts a span of `service` that was not rejected.
    pub(crate) fn receive(&mut self, service: &str) {
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
