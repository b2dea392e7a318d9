//! Values of a span's kind, status and attributes, named as in TraceQL.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Otlp;

use crate::wire::{Fields, Wire};

/// The role of a span in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "OpenTelemetry's own words")]
pub enum Kind {
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// The status of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "OpenTelemetry's own words")]
pub enum Status {
    Unset,
    Ok,
    Error,
}

/// An attribute's value. Arrays, maps and bytes are not represented here; Tempo's JSON includes
/// them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Value<'a> {
    Text(&'a str),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl Kind {
    // In the order of OTLP's numbers.
    pub(crate) const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::Internal,
        Self::Server,
        Self::Client,
        Self::Producer,
        Self::Consumer,
    ];

    /// TraceQL's keyword, such as `server`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }

    pub(crate) fn from_keyword(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    pub(crate) fn from_otlp(number: i32) -> Self {
        let known = usize::try_from(number).ok().and_then(|n| Self::ALL.get(n));
        known.copied().unwrap_or(Self::Unspecified)
    }
}

impl Status {
    // In the order of OTLP's numbers.
    pub(crate) const ALL: [Self; 3] = [Self::Unset, Self::Ok, Self::Error];

    /// TraceQL's keyword, such as `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }

    pub(crate) fn from_keyword(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    pub(crate) fn from_otlp(number: i32) -> Self {
        let known = usize::try_from(number).ok().and_then(|n| Self::ALL.get(n));
        known.copied().unwrap_or(Self::Unset)
    }
}

/// The value of the first attribute with this key, among the fields of `message` with this number.
pub(crate) fn find<'a>(message: &'a [u8], number: u32, key: &str) -> Option<Value<'a>> {
    Fields(message)
        .take_while(|(known, _)| *known <= number)
        .filter(|(known, _)| *known == number)
        .map(|(_, attribute)| Fields(attribute.bytes()))
        .find_map(|mut attribute| match attribute.next()? {
            (KEY, name) if name.bytes() == key.as_bytes() => Some(attribute),
            _ => None,
        })
        .and_then(|mut attribute| Value::from_any(attribute.next()?.1.bytes()))
}

/// The field of a `KeyValue` with the key; the value is the next.
const KEY: u32 = 1;

impl<'a> Value<'a> {
    /// Reads an encoded `AnyValue`.
    fn from_any(any: &'a [u8]) -> Option<Self> {
        match Fields(any).next()? {
            (1, text @ Wire::Bytes(_)) => Some(Self::Text(text.text())),
            (2, Wire::Varint(truth)) => Some(Self::Bool(truth != 0)),
            (3, Wire::Varint(number)) => Some(Self::Int(number.cast_signed())),
            (4, Wire::Fixed64(bits)) => Some(Self::Float(f64::from_bits(bits))),
            _ => None,
        }
    }

    /// Reads a decoded `AnyValue`.
    pub(crate) fn from_otlp(any: &'a AnyValue) -> Option<Self> {
        match any.value.as_ref()? {
            Otlp::StringValue(text) => Some(Self::Text(text)),
            Otlp::IntValue(number) => Some(Self::Int(*number)),
            Otlp::DoubleValue(number) => Some(Self::Float(*number)),
            Otlp::BoolValue(truth) => Some(Self::Bool(*truth)),
            Otlp::ArrayValue(_)
            | Otlp::KvlistValue(_)
            | Otlp::BytesValue(_)
            | Otlp::StringValueStrindex(_) => None,
        }
    }
}
