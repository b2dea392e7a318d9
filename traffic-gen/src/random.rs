//! Reproducible randomness: the same seed draws the same requests.

use std::collections::BTreeMap;
use std::str::FromStr;

use dice::BatchSize;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The seed of a run, given or drawn.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Seed {
    /// Sends the same requests as another run with this number [default: drawn and reported]
    #[arg(long, env = "SEED", value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

impl Seed {
    /// The number, drawn if none was given.
    pub(crate) fn number(self) -> u64 {
        // 32 bits are short enough to type.
        self.seed
            .unwrap_or_else(|| rand::random_range(1..=999_999_999))
    }
}

/// A generator for each user, so that what one user draws does not depend on the speed of others.
pub(crate) fn stream(seed: u64, user: u64) -> StdRng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&user.to_le_bytes());
    StdRng::from_seed(key)
}

/// A unique name for a run.
pub(crate) fn run_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Dice and their relative frequencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiceMix(Vec<(String, u32)>);

impl DiceMix {
    /// Draws a die.
    pub(crate) fn draw(&self, rng: &mut StdRng) -> String {
        let total: u32 = self.0.iter().map(|(_, weight)| weight).sum();
        let mut ticket = rng.random_range(0..total);
        for (die, weight) in &self.0 {
            if ticket < *weight {
                return die.clone();
            }
            ticket -= weight;
        }
        unreachable!("tickets are below the sum of the weights")
    }
}

/// An invalid mix of dice.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a mix of dice: expected NAME=WEIGHT,... with unique names, weights from 0 to 1000 \
     and not all 0, as in fair=90,risky=10"
)]
pub(crate) struct InvalidDiceMix(String);

impl FromStr for DiceMix {
    type Err = InvalidDiceMix;

    fn from_str(text: &str) -> Result<Self, InvalidDiceMix> {
        let mut dice = BTreeMap::new();
        for entry in text.split(',') {
            let (die, weight) = entry.trim().split_once('=').unwrap_or((entry.trim(), ""));
            let weight: Option<u32> = weight.parse().ok().filter(|weight| *weight <= 1000);
            match weight {
                Some(weight) if !die.is_empty() && !dice.contains_key(die) => {
                    dice.insert(die.to_owned(), weight);
                }
                _ => return Err(InvalidDiceMix(text.to_owned())),
            }
        }
        if dice.values().all(|weight| *weight == 0) {
            return Err(InvalidDiceMix(text.to_owned()));
        }
        Ok(Self(dice.into_iter().collect()))
    }
}

/// Draws a size from 1 to `largest`, all equally likely.
pub(crate) fn batch_size(largest: BatchSize, rng: &mut StdRng) -> BatchSize {
    let index = rng.random_range(0..usize::from(largest.get()));
    let mut sizes = BatchSize::all();
    sizes.nth(index).expect("the largest size is one of them")
}

/// Parses a probability.
///
/// # Errors
/// A text that says what is allowed.
pub(crate) fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("expected a number from 0.0 to 1.0".to_owned()),
    }
}

/// Parses a rate in requests a second.
///
/// # Errors
/// A text that says what is allowed.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=1_000_000.0).contains(&rate) => Ok(rate),
        _ => Err("expected a number of requests a second from 0.01 to 1000000".to_owned()),
    }
}
