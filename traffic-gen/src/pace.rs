//! Open-loop pacing: requests start when the schedule says, whether or not earlier ones were
//! answered, and by absolute times, so that no delay adds up.
//!
//! The schedule has an end: a request that could not start before it is never sent, and is charged
//! with the time it waited, so that a server that is too slow cannot make a run longer or look fast.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::stop::Stop;

/// Requests under way at once at the most. Those beyond start late, and their latency, counted
/// from when they were due, says so.
const MOST_UNDER_WAY: usize = 1000;

/// tokio's timer wakes up to this late. What was free and slept is not the server's delay, so its
/// latency counts from the wake-up; anything later counts from when the request was due.
const TIMER: Duration = Duration::from_millis(2);

/// How long after the end the last requests may still start: a busy machine wakes later than a
/// timer's precision.
const LAST_START: Duration = Duration::from_millis(50);

/// When requests are due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) start: Instant,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) duration: Duration,
}

/// What becomes of one request of the schedule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    /// It is to be sent, and its latency counts from this time.
    Send { counts_from: Instant },
    /// The end came before it could be sent.
    TooLate,
}

impl Schedule {
    /// Begins now.
    pub(crate) fn new(rate: f64, duration: Duration) -> Self {
        Self {
            start: Instant::now(),
            rate,
            duration,
        }
    }

    /// How many requests are due before the end.
    pub(crate) fn requests(&self) -> u64 {
        // Less what a product of two floating-point numbers may be too large.
        (self.duration.as_secs_f64() * self.rate - 1e-6).ceil() as u64
    }

    /// When request number `index`, from 0, is due; none after the end.
    pub(crate) fn due(&self, index: u64) -> Option<Instant> {
        (index < self.requests())
            .then(|| self.start + Duration::from_secs_f64(index as f64 / self.rate))
    }

    /// How long a request that was due at `due` and never sent had waited at the end.
    pub(crate) fn waited(&self, due: Instant) -> Duration {
        (self.start + self.duration).saturating_duration_since(due)
    }

    /// Waits until a request is due; none after a stop.
    pub(crate) async fn turn(&self, due: Instant, stop: &Stop) -> Option<Turn> {
        let now = Instant::now();
        if now > self.last_start() {
            return Some(Turn::TooLate);
        }
        if due <= now {
            return Some(Turn::Send { counts_from: due });
        }
        tokio::select! {
            () = stop.requested() => None,
            () = sleep_until(due) => Some(Turn::Send { counts_from: woken(due) }),
        }
    }

    fn last_start(&self) -> Instant {
        self.start + self.duration + LAST_START
    }
}

/// From when a latency counts, for a request that waited only for a timer.
fn woken(due: Instant) -> Instant {
    let now = Instant::now();
    if now.saturating_duration_since(due) < TIMER {
        now
    } else {
        due
    }
}

/// One request of an [`open_loop`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) due: Instant,
    /// From when its latency counts.
    pub(crate) counts_from: Instant,
}

/// How an [`open_loop`] ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// When the last request had started, or the stop came.
    pub(crate) at: Instant,
    /// When the requests were due for which the end came too soon; none after a stop.
    pub(crate) not_sent: Vec<Instant>,
}

/// Starts `send` for each request of the schedule and hands what it returns to `done`, in the order
/// of completion. `send` must end by itself, by a timeout.
pub(crate) async fn open_loop<T, F>(
    schedule: Schedule,
    stop: &Stop,
    mut send: impl FnMut(Start) -> F,
    mut done: impl FnMut(T),
) -> Ended
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut index = 0;
    let mut was_full = false;
    while let Some(due) = schedule.due(index) {
        let is_full = under_way.len() >= MOST_UNDER_WAY;
        was_full |= is_full;
        tokio::select! {
            () = stop.requested() => break,
            () = sleep_until(schedule.last_start()) => break,
            () = sleep_until(due), if !is_full => {
                let counts_from = if was_full { due } else { woken(due) };
                under_way.spawn(send(Start { due, counts_from }));
                was_full = false;
                index += 1;
            }
            Some(result) = under_way.join_next() => done(result.expect("requests do not panic")),
        }
    }
    let at = Instant::now();
    let left = (index..).map_while(|index| schedule.due(index));
    let not_sent = if stop.is_requested() {
        Vec::new()
    } else {
        left.collect()
    };
    let drain = async {
        while let Some(result) = under_way.join_next().await {
            done(result.expect("requests do not panic"));
        }
    };
    let _ = stop.finish(drain).await;
    Ended { at, not_sent }
}
