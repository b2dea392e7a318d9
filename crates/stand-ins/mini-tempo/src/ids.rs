//! Trace and span ids: OTLP's bytes, and the text that Tempo parses and prints.

use std::fmt;
use std::str::FromStr;

/// A trace id; one from a span is never all zeros. Displayed as 32 hex digits, as in W3C Trace
/// Context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(u128);

/// A span id, never zero. Displayed as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(u64);

/// Why a text is not a trace id; the wording is Tempo's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTraceId {
    /// A character other than 0-9, a-f or A-F.
    #[error(
        "trace IDs can only contain hex characters: invalid character '{character}' at position {position}"
    )]
    NotHex {
        /// The first invalid character.
        character: char,
        /// Its position, from 1.
        position: usize,
    },
    /// More than 32 hex digits.
    #[error("trace IDs can't be larger than 128 bits")]
    TooLong,
}

impl TraceId {
    /// Parses the id of an OTLP span: 16 bytes, not all zero.
    pub(crate) fn from_otlp(bytes: &[u8]) -> Option<Self> {
        let id = u128::from_be_bytes(bytes.try_into().ok()?);
        (id != 0).then_some(Self(id))
    }

    /// A number from 0 to 1, the same for all spans of a trace. The last bytes of an id are random.
    pub(crate) fn chance(self) -> f64 {
        (self.0 as u64) as f64 / u64::MAX as f64
    }

    /// The id as in Tempo's search results: without leading zeros.
    pub(crate) fn trimmed(self) -> String {
        format!("{:x}", self.0)
    }
}

impl SpanId {
    /// Parses the id of an OTLP span: 8 bytes, not all zero.
    pub(crate) fn from_otlp(bytes: &[u8]) -> Option<Self> {
        let id = u64::from_be_bytes(bytes.try_into().ok()?);
        (id != 0).then_some(Self(id))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl FromStr for TraceId {
    type Err = InvalidTraceId;

    /// Parses up to 32 hex digits of either case; a short id is padded with leading zeros, as in
    /// Tempo.
    fn from_str(text: &str) -> Result<Self, InvalidTraceId> {
        let offender = text.chars().zip(1..).find(|(c, _)| !c.is_ascii_hexdigit());
        if let Some((character, position)) = offender {
            return Err(InvalidTraceId::NotHex {
                character,
                position,
            });
        }
        if text.len() > 32 {
            return Err(InvalidTraceId::TooLong);
        }
        let id = u128::from_str_radix(&format!("0{text}"), 16)
            .expect("at most 33 hex digits, the first one 0");
        Ok(Self(id))
    }
}
