//! The queue between the tasks that submit lines and the task that sends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::Url;

use crate::Route;
use crate::delivery::Delivery;
use crate::line::Record;

/// The destination and the limits, whose defaults equal the repository's Alloy configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The full URL to post usage lines to: `http://localhost:8115/v1/logs`.
    pub logs_endpoint: Url,
    /// Usage lines that may wait, 1 or more. Default 10,000.
    pub queue_size: usize,
    /// Bytes of usage lines that may wait, including lines in flight, 1 or more. Default 16 MiB.
    pub queue_bytes: usize,
    /// Maximum length of a usage line in bytes; longer lines are dropped. Default 256 KiB, as in
    /// Loki.
    pub line_bytes: usize,
    /// Maximum number of usage lines in one request, 1 or more. Default 500.
    pub batch_size: usize,
    /// Maximum bytes of usage lines in one request; a single line may exceed it. Default 1 MiB,
    /// which usage-sink accepts even if JSON escapes double it.
    pub batch_bytes: usize,
    /// How long a line waits for its batch to fill. Default 1 s.
    pub batch_delay: Duration,
    /// The pause after a batch's first failure; it doubles with each further one. Default 1 s.
    pub min_pause: Duration,
    /// The longest pause between two attempts, even if the sink requires a longer one. Default 5 s.
    pub max_pause: Duration,
}

impl Settings {
    /// The defaults, with `logs_endpoint` as destination: an `http` URL with its path.
    #[must_use]
    pub fn new(logs_endpoint: Url) -> Self {
        Self {
            logs_endpoint,
            queue_size: 10_000,
            queue_bytes: 16 << 20,
            line_bytes: 256 << 10,
            batch_size: 500,
            batch_bytes: 1 << 20,
            batch_delay: Duration::from_secs(1),
            min_pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(5),
        }
    }
}

/// What happened to the usage lines so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Lines that the sink accepted.
    pub sent: u64,
    /// Lost lines: too long, rejected by the sink, or submitted or still waiting when the pipeline
    /// stopped.
    pub dropped: u64,
    /// Lines in the queue or in flight.
    pub waiting: u64,
    /// Bytes of the waiting lines.
    pub waiting_bytes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) taken: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) dropped: AtomicU64,
}

impl Counts {
    fn read(&self, waiting_bytes: u64) -> Counters {
        let sent = self.sent.load(Ordering::Relaxed);
        let dropped = self.dropped.load(Ordering::Relaxed);
        let taken = self.taken.load(Ordering::Relaxed);
        Counters {
            sent,
            dropped,
            waiting: taken.saturating_sub(sent + dropped),
            waiting_bytes,
        }
    }
}

/// The running pipeline. Keep it until all lines were submitted, then call [`stop`](Self::stop). If
/// it is dropped instead, it continues to send waiting lines while the runtime lives.
#[derive(Debug)]
pub struct Pipeline {
    handle: Handle,
    stop: oneshot::Sender<()>,
    sender: JoinHandle<()>,
}

/// Accepts lines. Cheap to clone, for use in many tasks.
#[derive(Debug, Clone)]
pub struct Handle {
    queue: mpsc::Sender<Queued>,
    /// One permit for each byte that may wait.
    room: Arc<Semaphore>,
    queue_bytes: usize,
    line_bytes: usize,
    counts: Arc<Counts>,
}

/// A waiting line, with its share of the queue's bytes until it is sent or dropped.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) record: Record,
    _room: OwnedSemaphorePermit,
}

impl Pipeline {
    /// Starts the task that sends. The sink need not be reachable yet.
    ///
    /// # Panics
    /// Outside of a tokio runtime, or if a size is 0.
    #[must_use]
    pub fn start(settings: Settings) -> Self {
        assert!(settings.batch_size > 0, "batch_size must be at least 1");
        assert!(settings.queue_bytes > 0, "queue_bytes must be at least 1");
        let (queue, lines) = mpsc::channel(settings.queue_size);
        let (stop, stopped) = oneshot::channel();
        let counts = Arc::default();
        let handle = Handle {
            queue,
            room: Arc::new(Semaphore::new(settings.queue_bytes)),
            queue_bytes: settings.queue_bytes,
            line_bytes: settings.line_bytes,
            counts: Arc::clone(&counts),
        };
        let sender = tokio::spawn(Delivery::new(settings, lines, stopped, counts).run());
        Self {
            handle,
            stop,
            sender,
        }
    }

    /// Creates a handle to submit lines.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// What happened to the usage lines so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.handle.counters()
    }

    /// Accepts no more lines, and tries for up to `bound` to send the waiting ones. Lines that
    /// remain are dropped; the returned counters are final.
    pub async fn stop(mut self, bound: Duration) -> Counters {
        let _ = self.stop.send(());
        if timeout(bound, &mut self.sender).await.is_err() {
            self.sender.abort();
            let _ = self.sender.await;
            let lost = self.handle.counters().waiting;
            self.handle
                .counts
                .dropped
                .fetch_add(lost, Ordering::Relaxed);
            tracing::warn!(
                lost,
                "Usage lines are lost: usage-sink did not accept them in time"
            );
        }
        self.handle.counters()
    }
}

impl Handle {
    /// Submits `line`, one JSON object with or without its line end, if it is a usage line, and
    /// returns its route. Waits while the queue is full, in lines or in bytes. A usage line that is
    /// too long or comes after [`Pipeline::stop`] counts as dropped.
    ///
    /// If the future is dropped before it is ready, the line was not accepted.
    pub async fn line(&self, line: &[u8]) -> Route {
        let Some(record) = Record::of_usage(line) else {
            return Route::Operational;
        };
        if record.bytes() > self.line_bytes {
            self.drop_long(record.bytes());
            return Route::Usage;
        }
        let bytes = u32::try_from(record.bytes().min(self.queue_bytes)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await;
        let room = room.expect("the semaphore is never closed");
        let place = self.queue.reserve().await;
        self.counts.taken.fetch_add(1, Ordering::Relaxed);
        match place {
            Ok(place) => place.send(Queued {
                record,
                _room: room,
            }),
            Err(_) => {
                self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Route::Usage
    }

    fn drop_long(&self, bytes: usize) {
        self.counts.taken.fetch_add(1, Ordering::Relaxed);
        self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        let allowed = self.line_bytes;
        tracing::warn!(bytes, allowed, "A usage line is too long: it is lost");
    }

    /// What happened to the usage lines so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let waiting = self.queue_bytes - self.room.available_permits();
        self.counts.read(waiting as u64)
    }
}
