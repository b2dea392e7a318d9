//! The domain: dice and what rolling them means. No I/O, no clock, no telemetry.
//!
//! A [`Die`] is a name and a [`Specification`]; [`Catalogue::embedded`] holds the ones in
//! `dice.json`, the single place where dice are defined.

mod batch;
mod catalogue;
mod name;
pub mod schema;

pub use batch::{BatchSize, NotABatchSize};
pub use catalogue::{Catalogue, CatalogueError};
pub use name::{MAX_NAME, NameTooLong, check_name};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What metrics call a die that does not exist; no die can have that name.
pub const UNKNOWN: &str = "unknown";

/// What die-service says while its database is away, so that its callers can tell that from
/// die-service itself being away.
pub const DATABASE_UNAVAILABLE: &str =
    "the database with the dice does not answer; try again later";

/// What a die is made of. Deserialising checks it, so that every specification can be rolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "What a die is made of.")]
#[serde(try_from = "Unchecked")]
pub struct Specification {
    /// The faces, each equally likely, 1 to [`Specification::MAX_FACES`] of them.
    /// A value that stands on two faces is twice as likely.
    #[schema(schema_with = schema::faces)]
    pub faces: Vec<u8>,
    /// The share of rolls that fail, 0.0 to 1.0.
    #[schema(minimum = 0, maximum = 1)]
    pub error_rate: f64,
}

impl Specification {
    /// As many faces as any die sold has, with room to spare.
    pub const MAX_FACES: usize = 100;
    /// The largest value of a face; the last finite bucket of `dice_roll_value` holds it.
    pub const MAX_VALUE: u8 = 8;

    /// Checks what is written down somewhere.
    ///
    /// # Errors
    /// Says which value is wrong and what is allowed.
    pub fn new(faces: Vec<u8>, error_rate: f64) -> Result<Self, String> {
        const MAX_FACES: usize = Specification::MAX_FACES;
        const MAX_VALUE: u8 = Specification::MAX_VALUE;
        if !(1..=MAX_FACES).contains(&faces.len()) {
            let count = faces.len();
            return Err(format!(
                "faces: has {count} entries, allowed are 1 to {MAX_FACES}"
            ));
        }
        if let Some((at, value)) = faces
            .iter()
            .enumerate()
            .find(|(_, value)| **value > MAX_VALUE)
        {
            return Err(format!(
                "faces[{at}]: is {value}, allowed are 0 to {MAX_VALUE}"
            ));
        }
        if !(0.0..=1.0).contains(&error_rate) {
            return Err(format!(
                "error_rate: is {error_rate}, allowed are 0.0 to 1.0"
            ));
        }
        Ok(Self { faces, error_rate })
    }

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
}

/// A specification as written down, before its values were looked at.
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

/// The die fell off the table, in the words of its error rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the roll failed")]
pub struct RollFailed;

/// A die: its name and what it is made of, as die-service answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "A die: its name and what it is made of.")]
pub struct Die {
    /// The name in requests, labels and log fields.
    pub identifier: String,
    /// Faces and error rate.
    pub specification: Specification,
}
