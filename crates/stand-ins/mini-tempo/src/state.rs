//! The contents of a store, within its bounds, and the memory that they take.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::rejection::{MAX_TRACE_BYTES, Rejection};
use crate::store::{Bounds, Counters};
use crate::trace::{PER_TRACE, Source};
use crate::{Span, Trace, TraceId};

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) traces: HashMap<TraceId, Arc<Trace>>,
    /// The keys of `traces`, in order of the arrival of their first span.
    pub(crate) oldest_first: VecDeque<TraceId>,
    /// The number of spans that use a scope, and of scopes that use a resource, by address.
    holders: HashMap<usize, usize>,
    pub(crate) counters: Counters,
}

/// The traces of one request's spans so far, which must not be dropped for its other spans.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    traces: HashSet<TraceId>,
    /// Those traces that were among the oldest, oldest first.
    spared: Vec<TraceId>,
}

impl State {
    /// Stores a span, unless it is already stored. Makes room if necessary.
    pub(crate) fn insert(
        &mut self,
        span: Arc<Span>,
        bounds: Bounds,
        arrival: &mut Arrival,
    ) -> Result<(), Rejection> {
        let id = span.trace_id;
        let trace = self.traces.get(&id);
        if trace.is_some_and(|trace| trace.span(span.id).is_some()) {
            self.counters.receive(span.service());
            self.counters.spans_duplicate += 1;
            return Ok(());
        }
        if trace.map_or(0, |trace| trace.bytes()) + span.bytes > MAX_TRACE_BYTES {
            return Err(Rejection::TraceTooLarge);
        }
        arrival.traces.insert(id);
        self.make_room(&span, bounds, arrival)?;
        self.counters.receive(span.service());
        self.counters.spans_stored += 1;
        self.counters.bytes_stored += self.needed(&span) as u64;
        self.hold(&span.source);
        match self.traces.get_mut(&id) {
            // This copies the trace's list of spans only if a reader holds it.
            Some(trace) => Arc::make_mut(trace).insert(span),
            None => {
                self.traces.insert(id, Arc::new(Trace::new(span)));
                self.oldest_first.push_back(id);
                self.counters.traces_stored += 1;
            }
        }
        Ok(())
    }

    /// Ends an arrival: from now on its traces can be dropped again.
    pub(crate) fn finish(&mut self, arrival: Arrival) {
        for id in arrival.spared.into_iter().rev() {
            self.oldest_first.push_front(id);
        }
    }

    /// Drops the oldest traces until there is room for `span`.
    fn make_room(
        &mut self,
        span: &Span,
        bounds: Bounds,
        arrival: &mut Arrival,
    ) -> Result<(), Rejection> {
        let alone = PER_TRACE + span.bytes + span.source.bytes + span.source.origin.bytes;
        if alone > bounds.bytes || bounds.spans == 0 {
            return Err(Rejection::NoRoom);
        }
        loop {
            let bytes = self.counters.bytes_stored + self.needed(span) as u64;
            let spans = self.counters.spans_stored + 1;
            if bytes <= bounds.bytes as u64 && spans <= bounds.spans as u64 {
                return Ok(());
            }
            let oldest = self.oldest_first.pop_front().ok_or(Rejection::NoRoom)?;
            if arrival.traces.contains(&oldest) {
                arrival.spared.push(oldest);
            } else {
                self.evict(oldest);
            }
        }
    }

    /// The additional bytes needed to store `span`.
    fn needed(&self, span: &Span) -> usize {
        let source = &span.source;
        let mut bytes = span.bytes;
        if !self.traces.contains_key(&span.trace_id) {
            bytes += PER_TRACE;
        }
        if !self.holders.contains_key(&Arc::as_ptr(source).addr()) {
            bytes += source.bytes;
        }
        if !self
            .holders
            .contains_key(&Arc::as_ptr(&source.origin).addr())
        {
            bytes += source.origin.bytes;
        }
        bytes
    }

    fn hold(&mut self, source: &Arc<Source>) {
        let spans = self.holders.entry(Arc::as_ptr(source).addr()).or_default();
        *spans += 1;
        if *spans == 1 {
            let origin = Arc::as_ptr(&source.origin).addr();
            *self.holders.entry(origin).or_default() += 1;
        }
    }

    /// Releases a source; returns the number of bytes that became unused.
    fn release(&mut self, source: &Arc<Source>) -> usize {
        if !self.was_last(Arc::as_ptr(source).addr()) {
            return 0;
        }
        if !self.was_last(Arc::as_ptr(&source.origin).addr()) {
            return source.bytes;
        }
        source.bytes + source.origin.bytes
    }

    fn was_last(&mut self, address: usize) -> bool {
        let holders = self.holders.get_mut(&address);
        let holders = holders.expect("only held sources are released");
        *holders -= 1;
        let last = *holders == 0;
        if last {
            self.holders.remove(&address);
        }
        last
    }

    fn evict(&mut self, id: TraceId) {
        let trace = self.traces.remove(&id).expect("listed traces are stored");
        let released = trace.spans().iter().map(|span| self.release(&span.source));
        let bytes = trace.bytes() + released.sum::<usize>();
        let spans = trace.spans().len() as u64;
        self.counters.bytes_stored -= bytes as u64;
        self.counters.spans_stored -= spans;
        self.counters.spans_evicted += spans;
        self.counters.traces_stored -= 1;
        self.counters.traces_evicted += 1;
    }
}
