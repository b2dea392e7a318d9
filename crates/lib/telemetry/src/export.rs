//! The path of a finished span to the collector; every span is counted.
//!
//! [`Bounded`] wraps the SDK's batch processor, and [`Reported`] its exporter. The SDK drops spans
//! silently when its queue is full. Here, the limit is applied and counted before that queue: once
//! no span is waiting, `created = exported + rejected + failed + dropped`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use faults::Fault;
use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use prometheus::{IntCounter, IntCounterVec, Opts};
use tracing::dispatcher::{Dispatch, WeakDispatch, with_default};

use crate::collector::{Answer, Verdicts};
use crate::resource::with_version;

/// The counters of the spans of one pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Spans {
    pub(crate) total: IntCounterVec,
    pub(crate) retries: IntCounter,
    pub(crate) bytes: IntCounter,
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
                "Sampled spans by outcome: exported (accepted by the collector), rejected (by the \
                 collector), failed (the export failed, or a program that is not a collector \
                 answered), dropped (the queue was full)",
            ),
            &["outcome"],
        )
        .expect("the name and label are valid");
        Self {
            retries: IntCounter::new(
                "telemetry_export_retries_total",
                "Retried exports; the collector may have counted their spans twice",
            )
            .expect("the name is valid"),
            bytes: IntCounter::new(
                "telemetry_span_bytes_total",
                "Bytes of OTLP, uncompressed, in the requests whose spans telemetry_spans_total counts as \
                 exported",
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

/// The state that both ends of the queue share.
#[derive(Debug)]
pub(crate) struct Queue {
    /// The maximum number of waiting spans.
    capacity: usize,
    /// Spans that are in the queue or being exported.
    waiting: AtomicUsize,
    /// Whether the current outage has been logged.
    warned: AtomicBool,
    spans: Spans,
    /// The subscriber of the same pipeline. Weak, because the subscriber owns this queue.
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

    /// Sets the subscriber that logs losses.
    pub(crate) fn report_to(&self, subscriber: &Dispatch) {
        let _ = self.subscriber.set(subscriber.downgrade());
    }

    /// Calls `log`; its lines go to the pipeline's own subscriber, whichever thread this is.
    fn report(&self, log: impl FnOnce()) {
        if let Some(subscriber) = self.subscriber.get().and_then(WeakDispatch::upgrade) {
            with_default(&subscriber, log);
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Counts `count` waiting spans as `end`.
    fn done(&self, end: &IntCounter, count: usize) {
        end.inc_by(count as u64);
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// Whether this is the first loss of an outage.
    fn first_loss(&self) -> bool {
        !self.warned.load(Ordering::Relaxed) && !self.warned.swap(true, Ordering::Relaxed)
    }

    /// Whether an outage has just ended, called after a successful export: the queue is at most
    /// half full. True once for each outage.
    fn recovered(&self) -> bool {
        self.waiting() <= self.capacity / 2 && self.warned.swap(false, Ordering::Relaxed)
    }
}

/// Drops and counts spans beyond the queue's capacity.
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

/// Counts the results of exports, and logs when they change.
#[derive(Debug)]
pub(crate) struct Reported<E> {
    pub(crate) inner: E,
    /// Exports with `next_version`, while the service reports that one.
    pub(crate) next: E,
    pub(crate) next_version: String,
    pub(crate) queue: Arc<Queue>,
    pub(crate) endpoint: String,
    pub(crate) verdicts: Verdicts,
    /// Whether the last export was accepted with a warning, which was logged.
    pub(crate) advised: AtomicBool,
}

impl<E> Reported<E> {
    /// Counts an export of `count` spans in a request of so many bytes by its answer.
    fn answered(&self, count: usize, bytes: u64, answer: &Answer) {
        match answer {
            Answer::Otlp { rejected, message } => {
                self.queue.spans.bytes.inc_by(bytes);
                self.taken(count, *rejected, message);
            }
            Answer::Foreign(what) => self.failed(count, what),
        }
    }

    /// Counts an export of `count` spans, of which the collector rejected some or none.
    fn taken(&self, count: usize, rejected: i64, message_of_collector: &str) {
        // A wrong number from the collector must not make our counts wrong.
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
                    "The collector rejected spans, see telemetry_spans_total"
                );
            }
            return;
        }
        if self.queue.recovered() {
            tracing::info!(endpoint, "Spans reach the collector again");
        }
        // The text may differ each time, so only the first of several warnings is logged.
        let is_warning = !message_of_collector.is_empty();
        if !self.advised.swap(is_warning, Ordering::Relaxed) && is_warning {
            tracing::warn!(
                endpoint,
                message_of_collector,
                "The collector accepted all spans with a warning"
            );
        }
    }

    /// Counts spans that did not arrive.
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
        let exporter = match faults::is_on(Fault::BadRelease) {
            true => &self.next,
            false => &self.inner,
        };
        let result = exporter.export(batch).await;
        let verdict = self.verdicts.take();
        let retries = verdict.requests.saturating_sub(1) as u64;
        self.queue.spans.retries.inc_by(retries);
        match &result {
            Ok(()) => self.answered(count, verdict.bytes, &verdict.answer),
            Err(error) => self.failed(count, &error.to_string()),
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let _ = self.next.shutdown_with_timeout(timeout);
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
        let next = with_version(resource, &self.next_version);
        self.next.set_resource(&next);
    }
}
