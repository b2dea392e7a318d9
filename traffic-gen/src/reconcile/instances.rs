//! The samples of several instances of a service, added up.
//!
//! Prometheus scrapes each instance at its own time. A reading of the sum therefore has the samples of
//! all instances that are nearest to one time, and extends over all of them.

use std::collections::BTreeMap;

use signals::prometheus::Range;

use super::counters::Reading;

/// A sample's timestamp is the start of its scrape, within 2 ms; the counters were read within the
/// duration of a scrape, in nanoseconds.
const EARLY: u64 = 2_000_000;
const SCRAPE: u64 = 50_000_000;

/// How far apart the samples of two instances that are both scraped can be, in milliseconds.
const APART: u64 = 15_000;

/// The samples of one instance: milliseconds since 1970, and the sum of its series.
type Samples = BTreeMap<u64, f64>;

/// Readings of the sum over all instances, oldest first: one for each sample of the instance that has
/// the most.
pub(super) fn added_up(series: &[Range]) -> Vec<Reading> {
    let mut instances: BTreeMap<Option<&String>, Samples> = BTreeMap::new();
    for range in series {
        let samples = instances.entry(range.labels.get("instance")).or_default();
        for (seconds, value) in &range.samples {
            *samples
                .entry((seconds * 1000.0).round() as u64)
                .or_default() += value;
        }
    }
    let instances: Vec<Samples> = instances.into_values().collect();
    let Some(longest) = instances.iter().max_by_key(|samples| samples.len()) else {
        return Vec::new();
    };
    longest.keys().map(|at| reading(*at, &instances)).collect()
}

/// The sum of the samples that are nearest to `at`. An instance that is not scraped any more keeps its
/// last value, and one that is not scraped yet has its first.
fn reading(at: u64, instances: &[Samples]) -> Reading {
    let near = |samples: &Samples| {
        let nearest = samples.iter().min_by_key(|(time, _)| time.abs_diff(at));
        nearest.map(|(time, value)| (*time, *value))
    };
    let (mut from, mut to, mut sum) = (at, at, 0.0);
    for (time, value) in instances.iter().filter_map(near) {
        sum += value;
        if time.abs_diff(at) <= APART {
            (from, to) = (from.min(time), to.max(time));
        }
    }
    Reading {
        from: (from * 1_000_000).saturating_sub(EARLY),
        to: to * 1_000_000 + EARLY + SCRAPE,
        value: sum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(instance: &str, samples: &[(f64, f64)]) -> Range {
        Range {
            labels: BTreeMap::from([("instance".to_owned(), instance.to_owned())]),
            samples: samples.to_vec(),
        }
    }

    fn values(series: &[Range]) -> Vec<f64> {
        let readings = added_up(series).into_iter();
        readings.map(|reading| reading.value).collect()
    }

    #[test]
    fn instances_add_up_although_they_are_scraped_at_different_times() {
        let series = [
            range("a", &[(10.0, 1.0), (15.0, 5.0)]),
            range("b", &[(12.0, 2.0), (17.0, 3.0)]),
        ];
        assert_eq!(values(&series), [3.0, 8.0]);
        let first = added_up(&series)[0];
        assert!(first.from < 10_000_000_000 && first.to > 12_000_000_000);
    }

    #[test]
    fn the_series_of_one_instance_are_one() {
        let series = [range("a", &[(10.0, 1.0)]), range("a", &[(10.0, 4.0)])];
        assert_eq!(values(&series), [5.0]);
    }

    #[test]
    fn an_instance_that_is_gone_keeps_its_last_value() {
        let series = [
            range("a", &[(10.0, 1.0), (60.0, 2.0), (65.0, 4.0)]),
            range("gone", &[(11.0, 7.0)]),
        ];
        assert_eq!(values(&series), [8.0, 9.0, 11.0]);
        assert!(added_up(&series)[2].from > 64_000_000_000);
    }
}
