//! The counters of what a pipeline loses.

use prometheus::IntCounter;

use crate::export::Spans;
use crate::logs::LostLines;
use crate::panics;

/// The counters of what a pipeline has lost: spans by outcome, repeated exports, log lines, and those
/// of them that were lost by reason, and panics. Cheap to clone; clones count together.
///
/// [`init`](crate::init) creates those of its pipeline, see
/// [`Telemetry::losses`](crate::Telemetry::losses), and each registry that is created with them
/// exposes them. The default ones belong to no pipeline and stay at 0.
#[derive(Debug, Clone)]
pub struct Losses {
    pub(crate) spans: Spans,
    pub(crate) lines: LostLines,
    pub(crate) panics: IntCounter,
}

impl Default for Losses {
    fn default() -> Self {
        Self {
            spans: Spans::new(),
            lines: LostLines::new(),
            panics: panics::counter(),
        }
    }
}
