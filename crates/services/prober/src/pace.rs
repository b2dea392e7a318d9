//! How often each die is rolled, and in which batches. docs/prober.md derives the numbers.

use std::time::Duration;

use dice::{BatchSize, Specification};

/// Successful rolls of each die per minute that are aimed at: the [window] is renewed in 10 minutes.
///
/// [window]: crate::fairness::WINDOW
pub const ROLLS_PER_MINUTE: u32 = 120;

/// The pace of one die.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The rolls that one probe requests.
    pub batch: BatchSize,
    /// The time from the start of one probe to the start of the next.
    pub interval: Duration,
    /// Successful rolls per minute to expect.
    pub rolls_per_minute: f64,
}

impl Pace {
    /// The pace that comes closest to `target` successful rolls per minute with batches of up to
    /// `most` rolls and without starting probes more often than every `min_interval`.
    ///
    /// A batch in which one roll fails returns none of its rolls. So it has the largest size with
    /// which at least half of the batches succeed.
    #[must_use]
    pub fn new(die: &Specification, most: BatchSize, target: u32, min_interval: Duration) -> Self {
        let success = |size: BatchSize| (1.0 - die.error_rate).powi(i32::from(size.get()));
        let mut sizes = BatchSize::all();
        let single = sizes.next().expect("a batch has at least one roll");
        let batch = sizes.take_while(|size| *size <= most && success(*size) >= 0.5);
        let batch = batch.last().unwrap_or(single);
        let rolls = f64::from(batch.get()) * success(batch);
        let interval = Duration::from_secs_f64(rolls * 60.0 / f64::from(target));
        let interval = interval.max(min_interval);
        Self {
            batch,
            interval,
            rolls_per_minute: rolls * 60.0 / interval.as_secs_f64(),
        }
    }
}
