//! The queue between those who bring lines and the one who sends them.

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

/// Where lines go, and the numbers of the repository's Alloy configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where usage lines are posted, in full: `http://localhost:8115/v1/logs`.
    pub logs_endpoint: Url,
    /// Usage lines that may wait to be sent, 1 or more. Default 10,000.
    pub queue_size: usize,
    /// Bytes of the usage lines that may wait, those on their way included, 1 or more. Default 16 MiB.
    pub queue_bytes: usize,
    /// The longest usage line, in bytes; a longer one is dropped. Default 256 KiB, as in Loki.
    pub line_bytes: usize,
    /// Usage lines sent in one request at the most, 1 or more. Default 500.
    pub batch_size: usize,
    /// Bytes of the usage lines in one request at the most; one line may be more. Default 1 MiB, which usage-sink takes
    /// also where JSON doubles it.
    pub batch_bytes: usize,
    /// How long a line waits for its batch to fill. Default 1 s.
    pub batch_delay: Duration,
    /// How long the first failure of a batch is waited out; it doubles with each further one. Default 1 s.
    pub min_pause: Duration,
    /// The longest wait between two attempts, also when the sink asks for a longer one. Default 5 s.
    pub max_pause: Duration,
}

impl Settings {
    /// The defaults, with lines going to `logs_endpoint`, an `http` URL with its path.
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

/// What became of the usage lines so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// The sink took them.
    pub sent: u64,
    /// Lost: they were too long, the sink refused them, or they came or were still waiting when the pipeline stopped.
    pub dropped: u64,
    /// In the queue or on the way.
    pub waiting: u64,
    /// Bytes of the lines that are waiting.
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

/// The running pipeline. Keep it until the last line came, then call [`stop`](Self::stop); dropped instead, it goes on
/// sending what is waiting for as long as the runtime lives.
#[derive(Debug)]
pub struct Pipeline {
    handle: Handle,
    stop: oneshot::Sender<()>,
    sender: JoinHandle<()>,
}

/// Takes lines. Cheap to clone, for many tasks.
#[derive(Debug, Clone)]
pub struct Handle {
    queue: mpsc::Sender<Queued>,
    /// A permit for each byte that may wait.
    room: Arc<Semaphore>,
    queue_bytes: usize,
    line_bytes: usize,
    counts: Arc<Counts>,
}

/// A line that waits, and the room that it takes until it is sent or dropped.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) record: Record,
    _room: OwnedSemaphorePermit,
}

impl Pipeline {
    /// Starts the task that sends. The sink need not be there yet.
    ///
    /// # Panics
    /// Outside a tokio runtime, or when a size is 0.
    #[must_use]
    pub fn start(settings: Settings) -> Self {
        assert!(settings.batch_size > 0, "a batch has room for one line");
        assert!(settings.queue_bytes > 0, "the queue has room for a byte");
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

    /// A handle for whoever brings lines.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// What became of the usage lines so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.handle.counters()
    }

    /// Takes no more lines, and tries for up to `bound` to send those that wait. The rest is dropped, as the counters,
    /// which are final, say.
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
                "Usage lines were given up: the usage-sink did not take them in time"
            );
        }
        self.handle.counters()
    }
}

impl Handle {
    /// Takes `line`, one JSON object with or without its line end, if it is a usage line, and says whether it was one.
    /// Waits while the queue is full, in lines or in bytes. A usage line that is too long, and one after
    /// [`Pipeline::stop`], is counted as dropped.
    ///
    /// When the future is dropped before it is ready, the line was not taken.
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
        tracing::warn!(bytes, allowed, "A usage line is too long and is lost");
    }

    /// What became of the usage lines so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let waiting = self.queue_bytes - self.room.available_permits();
        self.counts.read(waiting as u64)
    }
}
