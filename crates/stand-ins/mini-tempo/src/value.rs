//! Values of a span's kind, status and attributes, named as in TraceQL.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Otlp;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

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
    const ALL: [Self; 6] = [
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
    const ALL: [Self; 3] = [Self::Unset, Self::Ok, Self::Error];

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

/// The value of the first attribute with this key.
pub(crate) fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<Value<'a>> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    let AnyValue { value } = attribute.value.as_ref()?;
    match value.as_ref()? {
        Otlp::StringValue(text) => Some(Value::Text(text)),
        Otlp::IntValue(number) => Some(Value::Int(*number)),
        Otlp::DoubleValue(number) => Some(Value::Float(*number)),
        Otlp::BoolValue(truth) => Some(Value::Bool(*truth)),
        Otlp::ArrayValue(_)
        | Otlp::KvlistValue(_)
        | Otlp::BytesValue(_)
        | Otlp::StringValueStrindex(_) => None,
    }
}
