//! A summary of attributes that says which are missing: a Bloom filter.
//!
//! A search skips the traces whose signature lacks what it asks for. A signature may claim an
//! attribute that no span has, and never lacks one that a span has.

use opentelemetry_proto::tonic::common::v1::KeyValue;

use crate::Value;

const WORDS: usize = 4;

/// 256 bits, two for each key and two for each key with its value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Signature([u64; WORDS]);

/// Whose attribute it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Span,
    Resource,
    /// The span's name, whose key is empty.
    Name,
}

impl Signature {
    /// The signature of attributes, with all keys and all values that TraceQL can compare.
    pub(crate) fn of(owner: Owner, attributes: &[KeyValue]) -> Self {
        let mut signature = Self::default();
        for attribute in attributes {
            let key = key_hash(owner, &attribute.key);
            signature.add(key);
            if let Some(value) = attribute.value.as_ref().and_then(Value::from_otlp) {
                signature.add(pair_hash(key, value));
            }
        }
        signature
    }

    /// The signature of any attribute with this key.
    pub(crate) fn of_key(owner: Owner, key: &str) -> Self {
        let mut signature = Self::default();
        signature.add(key_hash(owner, key));
        signature
    }

    /// The signature of an attribute with this value, or with another number that equals it.
    pub(crate) fn of_value(owner: Owner, key: &str, value: Value<'_>) -> Self {
        let mut signature = Self::default();
        signature.add(pair_hash(key_hash(owner, key), value));
        signature
    }

    /// Whether all of `other` may be in it.
    pub(crate) fn may_have(&self, other: &Self) -> bool {
        let mut words = self.0.iter().zip(other.0);
        words.all(|(own, other)| own & other == other)
    }

    /// Adds all of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own |= other;
        }
    }

    fn add(&mut self, hash: u64) {
        let [first, second, ..] = hash.to_le_bytes();
        for bit in [first, second] {
            self.0[usize::from(bit) % WORDS] |= 1 << (bit / WORDS as u8);
        }
    }
}

/// A hash of a key and of what has it.
pub(crate) fn key_hash(owner: Owner, key: &str) -> u64 {
    hash(owner as u64, key.as_bytes())
}

/// Numbers that are equal have the same hash, whatever their types.
fn pair_hash(key: u64, value: Value<'_>) -> u64 {
    match value {
        Value::Text(text) => hash(key, text.as_bytes()),
        Value::Int(number) => number_hash(key, number as f64),
        Value::Float(number) => number_hash(key, number),
        Value::Bool(truth) => mix(key ^ 1, u64::from(truth)),
    }
}

fn number_hash(key: u64, number: f64) -> u64 {
    // -0.0 + 0.0 is 0.0.
    mix(key ^ 2, (number + 0.0).to_bits())
}

/// A fast hash: an attacker who makes values collide only makes searches slower.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let hash = words.fold(mix(seed, bytes.len() as u64), mix);
    mix(hash, u64::from_le_bytes(last))
}

fn mix(hash: u64, word: u64) -> u64 {
    // An odd number whose bits look random: 2^64 divided by the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = (hash ^ word).wrapping_mul(FACTOR);
    product ^ product.rotate_right(32)
}
