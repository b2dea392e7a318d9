//! The dice that exist, read from one JSON file: `{ "<identifier>": <specification>, ... }`.

use std::collections::BTreeMap;

use crate::{Die, Specification, UNKNOWN};

/// The dice by identifier, sorted.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue(BTreeMap<String, Specification>);

/// Why a catalogue was rejected, and where in the file.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not JSON, or not of the expected shape; the message ends in line and column.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// A field has a value that no die can have.
    #[error("{identifier}.{mistake}")]
    Invalid {
        /// The die with the mistake.
        identifier: String,
        /// The field, its value and what is allowed.
        mistake: String,
    },
    /// There is nothing to roll.
    #[error("no dice: the file must define at least one")]
    Empty,
}

impl Catalogue {
    /// The dice of `dice.json`, compiled into the binary.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(include_str!("../dice.json")).expect("dice.json is checked by a test")
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`CatalogueError`] names the line and column, or the die and field, of the first mistake.
    pub fn parse(json: &str) -> Result<Self, CatalogueError> {
        let Entries(dice) = serde_json::from_str(json)?;
        for (identifier, specification) in &dice {
            let invalid = |mistake| CatalogueError::Invalid {
                identifier: identifier.clone(),
                mistake,
            };
            check_identifier(identifier).map_err(invalid)?;
            specification.check().map_err(invalid)?;
        }
        if dice.is_empty() {
            return Err(CatalogueError::Empty);
        }
        Ok(Self(dice))
    }

    /// The die of that name.
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

    /// The identifiers as label values: the known ones and [`UNKNOWN`].
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.identifiers().chain([UNKNOWN])
    }

    /// `identifier` as a label value: itself when the die exists, else [`UNKNOWN`].
    /// No request can create a series through it.
    #[must_use]
    pub fn label<'a>(&'a self, identifier: &str) -> &'a str {
        self.0
            .get_key_value(identifier)
            .map_or(UNKNOWN, |(known, _)| known.as_str())
    }

    /// How many dice there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// The file's object, with a name given twice an error instead of the last one winning.
struct Entries(BTreeMap<String, Specification>);

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Entries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of dice by identifier")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Entries, A::Error> {
                let mut dice = BTreeMap::new();
                while let Some((identifier, specification)) =
                    map.next_entry::<String, Specification>()?
                {
                    if dice.insert(identifier.clone(), specification).is_some() {
                        return Err(serde::de::Error::custom(format!(
                            "{identifier}: defined twice"
                        )));
                    }
                }
                Ok(Entries(dice))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn check_identifier(identifier: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if identifier.is_empty() || identifier.len() > 32 || !identifier.chars().all(plain) {
        return Err("identifier: must be 1 to 32 lower-case letters, digits or hyphens".to_owned());
    }
    if identifier == UNKNOWN {
        return Err(format!(
            "identifier: {UNKNOWN:?} stands for dice that do not exist"
        ));
    }
    Ok(())
}
