//! Whose increments they were: see [the module above](super).

use super::counters::Reading;

/// How far the end of a span may be from the increment it stands for, in nanoseconds.
const APART: u64 = 10_000_000;

/// What a counter says of our own run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributed {
    /// Increments that are ours; with those in doubt.
    pub(super) ours: i64,
    /// Increments that others made meanwhile.
    pub(super) others: u64,
    /// Increments that may be ours or not.
    pub(super) in_doubt: u64,
}

/// Chooses a pair of readings and subtracts what others did in between: spans that ended at
/// `others`, in nanoseconds since 1970. None without a reading on each side, or when the counter
/// went back.
pub(super) fn attribute(
    before: &[Reading],
    after: &[Reading],
    others: &[u64],
) -> Option<Attributed> {
    let doubts = |reading: &Reading| {
        let near = reading.from.saturating_sub(APART)..=reading.to + APART;
        others.iter().filter(|end| near.contains(end)).count()
    };
    // Ties go to the readings next to the run: the less time in between, the less to attribute.
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
    fn what_others_did_in_between_is_theirs() {
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
    fn what_cannot_be_told_apart_is_in_doubt() {
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
    fn a_counter_that_went_back_says_nothing() {
        let attributed = attribute(&[reading(100, 7.0)], &[reading(900, 2.0)], &[]);
        assert_eq!(attributed, None);
    }
}
