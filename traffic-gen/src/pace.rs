//! Open-loop pacing: requests start when the schedule says, whether or not earlier ones were
//! answered, and by absolute times, so that no delay adds up.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::stop::Stop;

/// Requests under way at once at the most. Those beyond start late, and their latency, counted
/// from when they were due, says so.
const MOST_UNDER_WAY: usize = 1000;

/// When requests are due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) start: Instant,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) duration: Duration,
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

    /// When request number `index`, from 0, is due; none after the end.
    pub(crate) fn due(&self, index: u64) -> Option<Instant> {
        let after = Duration::from_secs_f64(index as f64 / self.rate);
        (after < self.duration).then(|| self.start + after)
    }
}

/// Starts `send(index, due)` for each request of the schedule and hands what it returns to `done`,
/// in the order of completion.
pub(crate) async fn open_loop<T, F>(
    schedule: Schedule,
    stop: &Stop,
    mut send: impl FnMut(u64, Instant) -> F,
    mut done: impl FnMut(T),
) where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut index = 0;
    while let Some(due) = schedule.due(index) {
        let is_full = under_way.len() >= MOST_UNDER_WAY;
        tokio::select! {
            () = stop.requested() => break,
            () = sleep_until(due), if !is_full => {
                under_way.spawn(send(index, due));
                index += 1;
            }
            Some(result) = under_way.join_next() => done(result.expect("requests do not panic")),
        }
    }
    let drain = async {
        while let Some(result) = under_way.join_next().await {
            done(result.expect("requests do not panic"));
        }
    };
    let _ = stop.finish(drain).await;
}
