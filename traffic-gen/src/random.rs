//! Randomness that can be repeated: the same seed, the same requests.

use std::collections::BTreeMap;
use std::str::FromStr;

use dice::BatchSize;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The seed of a run, given or drawn.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Seed {
    /// Sends the same requests as any run with the same number [default: drawn and reported]
    #[arg(long, env = "SEED", value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

impl Seed {
    /// The number, drawn if none was given.
    pub(crate) fn number(self) -> u64 {
        // Short enough to be typed.
        self.seed
            .unwrap_or_else(|| rand::random_range(1..=999_999_999))
    }
}

/// A generator of its own for each user, so that what one draws does not depend on who is faster.
pub(crate) fn stream(seed: u64, user: u64) -> StdRng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&user.to_le_bytes());
    StdRng::from_seed(key)
}

/// A name for a run that no other has.
pub(crate) fn run_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Which dice are asked for, and how often.
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

/// Why a mix of dice was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a mix of dice: write NAME=WEIGHT,... with names once, weights from 0 to 1000 \
     and not all 0, as in fair=90,risky=10"
)]
pub(crate) struct NotADiceMix(String);

impl FromStr for DiceMix {
    type Err = NotADiceMix;

    fn from_str(text: &str) -> Result<Self, NotADiceMix> {
        let mut dice = BTreeMap::new();
        for entry in text.split(',') {
            let (die, weight) = entry.trim().split_once('=').unwrap_or((entry.trim(), ""));
            let weight: Option<u32> = weight.parse().ok().filter(|weight| *weight <= 1000);
            match weight {
                Some(weight) if !die.is_empty() && !dice.contains_key(die) => {
                    dice.insert(die.to_owned(), weight);
                }
                _ => return Err(NotADiceMix(text.to_owned())),
            }
        }
        if dice.values().all(|weight| *weight == 0) {
            return Err(NotADiceMix(text.to_owned()));
        }
        Ok(Self(dice.into_iter().collect()))
    }
}

/// A size from 1 to `largest`, each equally likely.
pub(crate) fn batch_size(largest: BatchSize, rng: &mut StdRng) -> BatchSize {
    let index = rng.random_range(0..usize::from(largest.get()));
    let mut sizes = BatchSize::all();
    sizes.nth(index).expect("the largest size is one of them")
}

/// A probability as a flag.
///
/// # Errors
/// Says what is allowed.
pub(crate) fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("not a number from 0.0 to 1.0".to_owned()),
    }
}

/// Requests a second as a flag.
///
/// # Errors
/// Says what is allowed.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=1_000_000.0).contains(&rate) => Ok(rate),
        _ => Err("not a number of requests a second from 0.01 to 1000000".to_owned()),
    }
}
