//! Open-loop pacing: each request starts at its absolute due time, whether or not earlier ones were
//! answered, so delays do not accumulate.
//!
//! The schedule ends: a request that could not start before the end is never sent, and its waiting
//! time counts as its latency. A slow server can therefore neither prolong a run nor look fast.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::stop::Stop;

/// Requests in flight at most. Further ones start late, and their latency includes the wait,
/// because it counts from when they were due.
const MAX_IN_FLIGHT: usize = 1000;

/// How late tokio's timer may wake a task. If the task only waited for its timer, the latency
/// counts from the wake-up; beyond this limit it counts from when the request was due.
const TIMER: Duration = Duration::from_millis(2);

/// How long after the end the last requests may still start: a busy machine wakes tasks later than
/// the timer's precision.
const LAST_START: Duration = Duration::from_millis(50);

/// When requests are due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) start: Instant,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) duration: Duration,
}

/// What happens to one request of the schedule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    /// Send it; its latency counts from this time.
    Send { counts_from: Instant },
    /// Do not send it: the end came first.
    TooLate,
}

impl Schedule {
    /// Creates a schedule that begins now.
    pub(crate) fn new(rate: f64, duration: Duration) -> Self {
        Self {
            start: Instant::now(),
            rate,
            duration,
        }
    }

    /// How many requests are due before the end.
    pub(crate) fn requests(&self) -> u64 {
        // Subtracts what floating-point multiplication may have added.
        (self.duration.as_secs_f64() * self.rate - 1e-6).ceil() as u64
    }

    /// When request number `index`, from 0, is due; none after the end.
    pub(crate) fn due(&self, index: u64) -> Option<Instant> {
        (index < self.requests())
            .then(|| self.start + Duration::from_secs_f64(index as f64 / self.rate))
    }

    /// How long a request due at `due` and never sent waited until the end.
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

/// From when the latency counts, for a request that waited only for its timer.
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
    /// From when the latency counts.
    pub(crate) counts_from: Instant,
}

/// How an [`open_loop`] ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// When the last request started, or when the run was stopped.
    pub(crate) at: Instant,
    /// Due times of the requests that were never sent; empty after a stop.
    pub(crate) not_sent: Vec<Instant>,
}

/// Calls `send` for each request of the schedule and passes the results to `done` in order of
/// completion. `send` must end by itself, with a timeout.
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
    let mut in_flight = JoinSet::new();
    let mut index = 0;
    let mut was_full = false;
    while let Some(due) = schedule.due(index) {
        let is_full = in_flight.len() >= MAX_IN_FLIGHT;
        was_full |= is_full;
        tokio::select! {
            () = stop.requested() => break,
            () = sleep_until(schedule.last_start()) => break,
            () = sleep_until(due), if !is_full => {
                let counts_from = if was_full { due } else { woken(due) };
                in_flight.spawn(send(Start { due, counts_from }));
                was_full = false;
                index += 1;
            }
            Some(result) = in_flight.join_next() => done(result.expect("requests do not panic")),
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
        while let Some(result) = in_flight.join_next().await {
            done(result.expect("requests do not panic"));
        }
    };
    let _ = stop.finish(drain).await;
    Ended { at, not_sent }
}
