//! The path of a finished span to the collector, with every span accounted for.
//!
//! [`Bounded`] stands before the SDK's batch processor and [`Reported`] before its exporter. The
//! SDK drops spans silently when its queue is full; here the bound is kept, and counted, one step
//! earlier: once nothing waits, `made = exported + rejected + failed + dropped`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use prometheus::{IntCounter, IntCounterVec, Opts};
use tracing::dispatcher::{Dispatch, WeakDispatch, with_default};

use crate::collector::{Answer, Verdicts};

/// What became of the spans of one pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Spans {
    pub(crate) total: IntCounterVec,
    pub(crate) retries: IntCounter,
    exported: IntCounter,
    rejected: IntCounter,
    failed: IntCounter,
    dropped: IntCounter,
}

impl Spans {
    pub(crate) fn new() -> Self {
        let total = IntCounterVec::new(
            Opts::new(
                "telemetry_spans_total",
                "Sampled spans by what became of them: exported (the collector took them), \
                 rejected (it answered that it did not), failed (their export failed, or what \
                 answered was no collector), dropped (the queue was full)",
            ),
            &["outcome"],
        )
        .expect("the name and label are valid");
        Self {
            retries: IntCounter::new(
                "telemetry_export_retries_total",
                "Exports that were sent again; the collector may have counted their spans twice",
            )
            .expect("the name is valid"),
            exported: total.with_label_values(&["exported"]),
            rejected: total.with_label_values(&["rejected"]),
            failed: total.with_label_values(&["failed"]),
            dropped: total.with_label_values(&["dropped"]),
            total,
        }
    }
}

/// What the two ends of the queue share.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Spans that may wait at once.
    capacity: usize,
    /// Spans that were accepted and are neither exported nor failed yet.
    waiting: AtomicUsize,
    /// Whether the loss going on was already logged.
    warned: AtomicBool,
    spans: Spans,
    /// The subscriber of the same pipeline. Weak, because it has this queue itself.
    subscriber: OnceLock<WeakDispatch>,
}

impl Queue {
    pub(crate) fn new(capacity: usize, spans: Spans) -> Self {
        Self {
            capacity,
            waiting: AtomicUsize::new(0),
            warned: AtomicBool::new(false),
            spans,
            subscriber: OnceLock::new(),
        }
    }

    /// From now on, what is lost is logged by `subscriber`.
    pub(crate) fn report_to(&self, subscriber: &Dispatch) {
        let _ = self.subscriber.set(subscriber.downgrade());
    }

    /// Calls `log`, whose lines go to the pipeline's own subscriber on every thread.
    fn report(&self, log: impl FnOnce()) {
        if let Some(subscriber) = self.subscriber.get().and_then(WeakDispatch::upgrade) {
            with_default(&subscriber, log);
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// `count` waiting spans have come to that end.
    fn done(&self, end: &IntCounter, count: usize) {
        end.inc_by(count as u64);
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// True once per outage.
    fn first_loss(&self) -> bool {
        !self.warned.load(Ordering::Relaxed) && !self.warned.swap(true, Ordering::Relaxed)
    }

    /// True once, when an outage is over: an export went well and the queue is not about to
    /// overflow again.
    fn recovered(&self) -> bool {
        self.waiting() <= self.capacity / 2 && self.warned.swap(false, Ordering::Relaxed)
    }
}

/// Refuses, and counts, spans beyond the queue's capacity.
#[derive(Debug)]
pub(crate) struct Bounded<P> {
    pub(crate) inner: P,
    pub(crate) queue: Arc<Queue>,
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if self.queue.waiting.fetch_add(1, Ordering::Relaxed) < self.queue.capacity {
            return self.inner.on_end(span);
        }
        self.queue.waiting.fetch_sub(1, Ordering::Relaxed);
        self.queue.spans.dropped.inc();
        if self.queue.first_loss() {
            self.queue.report(|| {
                tracing::warn!(
                    span_queue_size = self.queue.capacity,
                    "Spans are being dropped: the queue is full, see telemetry_spans_total"
                );
            });
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Counts what the exporter did, and logs when that changes.
#[derive(Debug)]
pub(crate) struct Reported<E> {
    pub(crate) inner: E,
    pub(crate) queue: Arc<Queue>,
    pub(crate) endpoint: String,
    pub(crate) verdicts: Verdicts,
    /// Whether the last export was taken with a warning, which was logged then.
    pub(crate) advised: AtomicBool,
}

impl<E> Reported<E> {
    /// Counts an export that the collector answered, as it answered.
    fn answered(&self, count: usize, answer: &Answer) {
        match answer {
            Answer::Otlp { rejected, message } => self.taken(count, *rejected, message),
            Answer::Foreign(what) => self.failed(count, what),
        }
    }

    /// Counts spans that the collector took, but for those that it rejected.
    fn taken(&self, count: usize, rejected: i64, message_of_collector: &str) {
        // A collector that cannot count must not make our own counts wrong.
        let rejected = usize::try_from(rejected).unwrap_or(0).min(count);
        let spans = &self.queue.spans;
        self.queue.done(&spans.rejected, rejected);
        self.queue.done(&spans.exported, count - rejected);
        self.queue
            .report(|| self.log_taken(count, rejected, message_of_collector));
    }

    /// Logs an export of `count` spans; above DEBUG only if something changed.
    fn log_taken(&self, count: usize, rejected: usize, message_of_collector: &str) {
        let endpoint = &*self.endpoint;
        tracing::debug!(endpoint, exported = count - rejected, "Spans exported");
        if rejected > 0 {
            if self.queue.first_loss() {
                tracing::warn!(
                    endpoint,
                    rejected,
                    message_of_collector,
                    "The collector does not take all spans, see telemetry_spans_total"
                );
            }
            return;
        }
        if self.queue.recovered() {
            tracing::info!(endpoint, "Spans reach the collector again");
        }
        // It may be another one each time.
        let is_warning = !message_of_collector.is_empty();
        if !self.advised.swap(is_warning, Ordering::Relaxed) && is_warning {
            tracing::warn!(
                endpoint,
                message_of_collector,
                "The collector took all spans, with a warning"
            );
        }
    }

    /// Counts spans that have not arrived.
    fn failed(&self, count: usize, error: &str) {
        self.queue.done(&self.queue.spans.failed, count);
        if self.queue.first_loss() {
            let endpoint = &*self.endpoint;
            self.queue.report(|| {
                tracing::warn!(
                    endpoint,
                    error,
                    "Spans do not reach the collector: they are lost, see telemetry_spans_total"
                );
            });
        }
    }
}

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let result = self.inner.export(batch).await;
        let verdict = self.verdicts.take();
        let retries = verdict.requests.saturating_sub(1) as u64;
        self.queue.spans.retries.inc_by(retries);
        match &result {
            Ok(()) => self.answered(count, &verdict.answer),
            Err(error) => self.failed(count, &error.to_string()),
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
