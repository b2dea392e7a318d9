//! The domain: dice and what rolling them means. No I/O, no clock, no telemetry.
//!
//! A [`Die`] is a name and a [`Specification`]; [`Catalogue::embedded`] holds the ones in
//! `dice.json`, the single place where dice are defined.

mod batch;
mod catalogue;

pub use batch::{BatchSize, NotABatchSize};
pub use catalogue::{Catalogue, CatalogueError};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// The label value and log field for a die that is not in the catalogue.
pub const UNKNOWN: &str = "unknown";

/// What a die is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// The faces, each equally likely, 1 to [`Specification::MAX_FACES`] of them.
    /// A value that stands on two faces is twice as likely.
    pub faces: Vec<u8>,
    /// The share of rolls that fail, 0.0 to 1.0.
    pub error_rate: f64,
}

impl Specification {
    /// As many faces as any die sold has, with room to spare.
    pub const MAX_FACES: usize = 100;
    /// The largest value of a face; the last finite bucket of `dice_roll_value` holds it.
    pub const MAX_VALUE: u8 = 8;

    /// Rolls once.
    ///
    /// # Errors
    /// [`RollFailed`] in `error_rate` of the calls: these dice model an unreliable dependency.
    pub fn roll(&self, rng: &mut impl Rng) -> Result<u8, RollFailed> {
        if rng.random_bool(self.error_rate) {
            return Err(RollFailed);
        }
        Ok(self.faces[rng.random_range(0..self.faces.len())])
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=Self::MAX_FACES).contains(&self.faces.len()) {
            return Err(format!(
                "faces: has {} entries, allowed are 1 to {}",
                self.faces.len(),
                Self::MAX_FACES
            ));
        }
        if let Some(at) = self.faces.iter().position(|value| *value > Self::MAX_VALUE) {
            return Err(format!(
                "faces[{at}]: is {}, allowed are 0 to {}",
                self.faces[at],
                Self::MAX_VALUE
            ));
        }
        if !(0.0..=1.0).contains(&self.error_rate) {
            return Err(format!(
                "error_rate: is {}, allowed are 0.0 to 1.0",
                self.error_rate
            ));
        }
        Ok(())
    }
}

/// The die fell off the table, in the words of its error rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the roll failed")]
pub struct RollFailed;

/// A die: its name and what it is made of, as die-service answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Die {
    /// The name in requests, labels and log fields.
    pub identifier: String,
    /// Faces and error rate.
    pub specification: Specification,
}
