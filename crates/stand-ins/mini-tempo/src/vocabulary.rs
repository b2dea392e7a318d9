//! The values of attributes that have few: a search for other values than one, such as
//! `status_code >= 500`, then knows which to look for.

use std::collections::HashMap;
use std::slice::from_ref;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

use crate::Value;
use crate::signature::{Owner, key_hash};

/// The most values of a key that are kept, and the most bytes of a text.
const MAX_VALUES: usize = 16;
const MAX_BYTES: usize = 64;

/// The most keys: they come from clients, so their number is bounded.
const MAX_KEYS: usize = 400;

/// All values that have arrived since the store was created, of the keys that have few, by the hash
/// of owner and key. Keys with the same hash share their values, so a search looks for too many.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary(HashMap<u64, Values>);

/// None if there are many.
type Values = Option<Vec<AnyValue>>;

impl Vocabulary {
    /// Whether all values of these attributes are known already, or not kept.
    pub(crate) fn knows(&self, owner: Owner, attributes: &[KeyValue]) -> bool {
        let mut attributes = attributes.iter();
        attributes.all(
            |attribute| match self.0.get(&key_hash(owner, &attribute.key)) {
                None => self.0.len() >= MAX_KEYS,
                Some(None) => true,
                Some(Some(known)) => {
                    let value = attribute.value.as_ref().and_then(Value::from_otlp);
                    let mut known = known.iter().map(Value::from_otlp);
                    value.is_none() || known.any(|known| known == value)
                }
            },
        )
    }

    /// Adds the values of these attributes.
    pub(crate) fn learn(&mut self, owner: Owner, attributes: &[KeyValue]) {
        for attribute in attributes {
            if !self.knows(owner, from_ref(attribute)) {
                self.add(key_hash(owner, &attribute.key), attribute.value.as_ref());
            }
        }
    }

    fn add(&mut self, key: u64, any: Option<&AnyValue>) {
        let values = self.0.entry(key).or_insert(Some(Vec::new()));
        let Some((any, value)) = any.and_then(|any| Some((any, Value::from_otlp(any)?))) else {
            return;
        };
        let is_long = matches!(value, Value::Text(text) if text.len() > MAX_BYTES);
        match values {
            Some(known) if known.len() < MAX_VALUES && !is_long => known.push(any.clone()),
            _ => *values = None,
        }
    }

    /// All values of a key; none if there are many, or if the key is not known.
    pub(crate) fn values(
        &self,
        owner: Owner,
        key: &str,
    ) -> Option<impl Iterator<Item = Value<'_>>> {
        let values = self.0.get(&key_hash(owner, key))?.as_ref()?;
        Some(values.iter().filter_map(Value::from_otlp))
    }
}
