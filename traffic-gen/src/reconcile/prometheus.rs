//! Counter values from Prometheus: raw samples with timestamps, without rates or extrapolation.

use std::collections::{BTreeMap, BTreeSet};

use signals::prometheus::Range;
use url::Url;

use super::Options;
use super::counters::{COUNTERS, Counter, Reading};
use super::source::Source;
use crate::error::Error;

/// A sample's timestamp is the start of its scrape, within 2 ms; the counters were read within the
/// duration of a scrape, in nanoseconds.
const EARLY: u64 = 2_000_000;
const SCRAPE: u64 = 50_000_000;

/// Maximum age of samples from before the run, in seconds.
const BACK: u64 = 120;

/// One Prometheus.
pub(super) struct Prometheus {
    source: Source,
    job_suffix: String,
}

impl Prometheus {
    pub(super) fn new(options: &Options, url: &Url) -> Self {
        Self {
            source: Source::new("Prometheus", url, "--prometheus"),
            job_suffix: options.job_suffix.clone(),
        }
    }

    /// All samples of the last two minutes plus `since` seconds, by counter, oldest first.
    pub(super) async fn read(&self, since: u64) -> Result<Vec<Vec<Reading>>, Error> {
        let mut readings = Vec::new();
        for counter in &COUNTERS {
            readings.push(self.samples(counter, BACK + since).await?);
        }
        Ok(readings)
    }

    async fn samples(&self, counter: &Counter, seconds: u64) -> Result<Vec<Reading>, Error> {
        let query = self.query(counter, seconds);
        let prometheus = signals::prometheus::Prometheus::new(self.source.reader.clone());
        let series = prometheus.range(&query).await;
        let series = series.map_err(|error| self.source.error(error))?;
        self.check_single(counter, &series)?;
        let mut sums: BTreeMap<u64, f64> = BTreeMap::new();
        for (seconds, value) in series.iter().flat_map(|series| &series.samples) {
            *sums.entry((seconds * 1000.0).round() as u64).or_default() += value;
        }
        let readings = sums.into_iter().map(|(millis, value)| {
            let at = millis * 1_000_000;
            Reading {
                from: at - EARLY,
                to: at + EARLY + SCRAPE,
                value,
            }
        });
        Ok(readings.collect())
    }

    fn query(&self, counter: &Counter, seconds: u64) -> String {
        let labels = counter
            .labels
            .iter()
            .map(|(name, values)| format!(",{name}=~\"{}\"", values.join("|")));
        let (metric, service, suffix) = (counter.metric, counter.service, &self.job_suffix);
        let labels: String = labels.collect();
        format!("{metric}{{job=~\"{service}{suffix}\"{labels}}}[{seconds}s]")
    }

    pub(super) fn no_samples(&self, counter: &Counter) -> Error {
        let (metric, service) = (counter.metric, counter.service);
        self.source.unusable(format!(
            "no sample of {metric} of {service} in the last {BACK} s: is it scraped, and does \
             --job-suffix fit its job?"
        ))
    }

    /// Sums by time are meaningful for one instance only.
    fn check_single(&self, counter: &Counter, series: &[Range]) -> Result<(), Error> {
        let instances: BTreeSet<_> = series
            .iter()
            .map(|series| (series.labels.get("job"), series.labels.get("instance")))
            .collect();
        if instances.len() <= 1 {
            return Ok(());
        }
        let jobs = instances
            .iter()
            .filter_map(|(job, _)| job.map(String::as_str));
        let jobs: Vec<&str> = jobs.collect();
        Err(self.source.unusable(format!(
            "{} of {} has several targets ({}): choose one with --job-suffix",
            counter.metric,
            counter.service,
            jobs.join(", ")
        )))
    }
}
