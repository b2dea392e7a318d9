//! Counter values from the services' `/metrics`.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use signals::exposition::Exposition;
use url::Url;

use super::Options;
use super::cost::Scrape;
use super::counters::{COUNTERS, Counter, Reading};
use super::source::{Source, nanos};
use crate::error::Error;
use crate::stop::Stop;

/// Readings before the run. With 20 rolls a second of other traffic two in three readings are
/// usable, with 100 a second one in ten.
const READINGS: usize = 50;

/// Pause between readings.
const APART: Duration = Duration::from_millis(20);

/// The three services, each with all of its replicas.
pub(super) struct Scrapes(Vec<(&'static str, Vec<Source>)>);

impl Scrapes {
    pub(super) fn new(options: &Options) -> Self {
        let service = |name, urls: &[Url], flag| {
            let sources = urls.iter().map(|url| Source::new(name, url, flag));
            (name, sources.collect())
        };
        let frontend = std::slice::from_ref(&options.frontend.url);
        Self(vec![
            service("frontend", frontend, "--frontend-url"),
            service("dice-roller", &options.dice_roller_url, "--dice-roller-url"),
            service("die-service", &options.die_service_url, "--die-service-url"),
        ])
    }

    /// Samples and bytes of one scrape of each service, all replicas together.
    pub(super) async fn sizes(&self) -> BTreeMap<&'static str, Scrape> {
        let mut sizes = BTreeMap::new();
        for (service, replicas) in &self.0 {
            let mut size = Scrape::default();
            for source in replicas {
                size.add(&source.reader).await;
            }
            sizes.insert(*service, size);
        }
        sizes
    }

    /// Adds `READINGS` readings to each counter.
    pub(super) async fn read_often(
        &self,
        into: &mut [Vec<Reading>],
        stop: &Stop,
    ) -> Result<(), Error> {
        for _ in 0..READINGS {
            self.read(into).await?;
            if !stop.sleep(APART).await {
                break;
            }
        }
        Ok(())
    }

    /// Adds one reading to each counter: the sum over the replicas, which are read one after the
    /// other.
    pub(super) async fn read(&self, into: &mut [Vec<Reading>]) -> Result<(), Error> {
        for (service, replicas) in &self.0 {
            let from = nanos(SystemTime::now());
            let mut scraped = Vec::new();
            for source in replicas {
                let metrics = Exposition::scrape(&source.reader).await;
                scraped.push((source, metrics.map_err(|error| source.error(error))?));
            }
            let to = nanos(SystemTime::now());
            let counters = COUNTERS.iter().zip(&mut *into);
            for (counter, readings) in counters.filter(|(c, _)| c.service == *service) {
                let mut value = 0.0;
                for (source, metrics) in &scraped {
                    value += sum(metrics, counter).ok_or_else(|| {
                        source.unusable(format!("/metrics has no {}", counter.metric))
                    })?;
                }
                readings.push(Reading { from, to, value });
            }
        }
        Ok(())
    }
}

/// Sums the series that `counter` selects; none if there are none.
fn sum(metrics: &Exposition, counter: &Counter) -> Option<f64> {
    let samples = metrics.select(counter.metric, &[]);
    let counted = samples.filter(|sample| {
        counter.labels.iter().all(|(name, allowed)| {
            let value = sample.labels.get(*name);
            value.is_some_and(|value| allowed.contains(&value.as_str()))
        })
    });
    counted
        .map(|sample| sample.value)
        .reduce(|sum, value| sum + value)
}
