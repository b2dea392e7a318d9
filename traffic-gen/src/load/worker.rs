//! The measuring loop: concurrent workers share one schedule; their results are merged at the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::Connections;
use super::report::Throughput;
use super::target::Mix;
use crate::console::Console;
use crate::error::Failure;
use crate::latency::Latencies;
use crate::output::per_second;
use crate::pace::{Schedule, Turn};
use crate::stop::Stop;

/// Pause after a failed connection, so that a closed loop does not spin on a closed port.
const AFTER_UNREACHABLE: Duration = Duration::from_millis(50);

/// When requests are sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pacing {
    /// At a fixed rate in requests a second.
    Open(f64),
    /// One after the other on each connection.
    Closed,
}

/// What stays the same between measurements.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) mix: Arc<Mix>,
    pub(super) connections: usize,
    pub(super) duration: Duration,
    pub(super) warm_up: Duration,
    pub(super) timeout: Duration,
    pub(super) stop: Stop,
}

/// A worker's measurements by endpoint. Two of them can be merged.
pub(super) struct Measured {
    endpoints: Vec<Seen>,
    /// From the end of the warm-up to the last answer, and at least the configured duration.
    took: Duration,
}

#[derive(Default, Clone)]
pub(super) struct Seen {
    pub(super) latencies: Latencies,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) failures: BTreeMap<Failure, u64>,
}

impl Load {
    /// Sends requests during warm-up and duration; returns the measurements after the warm-up.
    pub(super) async fn measure(&self, pacing: Pacing, console: &Console) -> Measured {
        let next = Arc::new(AtomicU64::new(0));
        let _following = console.follow({
            let (next, start) = (Arc::clone(&next), Instant::now());
            move || {
                let sent = next.load(Ordering::Relaxed);
                format!(
                    "{sent} requests, {:.0}/s",
                    per_second(sent, start.elapsed())
                )
            }
        });
        let start = Instant::now();
        let rate = match pacing {
            Pacing::Open(rate) => rate,
            Pacing::Closed => f64::INFINITY,
        };
        let schedule = Schedule {
            start,
            rate,
            duration: self.warm_up + self.duration,
        };
        let mut workers = JoinSet::new();
        let mut measurements = Vec::new();
        for _ in 0..self.connections {
            let measured = Arc::new(Mutex::new(Measured::new(&self.mix)));
            measurements.push(Arc::clone(&measured));
            let worker = Worker {
                load: self.clone(),
                schedule,
                next: Arc::clone(&next),
                measured,
            };
            workers.spawn(worker.run());
        }
        let _ = self.stop.finish(workers.join_all()).await;
        let mut all = Measured::new(&self.mix);
        for measured in &measurements {
            all.merge(&measured.lock().expect("nothing panics under this lock"));
        }
        let took = start.elapsed().saturating_sub(self.warm_up);
        all.took = if self.stop.is_requested() {
            took
        } else {
            took.max(self.duration)
        };
        all
    }
}

struct Worker {
    load: Load,
    schedule: Schedule,
    /// The number of the next request, shared by all workers.
    next: Arc<AtomicU64>,
    /// Others read it only after the worker has ended.
    measured: Arc<Mutex<Measured>>,
}

impl Worker {
    async fn run(self) {
        let load = &self.load;
        let mut connections = Connections::new(load.timeout);
        while !load.stop.is_requested() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let endpoint = load.mix.endpoint(index);
            let Some((due, turn)) = self.turn(index).await else {
                break;
            };
            let Turn::Send { counts_from } = turn else {
                let waited = self.schedule.waited(due);
                self.add(endpoint, due, Err(Failure::NotSent), waited);
                continue;
            };
            let result = connections.get(&load.mix.endpoints[endpoint]).await;
            self.add(endpoint, due, result, counts_from.elapsed());
            if result == Err(Failure::Unreachable) {
                load.stop.sleep(AFTER_UNREACHABLE).await;
            }
        }
    }

    /// Counts a request, unless it belongs to the warm-up.
    fn add(&self, endpoint: usize, due: Instant, result: Result<u16, Failure>, latency: Duration) {
        if due >= self.schedule.start + self.load.warm_up {
            let measured = self.measured.lock();
            let mut measured = measured.expect("nothing panics under this lock");
            measured.endpoints[endpoint].add(result, latency);
        }
    }

    /// Waits until request `index` is due (immediately in a closed loop); none at the end.
    async fn turn(&self, index: u64) -> Option<(Instant, Turn)> {
        let schedule = &self.schedule;
        if schedule.rate.is_infinite() {
            let now = Instant::now();
            let is_within = now < schedule.start + schedule.duration;
            return is_within.then_some((now, Turn::Send { counts_from: now }));
        }
        let due = schedule.due(index)?;
        let turn = schedule.turn(due, &self.load.stop).await?;
        Some((due, turn))
    }
}

impl Seen {
    fn add(&mut self, result: Result<u16, Failure>, latency: Duration) {
        match result {
            Ok(status) => *self.statuses.entry(status).or_default() += 1,
            Err(failure) => *self.failures.entry(failure).or_default() += 1,
        }
        // A refused connection fails fast: it would make the distribution look better than it is.
        if result != Err(Failure::Unreachable) {
            self.latencies.record(latency);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.latencies.merge(&other.latencies);
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (failure, count) in &other.failures {
            *self.failures.entry(*failure).or_default() += count;
        }
    }
}

impl Measured {
    fn new(mix: &Mix) -> Self {
        Self {
            endpoints: vec![Seen::default(); mix.endpoints.len()],
            took: Duration::ZERO,
        }
    }

    fn merge(&mut self, other: &Self) {
        for (own, other) in self.endpoints.iter_mut().zip(&other.endpoints) {
            own.merge(other);
        }
    }

    pub(super) fn throughput(&self, pacing: Pacing, load: &Load) -> Throughput {
        let target = match pacing {
            Pacing::Open(rate) => Some(rate),
            Pacing::Closed => None,
        };
        let endpoints = load.mix.endpoints.iter().zip(&self.endpoints);
        Throughput::new(target, self.took, endpoints)
    }
}
