//! The contents of a store, within its bounds, and the memory that they take.

use std::collections::{HashMap, HashSet};
use std::mem::size_of;
use std::sync::Arc;

use crate::otlp::New;
use crate::pages::{Entry, PER_TRACE, Pages};
use crate::rejection::{MAX_TRACE_BYTES, Rejection};
use crate::source::Source;
use crate::sources::Sources;
use crate::store::{Bounds, Counters};
use crate::tail::Undecided;
use crate::{Span, SpanId, TraceId};

/// The memory of a span besides its message: its place in the list of its trace, which may be half
/// full, and in the set of a large trace.
const PER_SPAN: usize = 2 * size_of::<Span>() + size_of::<SpanId>();

/// The overhead of an allocation that is shared, and of the allocator.
const PER_ALLOCATION: usize = 3 * size_of::<usize>();

/// The most spans of a trace whose ids are compared one by one.
const FEW: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) pages: Pages,
    /// The numbers of the entries in `pages`.
    numbers: HashMap<TraceId, u64>,
    /// The next number.
    next: u64,
    /// The ids of the spans of each trace with more than [`FEW`].
    many: HashMap<TraceId, HashSet<SpanId>>,
    pub(crate) sources: Sources,
    pub(crate) counters: Counters,
    /// None without tail sampling.
    pub(crate) undecided: Option<Undecided>,
}

/// The traces of one request's spans so far, which must not be dropped for its other spans.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    traces: HashSet<TraceId>,
    /// All entries with lower numbers are among those traces.
    spared: u64,
}

impl State {
    pub(crate) fn entry(&self, id: TraceId) -> Option<&Entry> {
        self.pages.get(*self.numbers.get(&id)?)
    }

    /// Stores a span of `source`, unless it is already stored. Makes room if necessary.
    pub(crate) fn insert(
        &mut self,
        span: New,
        source: &Arc<Source>,
        bounds: Bounds,
        arrival: &mut Arrival,
    ) -> Result<(), Rejection> {
        let service = &source.origin.service;
        let entry = self.entry(span.trace_id);
        if entry.is_some_and(|entry| self.has(entry, span.id)) {
            self.counters.receive(service);
            self.counters.spans_duplicate += 1;
            return Ok(());
        }
        let bytes = span_bytes(&span);
        if entry.map_or(PER_TRACE, |entry| entry.bytes) + bytes > MAX_TRACE_BYTES {
            return Err(Rejection::TraceTooLarge);
        }
        arrival.traces.insert(span.trace_id);
        self.make_room(&span, source, bounds, arrival)?;
        self.counters.receive(service);
        self.counters.spans_stored += 1;
        self.counters.bytes_stored += self.needed(&span, source) as u64;
        self.sources.hold(source);
        self.add(span, Arc::clone(source));
        Ok(())
    }

    /// Whether `entry` has a span with this id.
    fn has(&self, entry: &Entry, id: SpanId) -> bool {
        match self.many.get(&entry.id) {
            Some(ids) => ids.contains(&id),
            None => entry.spans.iter().any(|span| span.id() == id),
        }
    }

    fn add(&mut self, span: New, source: Arc<Source>) {
        let (trace_id, id) = (span.trace_id, span.id);
        let bytes = span_bytes(&span);
        let mut summary = span.summary.clone();
        summary.signature.merge(&source.origin.signature);
        let span = span.at(source);
        self.counters.calls.count(&span);
        let Some(number) = self.numbers.get(&trace_id) else {
            self.counters.traces_stored += 1;
            self.numbers.insert(trace_id, self.next);
            self.pages.push(Entry {
                number: self.next,
                id: trace_id,
                summary,
                bytes: PER_TRACE + bytes,
                spans: Arc::new(vec![span]),
            });
            self.next += 1;
            if let Some(undecided) = &mut self.undecided {
                undecided.add(trace_id);
            }
            return;
        };
        let many = &mut self.many;
        self.pages.change(*number, |entry| {
            entry.bytes += bytes;
            entry.summary.merge(&summary);
            // This copies the list of spans only if a reader has a snapshot of it.
            Arc::make_mut(&mut entry.spans).push(span);
            if let Some(ids) = many.get_mut(&trace_id) {
                ids.insert(id);
            } else if entry.spans.len() > FEW {
                many.insert(trace_id, entry.spans.iter().map(Span::id).collect());
            }
        });
    }

    /// Drops the oldest traces until there is room for `span`.
    fn make_room(
        &mut self,
        span: &New,
        source: &Source,
        bounds: Bounds,
        arrival: &mut Arrival,
    ) -> Result<(), Rejection> {
        let alone = PER_TRACE + span_bytes(span) + Sources::bytes(source);
        if alone > bounds.bytes || bounds.spans == 0 {
            return Err(Rejection::NoRoom);
        }
        loop {
            let bytes = self.counters.bytes_stored + self.needed(span, source) as u64;
            let spans = self.counters.spans_stored + 1;
            if bytes <= bounds.bytes as u64 && spans <= bounds.spans as u64 {
                return Ok(());
            }
            let oldest = self.pages.from(arrival.spared).ok_or(Rejection::NoRoom)?;
            let (number, id) = (oldest.number, oldest.id);
            if arrival.traces.contains(&id) {
                arrival.spared = number + 1;
            } else {
                self.evict(number);
            }
        }
    }

    /// The additional bytes needed to store `span`.
    fn needed(&self, span: &New, source: &Source) -> usize {
        let is_new = !self.numbers.contains_key(&span.trace_id);
        let trace = if is_new { PER_TRACE } else { 0 };
        trace + span_bytes(span) + self.sources.needed(source)
    }

    /// Decides on the traces that have waited long enough, and drops those that are not kept.
    pub(crate) fn decide(&mut self) {
        let Some(mut undecided) = self.undecided.take() else {
            return;
        };
        while let Some(id) = undecided.due() {
            // A trace may have been dropped for lack of room.
            let Some(entry) = self.entry(id) else {
                continue;
            };
            let (number, trace) = (entry.number, entry.trace());
            if undecided.keeps(&trace) {
                continue;
            }
            for span in trace.spans() {
                self.counters.calls_sampled_out.count(span);
            }
            self.counters.spans_sampled_out += self.remove(number);
            self.counters.traces_sampled_out += 1;
        }
        self.undecided = Some(undecided);
    }

    fn evict(&mut self, number: u64) {
        self.counters.spans_evicted += self.remove(number);
        self.counters.traces_evicted += 1;
    }

    /// Removes a trace; returns the number of its spans.
    fn remove(&mut self, number: u64) -> u64 {
        let Some(entry) = self.pages.remove(number) else {
            return 0;
        };
        self.numbers.remove(&entry.id);
        self.many.remove(&entry.id);
        let spans = entry.spans.iter();
        let released = spans.map(|span| self.sources.release(&span.source));
        let bytes = entry.bytes + released.sum::<usize>();
        let spans = entry.spans.len() as u64;
        self.counters.bytes_stored -= bytes as u64;
        self.counters.spans_stored -= spans;
        self.counters.traces_stored -= 1;
        spans
    }
}

/// The memory of a span, in bytes, without its source.
fn span_bytes(span: &New) -> usize {
    let message = (span.message.len() + PER_ALLOCATION).next_multiple_of(16);
    PER_SPAN + message
}
