//! Sends lines in batches and retries each batch until the sink accepts or rejects it.

use std::future::pending;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use crate::Settings;
use crate::line::export_request;
use crate::pipeline::{Counts, Queued};

/// Timeout of an answer, the usual one of OTLP exporters.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The sending end of the queue.
pub(crate) struct Delivery {
    settings: Settings,
    client: Client,
    queue: mpsc::Receiver<Queued>,
    /// Taken from the queue, but too large for the previous batch.
    next: Option<Queued>,
    /// Ready when the queue should be flushed and closed.
    stopped: oneshot::Receiver<()>,
    counts: Arc<Counts>,
}

/// The result of one attempt.
enum Attempt {
    Accepted,
    /// A permanent rejection: the same request would get the same answer.
    Rejected(StatusCode),
    /// A temporary failure: retry, after this time if the sink requires one.
    Failed {
        reason: String,
        retry_after: Duration,
    },
}

impl Delivery {
    pub(crate) fn new(
        settings: Settings,
        queue: mpsc::Receiver<Queued>,
        stopped: oneshot::Receiver<()>,
        counts: Arc<Counts>,
    ) -> Self {
        // It delivers lines; what signals has is for reading.
        let client = Client::builder()
            // The sink is local: ignore the proxy variables of the shell.
            .no_proxy()
            .timeout(ANSWER_TIMEOUT)
            .build();
        Self {
            settings,
            client: client.expect("building a client without TLS and proxies cannot fail"),
            queue,
            next: None,
            stopped,
            counts,
        }
    }

    /// Sends until it is stopped and the queue is empty.
    pub(crate) async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            if batch.is_empty() {
                return;
            }
            let count = batch.len() as u64;
            let end = match self.deliver(&compress(&batch)).await {
                Ok(()) => &self.counts.sent,
                Err(status) => {
                    let status = status.as_u16();
                    tracing::warn!(
                        status,
                        count,
                        "The sink rejected usage lines: they are lost"
                    );
                    &self.counts.dropped
                }
            };
            drop(batch);
            end.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// The next batch; empty if the delivery was stopped and the queue is empty.
    async fn gather(&mut self) -> Vec<Queued> {
        let mut batch: Vec<Queued> = self.next.take().into_iter().collect();
        let mut bytes: usize = batch.iter().map(|queued| queued.record.bytes()).sum();
        let mut deadline = (!batch.is_empty()).then(|| Instant::now() + self.settings.batch_delay);
        while batch.len() < self.settings.batch_size {
            let overdue = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => pending().await,
                }
            };
            let queued = tokio::select! {
                queued = self.queue.recv() => match queued {
                    Some(queued) => queued,
                    None => break,
                },
                () = overdue => break,
                _ = &mut self.stopped, if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
            };
            bytes += queued.record.bytes();
            if bytes > self.settings.batch_bytes && !batch.is_empty() {
                self.next = Some(queued);
                break;
            }
            batch.push(queued);
            deadline.get_or_insert(Instant::now() + self.settings.batch_delay);
        }
        batch
    }

    /// Posts `body` until the sink accepts it; an error with the status if the sink rejects it.
    async fn deliver(&self, body: &[u8]) -> Result<(), StatusCode> {
        let mut pause = self.settings.min_pause;
        let mut complained = false;
        loop {
            match self.attempt(body.to_vec()).await {
                Attempt::Accepted => return Ok(()),
                Attempt::Rejected(status) => return Err(status),
                Attempt::Failed {
                    reason,
                    retry_after,
                } => {
                    if !complained {
                        tracing::warn!(reason, "The sink does not accept usage lines: retrying");
                        complained = true;
                    }
                    sleep(pause.max(retry_after).min(self.settings.max_pause)).await;
                    pause *= 2;
                }
            }
        }
    }

    async fn attempt(&self, body: Vec<u8>) -> Attempt {
        let request = self
            .client
            .post(self.settings.logs_endpoint.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_ENCODING, "gzip")
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Attempt::Accepted,
            Ok(answer) if is_temporary(answer.status()) => Attempt::Failed {
                reason: answer.status().to_string(),
                retry_after: retry_after(&answer),
            },
            Ok(answer) => Attempt::Rejected(answer.status()),
            Err(error) => Attempt::Failed {
                reason: error.to_string(),
                retry_after: Duration::ZERO,
            },
        }
    }
}

/// The statuses that OTLP defines as retryable. 500 is not one of them.
fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

fn retry_after(answer: &Response) -> Duration {
    let header = answer.headers().get(RETRY_AFTER);
    let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(Duration::ZERO, Duration::from_secs)
}

fn compress(batch: &[Queued]) -> Vec<u8> {
    const IN_MEMORY: &str = "writing to memory cannot fail";
    let records = batch.iter().map(|queued| &queued.record);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    write!(encoder, "{}", export_request(records)).expect(IN_MEMORY);
    encoder.finish().expect(IN_MEMORY)
}
