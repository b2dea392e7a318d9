//! What is made at all: the lines that the filter lets through, and our own spans.
//!
//! `RUST_LOG=warn` is a wish for fewer lines. Spans are the sampler's business: without them there
//! would be no trace id, in any line or answer.

use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Context;

/// A filter for the whole subscriber.
pub(crate) struct Filter {
    /// Which lines are written.
    pub(crate) lines: Targets,
    /// Whether anybody takes spans.
    pub(crate) spans: bool,
}

impl Filter {
    fn lets_through(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() {
            return self.spans && *metadata.level() <= Level::INFO;
        }
        self.lines.would_enable(metadata.target(), metadata.level())
    }
}

impl<S: Subscriber> Layer<S> for Filter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.lets_through(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.lets_through(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let lines = <Targets as Layer<S>>::max_level_hint(&self.lines)?;
        Some(lines.max(LevelFilter::INFO))
    }
}
