//! Whether a die is fair: a chi-square test over a sliding window of its rolls.
//!
//! The test compares how often each value came up with how often it should come up according to the
//! die's own specification. Its p-value is the probability that a die that keeps to its specification
//! differs from it at least as much. docs/prober.md derives the constants below.

use std::collections::{BTreeMap, VecDeque};

use dice::Specification;
use statrs::function::gamma::checked_gamma_ur;

/// Rolls in the window. They take 10 minutes at
/// [`ROLLS_PER_MINUTE`](crate::pace::ROLLS_PER_MINUTE), and 999 of 1000 dice with one face of six
/// twice as likely are found within as many rolls.
pub const WINDOW: usize = 1_200;

/// A p-value below this is an alarm. The test is repeated at each roll, 63 million times a year, so
/// that a usual threshold such as 0.01 would raise many false alarms an hour; this one raises one in
/// some 700 years.
pub const ALARM: f64 = 1e-9;

/// Each value must be expected this often before the p-value counts: with fewer rolls, the chi-square
/// distribution is a bad approximation so far out in its tail.
const EXPECTED: f64 = 30.0;

/// The last [`WINDOW`] rolls of one die.
#[derive(Debug, Clone)]
pub struct Fairness {
    values: Vec<Value>,
    /// Positions in `values`, the oldest roll first.
    rolls: VecDeque<u8>,
}

/// A value that the die can show.
#[derive(Debug, Clone)]
struct Value {
    value: u8,
    /// Its share according to the specification.
    share: f64,
    /// How often it is in the window.
    count: u32,
}

/// A value that is on none of the die's faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAFace;

impl Fairness {
    /// An empty window for a die of that specification.
    #[must_use]
    pub fn new(specification: &Specification) -> Self {
        let mut faces = BTreeMap::<u8, u32>::new();
        for face in &specification.faces {
            *faces.entry(*face).or_default() += 1;
        }
        let all = specification.faces.len() as f64;
        let value = |(value, faces)| Value {
            value,
            share: f64::from(faces) / all,
            count: 0,
        };
        Self {
            values: faces.into_iter().map(value).collect(),
            rolls: VecDeque::with_capacity(WINDOW),
        }
    }

    /// Adds a roll, and removes the oldest one from a full window.
    ///
    /// # Errors
    /// [`NotAFace`] if the die cannot show that value; the window is as before.
    pub fn record(&mut self, roll: u8) -> Result<(), NotAFace> {
        let position = self.values.iter().position(|value| value.value == roll);
        let position = position.ok_or(NotAFace)?;
        if self.rolls.len() == WINDOW
            && let Some(oldest) = self.rolls.pop_front()
        {
            self.values[usize::from(oldest)].count -= 1;
        }
        self.values[position].count += 1;
        self.rolls
            .push_back(u8::try_from(position).expect("values are few"));
        Ok(())
    }

    /// The number of rolls in the window.
    #[must_use]
    pub fn rolls(&self) -> usize {
        self.rolls.len()
    }

    /// Pearson's statistic: the sum of (observed - expected)² / expected over the values.
    #[must_use]
    pub fn statistic(&self) -> f64 {
        let rolls = self.rolls.len() as f64;
        let terms = self.values.iter().map(|value| {
            let expected = rolls * value.share;
            (f64::from(value.count) - expected).powi(2) / expected
        });
        if rolls == 0.0 { 0.0 } else { terms.sum() }
    }

    /// The p-value, 0 to 1; 1 while the window has too few rolls, and for a die with one value.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        match self.is_conclusive() {
            true => survival(self.statistic(), self.degrees_of_freedom()),
            false => 1.0,
        }
    }

    /// Whether the window has enough rolls for the test.
    #[must_use]
    pub fn is_conclusive(&self) -> bool {
        let rarest = self.values.iter().map(|value| value.share);
        let rarest = rarest.fold(1.0, f64::min);
        self.values.len() > 1 && self.rolls.len() as f64 * rarest >= EXPECTED
    }

    /// One less than the number of values.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> usize {
        self.values.len() - 1
    }
}

/// The probability that a chi-square variable exceeds `statistic`.
///
/// # Panics
/// Without degrees of freedom.
#[must_use]
pub fn survival(statistic: f64, degrees_of_freedom: usize) -> f64 {
    if statistic <= 0.0 {
        return 1.0;
    }
    let shape = degrees_of_freedom as f64 / 2.0;
    checked_gamma_ur(shape, statistic / 2.0).expect("both arguments are positive and finite")
}
