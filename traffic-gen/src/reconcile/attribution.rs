//! Separates the run's own increments from those of other traffic: see [the module above](super).

use super::counters::Reading;

/// How far the end of a span may be from its increment, in nanoseconds.
const APART: u64 = 10_000_000;

/// A counter's increments during the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributed {
    /// Increments of our run, including those in doubt.
    pub(super) ours: i64,
    /// Increments of other traffic.
    pub(super) others: u64,
    /// Increments that may belong to either.
    pub(super) in_doubt: u64,
}

/// Chooses a pair of readings and subtracts the increments of other traffic: spans that ended at
/// `others`, in nanoseconds since 1970. None without a reading on each side of the run, or if the
/// counter was reset.
pub(super) fn attribute(
    before: &[Reading],
    after: &[Reading],
    others: &[u64],
) -> Option<Attributed> {
    let doubts = |reading: &Reading| {
        let near = reading.from.saturating_sub(APART)..=reading.to + APART;
        others.iter().filter(|end| near.contains(end)).count()
    };
    // Among equals, prefer the readings closest to the run: less time in between means less to
    // attribute.
    let first = before.iter().rev().min_by_key(|reading| doubts(reading))?;
    let last = after.iter().min_by_key(|reading| doubts(reading))?;
    let delta = last.value - first.value;
    if delta < 0.0 {
        return None;
    }
    let between = first.to + APART..last.from.saturating_sub(APART);
    let others = others.iter().filter(|end| between.contains(end)).count();
    Some(Attributed {
        ours: delta.round() as i64 - i64::try_from(others).unwrap_or(i64::MAX),
        others: others as u64,
        in_doubt: (doubts(first) + doubts(last)) as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: u64 = 1_000_000;

    fn reading(at: u64, value: f64) -> Reading {
        Reading {
            from: at * MILLI,
            to: (at + 1) * MILLI,
            value,
        }
    }

    fn ends(millis: &[u64]) -> Vec<u64> {
        millis.iter().map(|at| at * MILLI).collect()
    }

    #[test]
    fn increments_of_other_traffic_are_subtracted() {
        let (before, after) = ([reading(100, 7.0)], [reading(900, 20.0)]);
        let others = ends(&[50, 400, 500, 950]);
        let attributed = attribute(&before, &after, &others);
        let expected = Attributed {
            ours: 11,
            others: 2,
            in_doubt: 0,
        };
        assert_eq!(attributed, Some(expected));
    }

    #[test]
    fn readings_that_coincide_with_others_are_not_used() {
        let before = [reading(100, 7.0), reading(200, 8.0)];
        let after = [reading(900, 20.0), reading(1000, 21.0)];
        let attributed = attribute(&before, &after, &ends(&[195, 905]));
        let expected = Attributed {
            ours: 12,
            others: 2,
            in_doubt: 0,
        };
        assert_eq!(attributed, Some(expected));
    }

    #[test]
    fn increments_that_cannot_be_attributed_are_in_doubt() {
        let (before, after) = ([reading(100, 7.0)], [reading(900, 20.0)]);
        let attributed = attribute(&before, &after, &ends(&[105, 400]));
        let expected = Attributed {
            ours: 12,
            others: 1,
            in_doubt: 1,
        };
        assert_eq!(attributed, Some(expected));
    }

    #[test]
    fn a_counter_that_was_reset_is_not_used() {
        let attributed = attribute(&[reading(100, 7.0)], &[reading(900, 2.0)], &[]);
        assert_eq!(attributed, None);
    }
}
