//! What a drill is about: a fault or none, and when it begins.

use std::time::Duration;

use faults::Fault;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// The earliest and the latest beginning, in seconds after the start: a fault that began at once would
/// give away since when it is there.
const BEGINS: std::ops::RangeInclusive<u64> = 20..=90;

/// The share of drills without a fault. Somebody who is paged must also be able to say that nothing is
/// wrong.
const WITHOUT: f64 = 0.15;

/// What was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Draw {
    /// None if nothing is wrong.
    pub(crate) fault: Option<Fault>,
    /// From the start of the drill to the beginning of the fault.
    pub(crate) delay: Duration,
}

impl Draw {
    /// One of `faults`, or none; the same for the same seed.
    pub(crate) fn new(seed: u64, faults: &[Fault]) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let delay = Duration::from_secs(rng.random_range(BEGINS));
        let is_without = faults.is_empty() || rng.random_bool(WITHOUT);
        let fault = (!is_without).then(|| faults[rng.random_range(0..faults.len())]);
        Self { fault, delay }
    }
}

/// No fault begins later than this after the start, so that an answer before it would be a guess.
pub(crate) fn latest() -> Duration {
    Duration::from_secs(*BEGINS.end())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_and_no_fault_are_drawn_and_a_seed_decides() {
        let draws: Vec<Draw> = (0..1000).map(|seed| Draw::new(seed, &Fault::ALL)).collect();
        let drawn: BTreeSet<_> = draws.iter().map(|draw| draw.fault).collect();
        assert_eq!(drawn.len(), Fault::ALL.len() + 1);
        let without = draws.iter().filter(|draw| draw.fault.is_none()).count();
        assert!((100..200).contains(&without), "{without} of 1000");
        for (seed, draw) in (0..1000).zip(&draws) {
            assert!(BEGINS.contains(&draw.delay.as_secs()) && draw.delay <= latest());
            assert_eq!(Draw::new(seed, &Fault::ALL), *draw);
        }
        assert_eq!(Draw::new(7, &[]).fault, None);
    }
}
