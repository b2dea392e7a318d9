//! The domain: dice and how they roll. No I/O, no clock, no telemetry.
//!
//! A [`Die`] is a name and a [`Specification`]; [`Catalogue::embedded`] holds the ones in
//! `dice.json`, the single place where dice are defined.

mod batch;
mod catalogue;
mod name;
pub mod schema;

pub use batch::{BatchSize, InvalidBatchSize};
pub use catalogue::{Catalogue, CatalogueError};
pub use name::{MAX_NAME, NameTooLong, check_name};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The label value for dice that do not exist; no die can have this name.
pub const UNKNOWN: &str = "unknown";

/// The detail that die-service answers while its database is unavailable, so that callers can
/// distinguish this from an unavailable die-service.
pub const DATABASE_UNAVAILABLE: &str =
    "the database with the dice does not answer; try again later";

/// The part of a 500's detail that identifies a roll which failed because of its die's error rate, so
/// that callers can distinguish it from a failure of a service.
pub const OWN_FAILURE: &str = "failed because of this die's error rate";

/// The faces and the error rate of a die. Deserialising checks them, so every specification can be
/// rolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "The faces and the error rate of a die.")]
#[serde(try_from = "Unchecked")]
pub struct Specification {
    /// The faces, each equally likely, 1 to [`Specification::MAX_FACES`] of them.
    /// A value on two faces is twice as likely.
    #[schema(schema_with = schema::faces)]
    pub faces: Vec<u8>,
    /// The share of rolls that fail, 0.0 to 1.0.
    #[schema(minimum = 0, maximum = 1)]
    pub error_rate: f64,
}

impl Specification {
    /// More faces than any die on sale has.
    pub const MAX_FACES: usize = 100;
    /// The largest value of a face; the last finite bucket of `dice_roll_value` includes it.
    pub const MAX_VALUE: u8 = 8;

    /// Creates a specification after checking its values.
    ///
    /// # Errors
    /// A text with the wrong value and the allowed range.
    pub fn new(faces: Vec<u8>, error_rate: f64) -> Result<Self, String> {
        const MAX_FACES: usize = Specification::MAX_FACES;
        const MAX_VALUE: u8 = Specification::MAX_VALUE;
        if !(1..=MAX_FACES).contains(&faces.len()) {
            let count = faces.len();
            return Err(format!(
                "faces: {count} entries are not allowed, expected 1 to {MAX_FACES}"
            ));
        }
        if let Some((at, value)) = faces
            .iter()
            .enumerate()
            .find(|(_, value)| **value > MAX_VALUE)
        {
            return Err(format!(
                "faces[{at}]: {value} is not allowed, expected 0 to {MAX_VALUE}"
            ));
        }
        if !(0.0..=1.0).contains(&error_rate) {
            return Err(format!(
                "error_rate: {error_rate} is not allowed, expected 0.0 to 1.0"
            ));
        }
        Ok(Self { faces, error_rate })
    }

    /// Rolls once.
    ///
    /// # Errors
    /// [`RollFailed`] for a share of `error_rate` of the calls: the dice model an unreliable
    /// dependency.
    pub fn roll(&self, rng: &mut impl Rng) -> Result<u8, RollFailed> {
        if rng.random_bool(self.error_rate) {
            return Err(RollFailed);
        }
        Ok(self.faces[rng.random_range(0..self.faces.len())])
    }
}

/// A deserialised specification whose values have not been checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    faces: Vec<u8>,
    error_rate: f64,
}

impl TryFrom<Unchecked> for Specification {
    type Error = String;

    fn try_from(Unchecked { faces, error_rate }: Unchecked) -> Result<Self, String> {
        Self::new(faces, error_rate)
    }
}

/// A simulated failure of a roll, caused by the die's error rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the roll failed")]
pub struct RollFailed;

/// A die: its name and specification, as in die-service's answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "A die: its name and specification.")]
pub struct Die {
    /// The name in requests, labels and log fields.
    pub identifier: String,
    /// Faces and error rate.
    pub specification: Specification,
}
