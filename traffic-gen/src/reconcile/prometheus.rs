//! Counter values from Prometheus: raw samples with timestamps, without rates or extrapolation.

use std::collections::BTreeSet;

use signals::prometheus::Range;
use url::Url;

use super::Options;
use super::counters::{COUNTERS, Counter, Reading};
use super::instances::added_up;
use super::source::Source;
use crate::error::Error;

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
        self.check_job(counter, &series)?;
        Ok(added_up(&series))
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

    /// The instances of one job add up; another job is another stage.
    fn check_job(&self, counter: &Counter, series: &[Range]) -> Result<(), Error> {
        let jobs = series.iter().filter_map(|series| series.labels.get("job"));
        let jobs: BTreeSet<&str> = jobs.map(String::as_str).collect();
        if jobs.len() <= 1 {
            return Ok(());
        }
        let jobs: Vec<&str> = jobs.into_iter().collect();
        Err(self.source.unusable(format!(
            "{} of {} has several jobs ({}): choose one with --job-suffix",
            counter.metric,
            counter.service,
            jobs.join(", ")
        )))
    }
}
