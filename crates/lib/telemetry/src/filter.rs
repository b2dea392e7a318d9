//! The filter of log lines. Spans pass it: `RUST_LOG=warn` asks for fewer lines, while spans are
//! selected by the sampler. Without spans, no line and no answer would have a trace id.

use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Context;

/// A filter for the whole subscriber, from the targets and levels of the lines to write.
pub(crate) struct Filter(pub(crate) Targets);

impl Filter {
    fn lets_through(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() {
            return *metadata.level() <= Level::INFO;
        }
        self.0.would_enable(metadata.target(), metadata.level())
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
        let lines = <Targets as Layer<S>>::max_level_hint(&self.0)?;
        Some(lines.max(LevelFilter::INFO))
    }
}
