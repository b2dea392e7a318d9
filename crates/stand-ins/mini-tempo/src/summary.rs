//! What a search needs to know of spans to skip them.

use opentelemetry_proto::tonic::trace::v1 as otlp;

use crate::signature::{Owner, Signature};
use crate::{Kind, Status, Value};

/// A summary of one or more spans. It may claim more than the spans have, and never less.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    /// The earliest start, in nanoseconds since 1970.
    pub(crate) start: u64,
    /// The latest end, in nanoseconds since 1970.
    pub(crate) end: u64,
    /// The duration of the longest span, in nanoseconds.
    pub(crate) longest: u64,
    /// The kinds and statuses of the spans.
    pub(crate) marks: Marks,
    /// The names and attributes of the spans, and the attributes of their resources.
    pub(crate) signature: Signature,
}

/// A set of kinds and statuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks(u16);

impl Default for Summary {
    /// The summary of no spans.
    fn default() -> Self {
        Self {
            start: u64::MAX,
            end: 0,
            longest: 0,
            marks: Marks::default(),
            signature: Signature::default(),
        }
    }
}

impl Summary {
    /// The summary of a span, without its resource.
    pub(crate) fn of(span: &otlp::Span) -> Self {
        let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
        let status = span.status.as_ref().map_or(0, |status| status.code);
        let mut signature = Signature::of(Owner::Span, &span.attributes);
        signature.merge(&Signature::of_name(&span.name));
        Self {
            start,
            end,
            longest: end.saturating_sub(start),
            marks: Marks::of([Kind::from_otlp(span.kind)], [Status::from_otlp(status)]),
            signature,
        }
    }

    /// Adds the spans of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        self.longest = self.longest.max(other.longest);
        self.marks = Marks(self.marks.0 | other.marks.0);
        self.signature.merge(&other.signature);
    }
}

impl Signature {
    /// The signature of a span's name.
    pub(crate) fn of_name(name: &str) -> Self {
        Self::of_value(Owner::Name, "", Value::Text(name))
    }
}

impl Marks {
    pub(crate) fn of(
        kinds: impl IntoIterator<Item = Kind>,
        statuses: impl IntoIterator<Item = Status>,
    ) -> Self {
        let kinds = kinds.into_iter().map(|kind| kind as usize);
        let statuses = statuses.into_iter().map(|status| status as usize);
        let statuses = statuses.map(|status| Kind::ALL.len() + status);
        Self(kinds.chain(statuses).fold(0, |marks, bit| marks | 1 << bit))
    }

    /// Whether they have something in common.
    pub(crate) fn overlap(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
