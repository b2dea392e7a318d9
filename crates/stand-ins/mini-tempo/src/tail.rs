//! Tail sampling, as a collector in front of Tempo does it: a trace is kept or dropped as a whole, some
//! time after its first span. Metrics made of spans differ before and after it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::head::Head;
use crate::{Span, Status, Trace, TraceId};

/// The maximum number of [`Call`]s that are counted separately; names of services come from clients.
const MAX_CALLS: usize = 1_000;

/// Which traces are kept: all with an error, all slow ones, and a share of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TailSampling {
    /// From the first span of a trace to the decision. Spans that arrive later are a trace of their
    /// own, unless the trace is kept.
    pub wait: Duration,
    /// A trace is slow if it lasts at least this long.
    pub slow: Duration,
    /// The share of the other traces that is kept, 0 to 1.
    pub share: f64,
}

impl TailSampling {
    /// What Alloy does in the stack with `TAIL_SAMPLING=true`.
    pub const STACK: Self = Self {
        wait: Duration::from_secs(5),
        slow: Duration::from_millis(1100),
        share: 0.1,
    };

    fn keeps(&self, trace: &Trace) -> bool {
        let failed = |span: &Arc<Span>| span.status() == Status::Error;
        let slow = u64::try_from(self.slow.as_nanos()).unwrap_or(u64::MAX);
        trace.duration_nanos() >= slow
            || trace.spans().iter().any(failed)
            || trace.id().chance() < self.share
    }
}

/// The traces that wait for their decision, oldest first.
#[derive(Debug)]
pub(crate) struct Undecided {
    sampling: TailSampling,
    waiting: VecDeque<(TraceId, Instant)>,
}

impl Undecided {
    pub(crate) fn new(sampling: TailSampling) -> Self {
        Self {
            sampling,
            waiting: VecDeque::new(),
        }
    }

    /// Adds a trace whose first span arrived now.
    pub(crate) fn add(&mut self, id: TraceId) {
        self.waiting.push_back((id, Instant::now()));
    }

    /// The next trace that has waited long enough.
    pub(crate) fn due(&mut self) -> Option<TraceId> {
        let (id, since) = *self.waiting.front()?;
        if since.elapsed() < self.sampling.wait {
            return None;
        }
        self.waiting.pop_front();
        Some(id)
    }

    /// How many traces wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// Whether a trace is kept.
    pub(crate) fn keeps(&self, trace: &Trace) -> bool {
        self.sampling.keeps(trace)
    }
}

/// Spans that metrics made of spans count together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The `service.name`; empty if a span has none.
    pub service: String,
    /// TraceQL's keyword, such as `server`.
    pub kind: &'static str,
    /// TraceQL's keyword, such as `error`.
    pub status: &'static str,
}

/// Numbers of spans, by what metrics made of spans tell apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls(pub BTreeMap<Call, u64>);

impl Calls {
    /// Counts a span, unless there are too many different ones.
    pub(crate) fn count(&mut self, span: &Span) {
        let head = Head::of(span);
        let call = Call {
            service: span.service().to_owned(),
            kind: head.kind().as_str(),
            status: head.status().as_str(),
        };
        if self.0.len() < MAX_CALLS || self.0.contains_key(&call) {
            *self.0.entry(call).or_default() += 1;
        }
    }
}
