//! Rolling: each roll takes its own random time, and a batch takes as long as its slowest roll.

use std::time::{Duration, Instant};

use dice::{BatchSize, Die, RollFailed};
use service::Background;
use telemetry::metrics::InProgress;
use tracing::{Instrument, Span, field, info_span};

use crate::error::Error;
use crate::faults;
use crate::metrics::Metrics;

/// Rolls dice, and counts, traces and logs the rolls. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Roller {
    /// The longest duration of a roll.
    delay: Duration,
    metrics: Metrics,
    /// The task set that runs batches.
    background: Background,
}

impl Roller {
    pub(crate) fn new(delay: Duration, metrics: Metrics, background: Background) -> Self {
        Self {
            delay,
            metrics,
            background,
        }
    }

    /// Rolls once, in its own span.
    ///
    /// # Errors
    /// [`Error::RollFailed`], as often as the die's error rate defines.
    pub(crate) async fn roll(&self, die: &Die) -> Result<u8, Error> {
        let span = roll_span("roll", die, None);
        let result = self.perform_roll(die, &span).instrument(span.clone()).await;
        let labels = [&die.identifier, result_label(result)];
        self.metrics.rolls.with_label_values(&labels).inc();
        span.in_scope(|| match result {
            Ok(roll_value) => {
                tracing::info!(die_type = die.identifier, roll_value, "Roll completed");
            }
            Err(RollFailed) => tracing::error!(die_type = die.identifier, "Roll failed"),
        });
        Ok(result?)
    }

    /// Rolls a batch concurrently. The batch completes even if the client disconnects, so that
    /// every roll that began is counted. On shutdown the service waits for it, up to a bound; rolls
    /// that are cut off count as failed.
    ///
    /// # Errors
    /// [`Error::BatchFailed`] if a roll failed; the other rolls are made and counted nevertheless.
    /// [`Error::Broken`] if the batch panicked.
    pub(crate) async fn roll_batch(&self, die: Die, size: BatchSize) -> Result<Vec<u8>, Error> {
        let batch = self.clone().run_batch(die, size);
        let span = info_span!(
            "async roll batch",
            otel.status_code = field::Empty,
            "async.batch_size" = i64::from(size.get())
        );
        let batch = self.background.spawn(batch.instrument(span.clone()));
        batch.await.map_err(|_| {
            span.record("otel.status_code", "ERROR");
            Error::Broken
        })?
    }

    async fn run_batch(self, die: Die, size: BatchSize) -> Result<Vec<u8>, Error> {
        let count = size.get();
        tracing::info!(
            die_type = die.identifier,
            async_batch_size = count,
            "Async roll batch started"
        );
        let start = Instant::now();
        let tasks: Vec<_> = (0..count)
            .map(|index| {
                self.clone()
                    .roll_in_batch(die.clone(), index)
                    .in_current_span()
            })
            .map(|roll| self.background.spawn(roll))
            .collect();
        let mut rolls = Vec::with_capacity(tasks.len());
        for task in tasks {
            // A roll that panicked counts as failed; the panic is logged where it occurred.
            rolls.extend(task.await.ok().and_then(Result::ok));
        }
        self.metrics.batch_size.observe(f64::from(count));
        self.metrics
            .batch_duration
            .observe(start.elapsed().as_secs_f64());
        finish_batch(&die, count, rolls)
    }

    async fn roll_in_batch(self, die: Die, index: u8) -> Result<u8, RollFailed> {
        let _in_progress = InProgress::start(&self.metrics.in_progress);
        self.metrics.peak.record();
        let span = roll_span(&format!("async_roll_{index}"), &die, Some(index));
        let result = self
            .perform_roll(&die, &span)
            .instrument(span.clone())
            .await;
        let labels = [&die.identifier, result_label(result)];
        self.metrics.async_rolls.with_label_values(&labels).inc();
        if let Ok(roll_value) = result {
            let _entered = span.enter();
            tracing::info!(
                die_type = die.identifier,
                async_roll_index = index,
                roll_value,
                "Async roll completed"
            );
        }
        result
    }

    /// The common part of both kinds of roll: the wait, the roll, its value and its span.
    async fn perform_roll(&self, die: &Die, span: &Span) -> Result<u8, RollFailed> {
        let delay = self.delay.mul_f64(rand::random());
        tracing::debug!(
            die_type = die.identifier,
            delay_ms = delay.as_secs_f64() * 1e3,
            "Roll started"
        );
        let result = tokio::select! {
            biased;
            () = tokio::time::sleep(delay) => {
                faults::roll(&die.specification, &mut rand::rng())
            }
            () = self.background.is_cut() => Err(RollFailed),
        };
        span.record("die.error", result.is_err());
        match result {
            Ok(value) => {
                span.record("die.result", i64::from(value));
                let values = self.metrics.values.with_label_values(&[&die.identifier]);
                values.observe(f64::from(value));
            }
            Err(RollFailed) => {
                span.record("otel.status_code", "ERROR");
            }
        }
        result
    }
}

fn roll_span(name: &str, die: &Die, index: Option<u8>) -> Span {
    info_span!(
        "roll",
        otel.name = name,
        otel.status_code = field::Empty,
        "die.type" = die.identifier,
        "die.result" = field::Empty,
        "die.error" = field::Empty,
        "async.roll_index" = index.map(i64::from),
    )
}

/// Logs the only line about failed rolls of a batch: a failure is logged once.
fn finish_batch(die: &Die, count: u8, rolls: Vec<u8>) -> Result<Vec<u8>, Error> {
    let failed = usize::from(count) - rolls.len();
    if failed > 0 {
        Span::current().record("otel.status_code", "ERROR");
        tracing::error!(
            die_type = die.identifier,
            async_batch_size = count,
            failed,
            "Async roll batch failed"
        );
        return Err(Error::BatchFailed { failed, count });
    }
    let total: u32 = rolls.iter().copied().map(u32::from).sum();
    tracing::info!(
        die_type = die.identifier,
        async_batch_size = count,
        async_total_result = total,
        "Async roll batch completed"
    );
    Ok(rolls)
}

fn result_label(result: Result<u8, RollFailed>) -> &'static str {
    if result.is_ok() { "success" } else { "error" }
}
