//! The dice that exist, read from one JSON file: `{ "<identifier>": <specification>, ... }`.

use std::collections::BTreeMap;
use std::fmt::{self, Formatter};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::{Die, Specification, UNKNOWN};

/// The dice by identifier, sorted.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue(BTreeMap<String, Specification>);

/// Why a catalogue was rejected: the mistake, with its line and column in the file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CatalogueError(#[from] serde_json::Error);

impl Catalogue {
    /// The dice of `dice.json`, compiled into the binary.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(include_str!("../dice.json")).expect("dice.json is checked by a test")
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`CatalogueError`] describes the first mistake and its position.
    pub fn parse(json: &str) -> Result<Self, CatalogueError> {
        Ok(serde_json::from_str(json)?)
    }

    /// The die with this name.
    #[must_use]
    pub fn get(&self, identifier: &str) -> Option<Die> {
        let (identifier, specification) = self.0.get_key_value(identifier)?;
        Some(Die {
            identifier: identifier.clone(),
            specification: specification.clone(),
        })
    }

    /// The identifiers, sorted.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The number of dice.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Checks names as they are read, so that a mistake is reported with its position. A duplicate name
/// is a mistake: with `serde` alone, the last definition would win.
impl<'de> Deserialize<'de> for Catalogue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Catalogue;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("an object of dice by identifier")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Catalogue, A::Error> {
                let mut dice = BTreeMap::new();
                while let Some(identifier) = map.next_key::<String>()? {
                    check_identifier(&identifier).map_err(A::Error::custom)?;
                    if dice.contains_key(&identifier) {
                        return Err(A::Error::custom(format!("{identifier}: defined twice")));
                    }
                    dice.insert(identifier, map.next_value()?);
                }
                if dice.is_empty() {
                    return Err(A::Error::custom(
                        "no dice: the file must define at least one",
                    ));
                }
                Ok(Catalogue(dice))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

fn check_identifier(identifier: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=32).contains(&identifier.len()) || !identifier.chars().all(plain) {
        let allowed = "1 to 32 lower-case letters, digits or hyphens";
        return Err(format!("{identifier:?}: an identifier has {allowed}"));
    }
    if identifier == UNKNOWN {
        return Err(format!(
            "{UNKNOWN:?}: this name is reserved for dice that do not exist"
        ));
    }
    Ok(())
}
