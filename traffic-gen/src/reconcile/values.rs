//! Counter values before and after the run.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use super::Options;
use super::attribution::{Attributed, attribute};
use super::cost::Scrape;
use super::counters::{COUNTERS, Reading};
use super::prometheus::Prometheus;
use super::scrapes::Scrapes;
use super::source::nanos;
use crate::error::Error;
use crate::stop::Stop;

/// Pause between attempts to read the first samples.
const ROUND: Duration = Duration::from_millis(500);

/// Where values come from.
enum From {
    Scrapes(Scrapes),
    Prometheus(Prometheus),
}

/// Readings of each counter, in the order of [`COUNTERS`].
pub(super) struct Values {
    from: From,
    before: Vec<Vec<Reading>>,
    after: Vec<Vec<Reading>>,
}

impl Values {
    pub(super) fn new(options: &Options) -> Self {
        let from = match &options.prometheus {
            Some(url) => From::Prometheus(Prometheus::new(options, url)),
            None => From::Scrapes(Scrapes::new(options)),
        };
        Self {
            from,
            before: vec![Vec::new(); COUNTERS.len()],
            after: vec![Vec::new(); COUNTERS.len()],
        }
    }

    /// Reads until each counter has a value.
    pub(super) async fn read_before(&mut self, wait: Duration, stop: &Stop) -> Result<(), Error> {
        let prometheus = match &self.from {
            From::Scrapes(scrapes) => return scrapes.read_often(&mut self.before, stop).await,
            From::Prometheus(prometheus) => prometheus,
        };
        let deadline = Instant::now() + wait;
        loop {
            self.before = prometheus.read(0).await?;
            let empty = self.before.iter().position(Vec::is_empty);
            let Some(empty) = empty else {
                return Ok(());
            };
            if Instant::now() >= deadline || !stop.sleep(ROUND).await {
                return Err(prometheus.no_samples(&COUNTERS[empty]));
            }
        }
    }

    /// Reads once more. Only values from after `end`, in nanoseconds since 1970, are used.
    pub(super) async fn read_after(&mut self, end: u64) -> Result<(), Error> {
        match &self.from {
            From::Scrapes(scrapes) => scrapes.read(&mut self.after).await,
            From::Prometheus(prometheus) => {
                let since = (nanos(SystemTime::now()) - self.begin()) / 1_000_000_000;
                self.after = prometheus.read(since).await?;
                for readings in &mut self.after {
                    readings.retain(|reading| reading.from > end);
                }
                Ok(())
            }
        }
    }

    /// Samples and bytes of one scrape of each service; empty if values come from Prometheus.
    pub(super) async fn sizes(&self) -> BTreeMap<&'static str, Scrape> {
        match &self.from {
            From::Scrapes(scrapes) => scrapes.sizes().await,
            From::Prometheus(_) => BTreeMap::new(),
        }
    }

    /// The time of the first reading, in nanoseconds since 1970.
    pub(super) fn begin(&self) -> u64 {
        let readings = self.before.iter().flatten();
        readings
            .map(|reading| reading.from)
            .min()
            .unwrap_or_default()
    }

    /// The run's own increments of counter number `index`; none until there is a value from before
    /// `settled`, in nanoseconds since 1970.
    pub(super) fn attributed(
        &self,
        index: usize,
        others: &[u64],
        settled: u64,
    ) -> Option<Attributed> {
        let after = self.after[index].iter().copied();
        let after: Vec<Reading> = after.filter(|reading| reading.to <= settled).collect();
        attribute(&self.before[index], &after, others)
    }
}
