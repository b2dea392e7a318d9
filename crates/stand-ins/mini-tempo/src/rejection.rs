//! Rejected spans, and the reasons reported to their sender.

use std::collections::BTreeMap;

/// The maximum size of a span in memory, in bytes, including its resource and scope (1 MiB).
pub const MAX_SPAN_BYTES: usize = 1 << 20;

/// The maximum size of a trace in memory, in bytes; Tempo's `max_bytes_per_trace`.
pub const MAX_TRACE_BYTES: usize = 5_000_000;

/// Why a span is rejected. OTLP reports it in a partial success: sending it again would not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejection {
    /// A trace id that is not 16 bytes, a span id that is not 8 bytes, or an id of zeros.
    InvalidId,
    /// More than [`MAX_SPAN_BYTES`].
    SpanTooLarge,
    /// The span would make its trace exceed [`MAX_TRACE_BYTES`].
    TraceTooLarge,
    /// Its request contains more spans than the store can hold.
    NoRoom,
}

impl Rejection {
    /// All reasons.
    pub const ALL: [Self; 4] = [
        Self::InvalidId,
        Self::SpanTooLarge,
        Self::TraceTooLarge,
        Self::NoRoom,
    ];

    /// The label value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidId => "invalid_id",
            Self::SpanTooLarge => "span_too_large",
            Self::TraceTooLarge => "trace_too_large",
            Self::NoRoom => "no_room",
        }
    }

    fn explanation(self) -> String {
        match self {
            Self::InvalidId => {
                "trace ids must be 16 bytes, span ids 8 bytes, neither all zero".to_owned()
            }
            Self::SpanTooLarge => format!(
                "a span with its resource and scope may take at most {MAX_SPAN_BYTES} bytes of memory"
            ),
            Self::TraceTooLarge => {
                format!("a trace may take at most {MAX_TRACE_BYTES} bytes of memory")
            }
            Self::NoRoom => {
                "the request contains more spans than the store has room for".to_owned()
            }
        }
    }
}

/// How many spans were rejected, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejections(BTreeMap<Rejection, u64>);

impl Rejections {
    pub(crate) fn add(&mut self, reason: Rejection) {
        *self.0.entry(reason).or_default() += 1;
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        for (reason, count) in &other.0 {
            *self.0.entry(*reason).or_default() += count;
        }
    }

    /// Spans rejected for `reason`.
    #[must_use]
    pub fn count(&self, reason: Rejection) -> u64 {
        self.0.get(&reason).copied().unwrap_or_default()
    }

    /// Spans rejected for any reason.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The `error_message` of a partial success: each reason that occurred, with its number of
    /// spans.
    pub(crate) fn message(&self) -> String {
        let reasons = self.0.iter();
        let reasons =
            reasons.map(|(reason, count)| format!("{count} rejected: {}", reason.explanation()));
        reasons.collect::<Vec<_>>().join("; ")
    }
}
