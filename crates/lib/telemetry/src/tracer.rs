//! The tracer of the current pipeline, for a span that is not made through `tracing`.

use opentelemetry_sdk::trace::SdkTracer;
use tracing::Subscriber;
use tracing::dispatcher::get_default;
use tracing_subscriber::Layer;

/// A layer that does nothing but keep the tracer of its pipeline where [`with_tracer`] finds it.
/// OpenTelemetry's global provider would be the same for all pipelines of a process.
pub(crate) struct KeepTracer(pub(crate) SdkTracer);

impl<S: Subscriber> Layer<S> for KeepTracer {}

/// Calls `work` with the tracer of the current pipeline; none if it has no SDK.
pub(crate) fn with_tracer<T>(work: impl FnOnce(&SdkTracer) -> T) -> Option<T> {
    let mut work = Some(work);
    get_default(|dispatch| {
        let KeepTracer(tracer) = dispatch.downcast_ref()?;
        work.take().map(|work| work(tracer))
    })
}
