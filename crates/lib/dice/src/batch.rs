//! The number of dice that one batch rolls.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A number of rolls, 1 to 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct BatchSize(u8);

impl BatchSize {
    /// The largest batch. A label and a bucket exist for each size up to it.
    pub const MAX: u8 = 20;

    /// All sizes, ascending.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=Self::MAX).map(Self)
    }

    /// The number of rolls.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

/// The error for a text that is not a valid number of rolls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", BatchSize::MAX)]
pub struct InvalidBatchSize;

impl FromStr for BatchSize {
    type Err = InvalidBatchSize;

    fn from_str(text: &str) -> Result<Self, InvalidBatchSize> {
        match text.parse::<u8>() {
            // Each size has one spelling: neither +5 nor 05 is valid.
            Ok(size) if (1..=Self::MAX).contains(&size) && text == size.to_string() => {
                Ok(Self(size))
            }
            _ => Err(InvalidBatchSize),
        }
    }
}

impl TryFrom<String> for BatchSize {
    type Error = InvalidBatchSize;

    fn try_from(text: String) -> Result<Self, InvalidBatchSize> {
        text.parse()
    }
}

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
